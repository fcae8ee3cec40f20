/// The gateway of one worker: what turns requests into exchanges with providers.
///
/// Owns what an exchange needs and no other worker may touch: provider connections, parsers, the
/// snapshot it serves. `publish` swaps the snapshot; exchanges under way keep the one they began
/// with. Threads: its worker's.
#pragma once
#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "balance/registry.h"
#include "base/clock.h"
#include "http/client.h"
#include "http/server.h"
#include "json/edit.h"
#include "json/peek.h"
#include "net/resolver.h"
#include "proxy/health_prober.h"
#include "proxy/load.h"
#include "proxy/principal_load.h"
#include "quota/leases.h"
#include "snapshot/snapshot.h"
#include "telemetry/access_log.h"
#include "telemetry/metrics.h"
#include "tokens/estimate.h"

namespace weir::proxy {

struct Scratch;

/// A snapshot together with this worker's own view of its origins.
struct Pinned {
    /// The port that a listener's connections arrive at; null once a reload removed it.
    const snapshot::Port* port(uint32_t listener) const;
    std::shared_ptr<const snapshot::Snapshot> snapshot;
    std::vector<http::Origin> origins;  ///< as Snapshot::origins, with TLS contexts
    std::vector<ListenerPort> ports;    ///< per listener number
    mutable std::vector<balance::ClusterState> clusters;  ///< as Snapshot::rules
    mutable std::vector<bool> refuses_usage;  ///< per Attempt id: a provider without stream_options
};

/// What limits need of the process; everything outlives the Gateway.
struct Limiting {
    const quota::KeyHasher& keys;
    const tokens::Vocabularies& vocabularies;
    tokens::Calibration& calibration;
    quota::Leases* leases = nullptr;  ///< of limits that are shared with other instances; or null
};

class Gateway final : public http::Handler {
public:
    /// Everything outlives the Gateway.
    struct Parts {
        net::Worker& worker;
        net::Resolver& resolver;
        http::ClientPool& pool;
        telemetry::Shard& metrics;
        telemetry::AccessLog::Writer& access_log;
        const Clock& clock;
        balance::Registry& health;  ///< of all workers, that publish one after the other
        InFlight& in_flight;        ///< of all workers
        PrincipalLoad& principals;  ///< of all workers
        Limiting limiting;
    };
    explicit Gateway(Parts parts);
    ~Gateway();

    /// `ports` says for each listener number which of the snapshot's ports it is.
    /// Fails with config.invalid if a CA bundle cannot be used; the old snapshot then stays.
    Result<void> publish(std::shared_ptr<const snapshot::Snapshot> snapshot,
                         std::vector<ListenerPort> ports);

    net::Task<void> handle(http::Exchange& exchange) override;
    void render_error(const Error& error, std::string& content_type, std::string& body) override;
    /// Gives the answer a request id, and the access log a line unless the exchange has one.
    void on_refusal(const http::Refusal& refusal, std::string& lines) override;
    void on_failure(const Error& error) override;
    /// Retries, circuit breakers and the health of endpoints, as all workers count them together.
    void report_health(telemetry::Sink& sink) const;
    /// Exchanges that were refused because as many as may be were there, by Overload.
    const std::array<uint64_t, kOverloadNames.size()>& overloads() const { return overloads_; }

private:
    friend class ExchangeRun;
    Result<net::TlsContext*> tls_context(const snapshot::Origin& origin);
    std::unique_ptr<Scratch> take_scratch();
    void give_back(std::unique_ptr<Scratch> scratch);
    void watch_health();
    uint64_t random() { return random_(); }
    /// A UUID (version 4, RFC 9562 §5.4).
    std::string make_request_id();

    Parts parts_;
    std::shared_ptr<const Pinned> pinned_;
    std::unordered_map<std::string, std::unique_ptr<net::TlsContext>>
        tls_contexts_;                             // by Origin::tls_identity
    std::vector<std::unique_ptr<Scratch>> spare_;  ///< of exchanges that are over
    std::array<uint64_t, kOverloadNames.size()> overloads_{};
    HealthProber prober_;  ///< at work on the first worker only
    json::Peeker peeker_;
    json::Editor editor_;
    uint64_t readings_ = 0;  ///< of peeker_: whose Peek is still valid
    tokens::Estimator estimator_;
    std::mt19937_64 random_;
};

}  // namespace weir::proxy
