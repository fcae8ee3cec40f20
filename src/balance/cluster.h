/// The backends of one rule with all their endpoints, as one thing to balance over.
///
/// A Cluster is the immutable part: policy, weights, priorities, identities; it belongs to the
/// snapshot. A ClusterState is what counts: health, load, budgets. It lives outside the snapshot:
/// Registry finds the same parts again after a reload by their identity. `choose` brings both
/// together and says where the next attempt goes:
///
///     Attempts attempts;                                      // one per exchange
///     while (auto choice = choose(cluster, state, attempts, random, now)) {
///         … try it …
///         attempts.failed(cluster, *choice, elsewhere);       // then ask again
///     }
///
/// Order: a priority by health (priorities.h), a backend of it by weight and health, an endpoint of
/// that by the load balancer; consistent hashing decides the last two together. What was tried is
/// avoided. Ownership: a ClusterState keeps its parts alive. Threads: a Cluster any; a ClusterState
/// one worker, its parts shared atomics.
#pragma once
#include <bitset>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "balance/circuit.h"
#include "balance/endpoint.h"
#include "balance/health_check.h"
#include "balance/hedge.h"
#include "balance/issuers.h"
#include "balance/latency.h"
#include "balance/outlier.h"
#include "balance/retry.h"

namespace weir::balance {

inline constexpr size_t kMaxBackends = 128;  ///< of one rule (the CRD's limit)

enum class Algorithm : uint8_t { least_request, round_robin, random, consistent_hash };

struct ClusterPolicy {
    RetryPolicy retry = default_retry();
    BudgetPolicy retry_budget;
    std::optional<OutlierPolicy> outlier;
    std::optional<HealthCheckPolicy> health_check;
    uint32_t panic_threshold = 50;  ///< per cent; 0: no panic mode
    CircuitPolicy circuit;
    Algorithm algorithm = Algorithm::least_request;
    /// An endpoint that is new gets its whole share only after that (round robin and least
    /// request); 0: at once.
    Duration slow_start{0};
};

struct ClusterBackend {
    std::string key;  ///< stable identity: the reference's name
    uint32_t weight = 1;
    uint32_t priority = 0;
    std::vector<std::string> endpoints;  ///< stable identities within the backend
};

class Cluster {
public:
    Cluster() = default;
    /// `key`: the rule's stable identity. At most kMaxBackends (asserted; checked before).
    Cluster(std::string key, ClusterPolicy policy, const std::vector<ClusterBackend>& backends);

    struct Endpoint {
        std::string key;      ///< "backend key|endpoint"
        std::string address;  ///< the endpoint as it was named
        uint64_t hash = 0;
    };
    struct Backend {
        uint32_t weight = 0;
        uint32_t level = 0;  ///< index into the distinct priorities
        uint32_t first = 0;  ///< its endpoints: [first, first + count)
        uint32_t count = 0;
    };
    const std::string& key() const { return key_; }
    const ClusterPolicy& policy() const { return policy_; }
    const std::vector<Backend>& backends() const { return backends_; }
    const std::vector<Endpoint>& endpoints() const { return endpoints_; }
    uint32_t levels() const { return levels_; }
    /// Health can keep an endpoint out of it.
    bool watches_health() const { return policy_.outlier || policy_.health_check; }
    const std::optional<OutlierDetector>& outliers() const { return outliers_; }

private:
    std::string key_;
    ClusterPolicy policy_;
    std::optional<OutlierDetector> outliers_;
    std::vector<Backend> backends_;
    std::vector<Endpoint> endpoints_;
    uint32_t levels_ = 0;
};

/// What all workers count together for one rule.
struct alignas(64) ClusterCounts {
    Gauge exchanges;        ///< under way: what budgets are a share of
    Gauge attempts;         ///< under way, for the circuit breaker
    Turnstile connections;  ///< the same, and who waits to be one
    Gauge pending;          ///< waiting for a connection, of the rule or of an endpoint
    Budget retries;         ///< waiting or under way
    HedgeBudget hedging;
    LatencyBook first_tokens;  ///< of streams; under the complement of the hash: of whole answers
    std::atomic<int64_t> last_sweep{0};
    std::atomic<uint64_t> overflows{0};  ///< attempts that the circuit breaker refused
    std::atomic<uint64_t> queued{0};     ///< attempts that had to wait for a connection
    std::atomic<uint64_t> retries_done{0};
    std::atomic<uint64_t> retries_refused{0};  ///< for lack of budget
    std::atomic<uint64_t> hedges_done{0};
    std::atomic<uint64_t> hedges_won{0};      ///< the second attempt was faster
    std::atomic<uint64_t> hedges_refused{0};  ///< for lack of budget
    Issuers issuers;                          ///< of reasoning that only its backend can read
    std::atomic<uint64_t> kept{0};            ///< exchanges that went to the issuer for that
    std::atomic<uint64_t> continuations{0};   ///< streams that went on at another endpoint
};

struct ClusterState {
    std::shared_ptr<ClusterCounts> counts;
    std::vector<std::shared_ptr<EndpointState>> shared;
    std::vector<EndpointState*> endpoints;  ///< in the Cluster's order
    std::vector<uint32_t> turns;            ///< per backend, of this worker
};

/// Where an attempt goes.
struct Choice {
    uint32_t backend = 0;
    uint32_t endpoint = 0;  ///< within the backend
    uint32_t flat = 0;      ///< among all endpoints of the cluster
};

/// What one exchange has tried, and its hash key.
class Attempts {
public:
    std::optional<uint64_t> hash;  ///< for consistent hashing; without it the draw is random
    bool only_untried = false;  ///< any priority, but nothing that was tried, whatever the policy

    /// `choice` failed. `elsewhere`: the backend itself said no (429, 5xx), so its other endpoints
    /// are tried last; otherwise only the endpoint is avoided.
    void failed(const Cluster& cluster, const Choice& choice, bool elsewhere);
    uint32_t count() const { return count_; }

private:
    friend std::optional<Choice> choose(const Cluster&, ClusterState&, Attempts&, uint64_t,
                                        TimePoint);
    friend class Draw;
    bool tried(uint32_t endpoint) const;
    static constexpr uint32_t kRemembered = 24;
    uint32_t count_ = 0;
    uint32_t endpoints_[kRemembered] = {};  ///< a ring of the latest
    std::bitset<kMaxBackends> backends_;
    std::bitset<kMaxBackends> left_levels_;  ///< priorities that had their attempts
    std::bitset<kMaxBackends> seen_levels_;  ///< of the attempts since
};

/// Where the next attempt goes; nothing when nothing is left that may be tried. `random` is uniform
/// over 64 bits. Sweeps the outlier detector when that is due.
std::optional<Choice> choose(const Cluster& cluster, ClusterState& state, Attempts& attempts,
                             uint64_t random, TimePoint now);

}  // namespace weir::balance
