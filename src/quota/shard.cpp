#include "quota/shard.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace weir::quota {
namespace {

constexpr std::size_t kFirstIndex = 64;
constexpr uint32_t kNone = UINT32_MAX;
constexpr uint32_t kLook = 64;  // nodes compared to find the least recently used
constexpr uint32_t kSweepAtOnce = 4096;

constexpr uint64_t entry_of(const Key& key, uint32_t id) {
    return (key.low & 0xffff'ffff'0000'0000) | (id + 1);
}

}  // namespace

Shard::Index::Index(std::size_t capacity)
    : mask(capacity - 1), entries(new std::atomic<uint64_t>[capacity]()) {}

Shard::Shard(Arena& arena, const BlockHeader& proto, uint32_t max_nodes)
    : arena_(arena),
      proto_(proto),
      window_(proto.window()),
      node_size_(static_cast<uint32_t>(Node::size(proto.window()))),
      max_nodes_(max_nodes),
      // Twice the bound, for blocks of a process that had a larger one.
      max_parts_(max_nodes * 2 / kNodesPerBlock + 2),
      parts_(new Part[max_parts_]) {}

/// Blocks stay in a kept arena: they are the state. The heap's are given back.
Shard::~Shard() {
    for (Block block : blocks_)
        arena_.give_back(block);
}

Node& Shard::at(uint32_t id) const {
    std::byte* nodes = parts_[id / kNodesPerBlock].nodes.load(std::memory_order_acquire);
    return *reinterpret_cast<Node*>(nodes + std::size_t{id % kNodesPerBlock} * node_size_);
}

Node* Shard::look_up(const Key& key, uint64_t hold) const {
    const Index* index = index_.load(std::memory_order_acquire);
    if (!index) return nullptr;
    uint64_t at_key = entry_of(key, 0) >> 32;
    for (std::size_t probe = 0, pos = key.high; probe <= index->mask; ++probe, ++pos) {
        uint64_t entry = index->entries[pos & index->mask].load(std::memory_order_acquire);
        if (entry == 0) return nullptr;
        if (entry >> 32 != at_key) continue;
        Node& node = at(static_cast<uint32_t>(entry) - 1);
        node.held.fetch_add(hold, std::memory_order_seq_cst);
        if (node.is(key)) return &node;
        node.held.fetch_sub(hold, std::memory_order_relaxed);
    }
    return nullptr;
}

Node* Shard::hold(const Key& key, Time now, uint64_t hold) {
    Node* node = look_up(key, hold);
    if (!node) {
        Lock::Guard guard(lock_);
        node = look_up(key, hold);
        if (!node) node = insert(key, now, hold);
    }
    if (node) node->touch(now);
    return node;
}

Node* Shard::find(const Key& key) const {
    return look_up(key, 0);
}

Node* Shard::insert(const Key& key, Time now, uint64_t hold) {
    uint32_t id = obtain(now);
    if (id == kNone) return nullptr;
    Node& node = at(id);
    node.held.fetch_add(hold);  // a reader of the node's old key may be about to take its own back
    node.reset(window_, now, key);
    enter(key, id);
    return &node;
}

/// A node that is nobody's: a free one, a new one, or the least recently used.
uint32_t Shard::obtain(Time now) {
    if (free_.empty() && made_ < max_nodes_ && blocks_.size() < max_parts_) add_block();
    if (free_.empty()) return reclaim(now);
    uint32_t id = free_.back();
    free_.pop_back();
    return id;
}

void Shard::add_block() {
    uint32_t count = std::min(kNodesPerBlock, max_nodes_ - made_);
    Block block = arena_.take(block_size(count, node_size_));
    BlockHeader& header = header_of(block);
    uint32_t granules = header.granules;
    header = proto_;
    header.granules = granules;
    header.nodes = count;
    header.node_size = node_size_;
    header.used = 1;
    uint32_t first = add_part(block);
    for (uint32_t i = count; i-- > 0;)
        free_.push_back(first + i);
}

/// Gives the block's nodes ids; returns the first.
uint32_t Shard::add_part(Block block) {
    Part& part = parts_[blocks_.size()];
    blocks_.push_back(block);
    uint32_t count = header_of(block).nodes;
    made_ += count;
    part.nodes.store(block.data() + kNodesAt, std::memory_order_release);
    part.count.store(count, std::memory_order_release);
    return ids_.fetch_add(kNodesPerBlock, std::memory_order_release);
}

/// Looks at a few nodes: one that counts no more goes first, else the one that was not asked for
/// the longest.
uint32_t Shard::reclaim(Time now) {
    uint32_t ids = ids_.load();
    uint32_t oldest = kNone;
    uint32_t oldest_touch = UINT32_MAX;
    for (uint32_t i = 0, looked = 0; i < ids && (looked < kLook || oldest == kNone); ++i) {
        uint32_t id = hand_++ % ids;
        if (!exists(id)) continue;
        ++looked;
        Node& node = at(id);
        if (node.key_low.load() == 0 || holders(node.held.load()) > 0) continue;
        if (node.idle(window_, now) && forget(id, now, true)) return id;
        uint32_t touched = node.touched.load(std::memory_order_relaxed);
        if (touched < oldest_touch) oldest = id, oldest_touch = touched;
    }
    if (oldest == kNone || !forget(oldest, now, false)) return kNone;
    evicted_.fetch_add(1, std::memory_order_relaxed);
    return oldest;
}

/// Takes a node from its key, unless somebody holds it, or used it at the last moment.
bool Shard::forget(uint32_t id, Time now, bool only_idle) {
    Node& node = at(id);
    Key key = node.key();
    node.key_low.store(0, std::memory_order_seq_cst);
    bool busy = holders(node.held.load(std::memory_order_seq_cst)) > 0;
    if (busy || (only_idle && !node.idle(window_, now))) {
        node.key_low.store(key.low, std::memory_order_seq_cst);
        return false;
    }
    remove(key, id);
    return true;
}

void Shard::place(Index& index, uint64_t home, uint64_t entry) {
    std::size_t pos = home & index.mask;
    while (index.entries[pos].load(std::memory_order_relaxed) != 0)
        pos = (pos + 1) & index.mask;
    index.entries[pos].store(entry, std::memory_order_release);
}

void Shard::enter(const Key& key, uint32_t id) {
    uint32_t count = in_use_.fetch_add(1, std::memory_order_relaxed) + 1;
    Index* index = index_.load();
    std::size_t capacity = index ? index->mask + 1 : 0;
    if (std::size_t{count} * 2 > capacity) grow(std::max(kFirstIndex, capacity * 2));
    place(*index_.load(), key.high, entry_of(key, id));
}

void Shard::grow(std::size_t capacity) {
    auto larger = std::make_unique<Index>(capacity);
    if (const Index* old = index_.load())
        for (std::size_t i = 0; i <= old->mask; ++i)
            if (uint64_t entry = old->entries[i].load(std::memory_order_relaxed))
                place(*larger, at(static_cast<uint32_t>(entry) - 1).key_high.load(), entry);
    index_.store(larger.get(), std::memory_order_release);
    indexes_.push_back(std::move(larger));
}

/// Closes the gap (Knuth 6.4, algorithm R), so that lookups need no tombstones. A reader that is
/// led astray meanwhile misses, and asks again under the lock.
void Shard::remove(const Key& key, uint32_t id) {
    in_use_.fetch_sub(1, std::memory_order_relaxed);
    Index& index = *index_.load();
    std::size_t gap = key.high & index.mask;
    while (index.entries[gap].load(std::memory_order_relaxed) != entry_of(key, id))
        gap = (gap + 1) & index.mask;
    for (std::size_t next = (gap + 1) & index.mask;; next = (next + 1) & index.mask) {
        uint64_t entry = index.entries[next].load(std::memory_order_relaxed);
        if (entry == 0) break;
        std::size_t home = at(static_cast<uint32_t>(entry) - 1).key_high.load() & index.mask;
        if (((next - home) & index.mask) < ((next - gap) & index.mask)) continue;
        index.entries[gap].store(entry, std::memory_order_release);
        gap = next;
    }
    index.entries[gap].store(0, std::memory_order_release);
}

void Shard::adopt(Block block, bool alone) {
    Lock::Guard guard(lock_);
    if (blocks_.size() >= max_parts_ || header_of(block).nodes > kNodesPerBlock)
        return arena_.give_back(block);
    uint32_t first = add_part(block);
    for (uint32_t id = first; id < first + header_of(block).nodes; ++id) {
        Node& node = at(id);
        if (alone) node.held.store(0);  // what its holders had reserved stays taken
        node.named.store(0);
        Key key = node.key();
        bool keep = key.low != 0 && !look_up(key, 0);
        if (keep) enter(key, id);
        if (!keep && alone) node.key_low.store(0), free_.push_back(id);
    }
}

void Shard::sweep(Time now) {
    for (uint32_t begin = 0;; begin += kSweepAtOnce) {
        Lock::Guard guard(lock_);
        uint32_t end = std::min(ids_.load(), begin + kSweepAtOnce);
        for (uint32_t id = begin; id < end; ++id) {
            if (!exists(id)) continue;
            Node& node = at(id);
            if (node.key_low.load() && holders(node.held.load()) == 0 && node.idle(window_, now) &&
                forget(id, now, true))
                free_.push_back(id);
        }
        if (end < begin + kSweepAtOnce) return;
    }
}

}  // namespace weir::quota
