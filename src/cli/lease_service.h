/// The loop on which leases of shared limits are kept: a thread of its own, with its connection to
/// Redis.
///
/// Threads: start(), connect(), retire(), stop() are the main thread's; Leases is everybody's. The
/// registry and the clock outlive the service; workers that wait for leases have stopped before
/// stop().
#pragma once
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>

#include "base/clock.h"
#include "cli/worker_runtime.h"
#include "quota/lease_keeper.h"
#include "quota/registry.h"
#include "store/shared_store.h"
#include "telemetry/metrics.h"

namespace weir::cli {

/// Which Redis, and how Weir shows itself to it.
struct RedisLink {
    std::string url;
    std::string said_by = "--redis";  ///< for messages
    std::string ca_pem;               ///< trusted instead of the system's, if not empty
    std::string chain_pem;            ///< Weir's own certificate; empty: none
    Secret key_pem;
};

class LeaseService final : public quota::Leases {
public:
    /// Fails with config.invalid if the address is wrong or its CA file cannot be used.
    static Result<std::unique_ptr<LeaseService>> create(const RedisLink& link, int id,
                                                        quota::Registry& registry,
                                                        const Clock& clock);
    ~LeaseService() override;

    void start();
    /// Gives Redis a moment to answer, so that the first requests find it; says if it does not.
    void connect();
    /// Takes on counters that have a lease already, from before a restart. Before or after start().
    void adopt();
    /// Begins to give back what is not used: other instances may use it while this one drains.
    void retire();
    /// Gives back the rest and ends.
    void stop();

    bool reachable() const override { return reachable_.load(std::memory_order_relaxed); }
    std::chrono::milliseconds patience() const override { return store_->address().timeout; }
    void late() override;
    void refill(std::vector<quota::LeaseNeed> needs, Done done) override;
    void touch(quota::LeaseNeed need) override;

    void report(telemetry::Sink& sink) const;
    /// Without credentials.
    std::string address() const { return store_->address().to_string(); }

private:
    LeaseService(int id, quota::Registry& registry, const Clock& clock);
    net::Task<void> run();
    void step();
    void changed(store::SharedStore::Change change);
    quota::Time now() const;

    quota::Registry& registry_;
    const Clock& clock_;
    LoopThread loop_;
    net::Resolver resolver_;
    std::unique_ptr<net::TlsContext> tls_;
    std::mt19937_64 random_;  // the loop's
    std::unique_ptr<store::SharedStore> store_;
    std::unique_ptr<quota::LeaseKeeper> keeper_;
    net::CancelSource cancel_;
    void set_reachable(bool reachable);

    bool ending_ = false;  // the loop's
    std::mutex lock_;      // of ended_, and of whoever waits for it or for reachable_
    std::condition_variable told_;
    bool ended_ = false;
    std::atomic<bool> reachable_{false};
    std::atomic<uint64_t> active_{0}, claims_{0};
    bool running_ = false;
};

}  // namespace weir::cli
