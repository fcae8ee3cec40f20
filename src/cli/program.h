/// A running Weir: workers, admin server, mock provider, access log, and what they listen on.
///
/// Made, started, reconfigured and stopped by the main thread.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "admin/admin.h"
#include "cli/entrances.h"
#include "cli/limit_state.h"
#include "cli/mock_service.h"
#include "cli/options.h"
#include "cli/ports.h"
#include "cli/process_clock.h"
#include "cli/reload_status.h"
#include "cli/token_service.h"
#include "cli/worker_runtime.h"
#include "config/configuration.h"
#include "proxy/gateway.h"
#include "snapshot/snapshot.h"
#include "telemetry/access_log.h"
#include "telemetry/metrics.h"

namespace weir::cli {

class Program {
public:
    /// Binds every address and compiles the configuration; nothing serves yet. Fails with
    /// config.invalid, a credential's error or listen.failed.
    /// `inherited`: sockets of a Weir that this one replaces; may be null.
    static Result<std::unique_ptr<Program>> create(const RunOptions& options,
                                                   config::Configuration configuration,
                                                   Inheritance* inherited);
    ~Program();

    void start();
    /// Puts another configuration in force, whole or not at all. Exchanges under way finish on the
    /// one they began with. Fails as create() does; the old one then stays.
    Result<void> replace(config::Configuration configuration);
    /// What became of the reloads, for /api/config and /metrics.
    ReloadStatus& reload_status() { return reload_status_; }
    /// Every listening socket, for a Weir that replaces this one. Valid until the next replace().
    std::vector<Handed> sockets() const;
    /// `replaced`: another Weir has the sockets, so that the admin server accepts no more either.
    void begin_drain(bool replaced = false);
    bool drained() const;
    uint64_t open_connections() const;
    void stop();
    void reopen_logs();

    const std::map<std::string, std::string>& addresses() const { return addresses_; }
    const std::string& admin_address() const { return admin_address_; }

private:
    struct WorkerParts;  // what one worker owns; worker_parts.h
    explicit Program(RunOptions options);
    Result<void> set_up(config::Configuration configuration, Inheritance* inherited);
    RedisLink redis_link(const config::Configuration& configuration) const;
    Result<void> set_up_mock();
    void set_up_workers();
    Result<void> listen(WorkerParts& worker, std::size_t index, const Ports::Plan& plan) const;
    Result<void> set_up_admin(Inheritance* inherited);
    static uint32_t connections_that_fit();
    http::ServerOptions server_options();
    static std::vector<std::shared_ptr<const http::Entrance>> by_number(
        const Ports::Plan& plan, const Entrances::Made& made);
    Result<std::shared_ptr<const snapshot::Snapshot>> compile(
        const config::Configuration& configuration) const;
    void put_in_force(config::Configuration configuration,
                      std::shared_ptr<const snapshot::Snapshot> snapshot, Ports::Plan plan);
    std::shared_ptr<const snapshot::Snapshot> in_force() const;
    std::string config_json() const;
    quota::Time limit_time() const;
    void add_sources();
    static void add_worker_sources(telemetry::Shard& shard, WorkerParts& parts);
    std::string scrape();

    RunOptions options_;
    mutable std::mutex configuration_mutex_;
    std::shared_ptr<const config::Configuration> configuration_;  // the admin server reads it too
    std::shared_ptr<const snapshot::Snapshot> snapshot_;          // likewise
    ReloadStatus reload_status_;
    std::optional<snapshot::Origin> mock_origin_;
    Ports ports_;
    ProcessClock clock_;
    balance::Registry health_;  ///< used by whoever publishes
    std::unique_ptr<LimitState> limits_;
    std::unique_ptr<telemetry::AccessLog> access_log_;
    std::unique_ptr<telemetry::Metrics> metrics_;
    http::BodyMemory body_memory_;
    http::ConnectionCount connections_;
    Entrances entrances_;
    proxy::InFlight in_flight_{0};
    proxy::PrincipalLoad principals_;
    std::unique_ptr<TokenService> tokens_;
    std::vector<std::unique_ptr<WorkerParts>> workers_;
    std::unique_ptr<MockService> mock_;
    std::unique_ptr<LoopThread> admin_loop_;
    std::unique_ptr<admin::AdminHandler> admin_handler_;
    std::unique_ptr<Service> admin_;
    std::optional<net::ListenSockets> admin_sockets_;
    std::atomic<bool> ready_{false};
    std::atomic<std::size_t> undrained_{0};
    std::map<std::string, std::string> addresses_;
    std::string admin_address_;
};

}  // namespace weir::cli
