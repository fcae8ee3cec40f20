/// A part of a limit's counters: finds one by its key without a lock, makes and forgets them under
/// one. Internal to quota/.
///
/// An index of open addressing leads to nodes that never move. Lookups read it while others insert
/// and remove; a lookup that misses asks again under the lock, so a miss is always true. An index
/// that grew leaves the old one behind for readers still in it (together no larger than the new
/// one). A node is taken away from its key only while nobody holds it: the remover first hides the
/// key and then looks for holders, a reader first holds and then looks at the key, so one of them
/// sees the other.
#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "base/lock.h"
#include "quota/block.h"
#include "quota/node.h"

namespace weir::quota {

class Shard {
public:
    static constexpr uint32_t kNodesPerBlock = 256;

    /// `proto` describes the blocks to make; the arena outlives the shard.
    Shard(Arena& arena, const BlockHeader& proto, uint32_t max_nodes);
    ~Shard();
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;

    /// The key's node, made if need be, with `hold` added to what it holds. Null if the shard is
    /// full of nodes that are held. Any thread.
    Node* hold(const Key& key, Time now, uint64_t hold);
    /// The key's node if it exists, not held: for looks at it. Any thread.
    Node* find(const Key& key) const;
    /// Takes over a block of an earlier process; with `alone` unset that process still counts in
    /// it, so that its free nodes and what it holds are left as they are.
    void adopt(Block block, bool alone);
    /// Frees what counts no more, a few thousand nodes at a time. Any thread but a worker's.
    void sweep(Time now);
    /// fn(node) for every node in use. Any thread; nodes may change meanwhile.
    template <class F>
    void for_each(F&& fn) const {
        for (uint32_t id = 0, end = ids_.load(std::memory_order_acquire); id < end; ++id)
            if (exists(id) && at(id).key_low.load(std::memory_order_acquire)) fn(at(id));
    }
    uint32_t size() const { return in_use_.load(std::memory_order_relaxed); }
    /// Nodes that were forgotten although they still counted.
    uint64_t evicted() const { return evicted_.load(std::memory_order_relaxed); }

private:
    struct Index {
        explicit Index(std::size_t capacity);
        std::size_t mask;
        std::unique_ptr<std::atomic<uint64_t>[]> entries;  ///< {32 bits of the key, node + 1}
    };
    /// The nodes of one block; ids count kNodesPerBlock for each, though the last may have fewer.
    struct Part {
        std::atomic<std::byte*> nodes{nullptr};
        std::atomic<uint32_t> count{0};
    };
    bool exists(uint32_t id) const {
        return id % kNodesPerBlock < parts_[id / kNodesPerBlock].count.load();
    }
    Node& at(uint32_t id) const;
    Node* look_up(const Key& key, uint64_t hold) const;
    Node* insert(const Key& key, Time now, uint64_t hold);
    uint32_t obtain(Time now);
    uint32_t reclaim(Time now);
    bool forget(uint32_t id, Time now, bool only_idle);
    uint32_t add_part(Block block);
    void add_block();
    void enter(const Key& key, uint32_t id);
    void remove(const Key& key, uint32_t id);
    static void place(Index& index, uint64_t home, uint64_t entry);
    void grow(std::size_t capacity);

    Arena& arena_;
    const BlockHeader proto_;
    const Window window_;
    const uint32_t node_size_;
    const uint32_t max_nodes_;
    std::atomic<Index*> index_{nullptr};
    std::atomic<uint32_t> ids_{0};
    std::atomic<uint32_t> in_use_{0};
    std::atomic<uint64_t> evicted_{0};
    const std::size_t max_parts_;
    std::unique_ptr<Part[]> parts_;

    Lock lock_;                                    // all below, and writing to all above
    std::vector<std::unique_ptr<Index>> indexes_;  // the last one is in use
    std::vector<Block> blocks_;
    std::vector<uint32_t> free_;
    uint32_t made_ = 0;  // nodes that exist, in use or free
    uint32_t hand_ = 0;  // where the search for something to forget goes on
};

}  // namespace weir::quota
