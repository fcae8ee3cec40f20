/// How an exchange gets more of a shared limit than this gateway has in advance.
///
/// The door of the lease keeper for other threads; what is behind it runs on one of its own.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "quota/counters.h"

namespace weir::quota {

/// One counter whose lease must have room for `amount`, or that has changed without asking.
struct LeaseNeed {
    std::shared_ptr<Counters> counters;
    Key key = kEverybody;
    uint64_t limit = 0;
    uint64_t amount = 0;
    bool ahead = true;  ///< more may be taken in advance (lease: auto)
};

enum class LeaseOutcome : uint8_t {
    granted,  ///< there was room when the store answered; somebody else may have been faster
    full,     ///< the limit has not that much left
    lost,     ///< the store does not answer
};

class Leases {
public:
    using Done = std::function<void(std::vector<LeaseOutcome>)>;
    virtual ~Leases() = default;
    /// False while the store is known not to answer, so that nobody waits for it.
    virtual bool reachable() const = 0;
    /// How long an exchange waits for a refill at most.
    virtual std::chrono::milliseconds patience() const = 0;
    /// Any thread: somebody waited that long in vain. Not reachable until the store has answered.
    virtual void late() = 0;
    /// Any thread. `done` is called once, on the keeper's thread, with an outcome for each need.
    virtual void refill(std::vector<LeaseNeed> needs, Done done) = 0;
    /// Any thread: that counter's use is not what its lease covers any more.
    virtual void touch(LeaseNeed need) = 0;
};

}  // namespace weir::quota
