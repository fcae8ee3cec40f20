/// All counters of one limit: a single one, or one for each value of its Distinct selectors.
///
/// Lives outside the snapshot, found by an identity that stays the same over reloads (registry.h),
/// so that a new configuration neither resets nor leaks it. How much the limit is, is not known
/// here: that is the configuration's, and may change while counting goes on. Any thread; no lock
/// but for keys that are new.
#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "base/lock.h"
#include "quota/shard.h"

namespace weir::quota {

struct CounterSpec {
    std::string
        identity;  ///< "default/policy/global/0"; up to BlockHeader::kMaxIdentity bytes count
    Window window;
    bool distinct = false;
    uint32_t max_keys = 100'000;  ///< of Distinct values kept apart (up to an eighth more)
};

/// Sums over the keys at one moment, for people.
struct Use {
    uint64_t keys = 0;
    uint64_t taken = 0;      ///< used and reserved, in the present window
    uint64_t reserved = 0;   ///< of it, what is not settled yet
    uint64_t leased = 0;     ///< of a shared limit: what is free for this gateway in advance,
    uint64_t elsewhere = 0;  ///< and what others had when the store last told
    uint64_t used() const { return taken - std::min(taken, reserved); }
};

class Counters {
public:
    static constexpr std::size_t kShards = 8;

    /// The arena outlives the Counters.
    Counters(CounterSpec spec, Arena& arena);

    const CounterSpec& spec() const { return spec_; }
    Window window() const { return spec_.window; }

    /// The counter of `key`, held with `amount` until let_go(). All keys of a limit that is not
    /// Distinct, and those that find a full table, share one counter.
    Node& hold(const Key& key, Time now, uint64_t amount);
    static void let_go(Node& node, uint64_t amount) {
        node.held.fetch_sub(held_by_one(amount), std::memory_order_release);
    }

    /// Takes over a block that an earlier process left, or (`alone` unset) still uses.
    void adopt(Block block, bool alone);
    void sweep(Time now);
    Use use(Time now) const;
    /// fn(node) for every counter in use.
    template <class F>
    void for_each(F&& fn) const {
        single_->for_each(fn);
        for (const auto& shard : shards_)
            if (shard) shard->for_each(fn);
    }
    const Node* find(const Key& key) const;
    /// Keeps what a key stands for, for people (only rules that are told to show it ask for that).
    /// knows() is cheap; remember() takes a lock, once per key.
    bool knows(const Key& key) const;
    void remember(const Key& key, std::string name);
    /// Empty: not kept.
    std::string name_of(const Key& key) const;
    /// Counters that were forgotten, for want of room, while they counted.
    uint64_t evicted() const;

    std::atomic<uint64_t> rejected{0};  ///< refusals because of this limit
    std::atomic<uint64_t> shadowed{0};  ///< those that shadow mode let pass
    /// While the store of a shared limit did not answer: admitted and refused by `failure`.
    std::atomic<uint64_t> admitted_without_store{0}, refused_without_store{0};

private:
    Shard& shard_of(const Key& key) const { return *shards_[(key.low >> 20) % kShards]; }
    CounterSpec spec_;
    std::unique_ptr<Shard> single_;
    std::array<std::unique_ptr<Shard>, kShards> shards_;  ///< of Distinct values
    std::atomic<Node*> shared_{nullptr};  ///< of single_, once it exists; it is never forgotten
    mutable Lock names_lock_;
    std::map<Key, std::string> names_;  ///< of keys whose node says `named`
};

}  // namespace weir::quota
