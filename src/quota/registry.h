/// The process's limits, by identity: what a reload must neither reset nor leak.
///
/// A snapshot acquires the Counters of its rules when it is compiled and keeps them as long as it
/// lives. Between two snapshots, and for a rule that is gone, the registry keeps them until nothing
/// in them counts any more: a rule that is taken out and put back does not start afresh. Threads:
/// any; the lock is never taken by an exchange.
#pragma once
#include <map>
#include <memory>
#include <vector>

#include "base/lock.h"
#include "quota/counters.h"

namespace weir::quota {

class Registry {
public:
    /// The arena outlives the Registry and all it gave out. `kept` are the blocks in which an
    /// earlier process counted, or (`alone` unset) one that is handing over still counts.
    explicit Registry(Arena& arena, std::vector<Block> kept = {}, bool alone = true);
    ~Registry();

    /// The Counters of that identity, window and distinctness. `max_keys` is that of the first to
    /// ask.
    std::shared_ptr<Counters> acquire(const CounterSpec& spec);
    /// From now on limits that hold over all instances are counted in leases.
    void share() { shares_ = true; }
    bool shares() const { return shares_; }
    /// The Counters of limits that are shared with other gateways.
    std::vector<std::shared_ptr<Counters>> leased();
    /// Frees counters, limits and blocks that count no more. Now and then, from no worker.
    void sweep(Time now);

private:
    struct Name {
        std::string identity;
        uint8_t unit, kind;
        bool distinct, leased;
        auto operator<=>(const Name&) const = default;
    };
    static Name name_of(const CounterSpec& spec);
    static Name name_of(const BlockHeader& header);

    Arena& arena_;
    const bool alone_;
    bool shares_ = false;
    Lock lock_;
    std::map<Name, std::shared_ptr<Counters>> limits_;
    std::map<Name, std::vector<Block>> waiting_;  // of limits that nobody has acquired yet
};

}  // namespace weir::quota
