/// A Store that many gateways reach over the network, as the lease keeper's loop sees it: one Redis
/// (redis_store.h) or a cluster of them (cluster_store.h).
///
/// Threads: the worker's, but for stats() and address().
#pragma once
#include <atomic>
#include <functional>

#include "quota/store.h"
#include "store/channel.h"

namespace weir::store {

/// For metrics. Any thread.
struct RedisStats {
    std::atomic<uint64_t> connections{0};  ///< made
    std::atomic<uint64_t> failures{0};     ///< connections lost or not made
    std::atomic<uint64_t> answers{0};
    std::atomic<uint64_t> waited_ns{0};  ///< by all answers together
};

class SharedStore : public quota::Store {
public:
    enum class Change : uint8_t {
        connected,  ///< to the memory that was known
        forgot,     ///< connected, and it may not know what was granted
        lost,
    };
    /// Called before any claim of a new connection, and when one is lost or could not be made.
    using Changed = std::function<void(Change)>;

    /// Begins to connect; the task is the worker's, the store outlives it.
    virtual void start() = 0;
    virtual void stop() = 0;
    /// Connected, and no claim has waited longer than `patience`.
    virtual bool answers(std::chrono::milliseconds patience) const = 0;
    /// It knows what all gateways were granted.
    virtual bool settled() const = 0;

    const RedisStats& stats() const { return stats_; }
    const RedisAddress& address() const { return address_; }

protected:
    SharedStore(RedisAddress address, Changed changed)
        : address_(std::move(address)), changed_(std::move(changed)) {}

    const RedisAddress address_;
    Changed changed_;
    RedisStats stats_;
};

/// The store of that address. `dice` gives a number in [0, 1) and outlives the store.
std::unique_ptr<SharedStore> open_store(Network network, RedisAddress address,
                                        std::function<double()> dice, SharedStore::Changed changed);

}  // namespace weir::store
