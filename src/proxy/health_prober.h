/// Active health checks: asks endpoints whether they are well, and tells balance/.
///
/// One HealthProber per process, on one worker: what it finds is in EndpointState, which all
/// workers read. `watch` replaces what is probed; an endpoint that stays keeps its state. Each
/// endpoint has a task of its own, so that a slow one delays no other; a probe never outlives its
/// timeout. Ownership: pool, resolver and worker outlive it. Threads: its worker's.
#pragma once
#include <memory>
#include <vector>

#include "balance/cluster.h"
#include "http/client.h"
#include "net/cancel.h"

namespace weir::proxy {

class HealthProber {
public:
    HealthProber(net::Worker& worker, net::Resolver& resolver, http::ClientPool& pool)
        : worker_(worker), resolver_(resolver), pool_(pool) {}
    ~HealthProber() { stop(); }

    struct Target {
        balance::HealthCheckPolicy policy;
        http::Origin origin;
        std::string host;  ///< of the Host field
        std::shared_ptr<balance::EndpointState> state;
        net::Duration delay{0};  ///< before the first probe
    };
    /// Ends the probes under way and begins with these.
    void watch(std::vector<Target> targets);
    void stop();

private:
    struct Probe;
    net::Task<void> run(std::shared_ptr<Probe> probe);
    net::Task<balance::Probe> ask(Probe& probe);
    net::Task<balance::Probe> ask_http(Probe& probe, net::TimePoint deadline);
    net::Task<balance::Probe> ask_grpc(Probe& probe, net::TimePoint deadline);
    net::Task<balance::Probe> ask_tcp(Probe& probe, net::TimePoint deadline);

    net::Worker& worker_;
    net::Resolver& resolver_;
    http::ClientPool& pool_;
    std::vector<std::shared_ptr<Probe>> probes_;
};

}  // namespace weir::proxy
