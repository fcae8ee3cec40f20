#include "quota/counters.h"

#include <algorithm>
#include <cstring>

namespace weir::quota {
namespace {

/// Marks the block of the counter that everybody shares.
constexpr uint8_t kSingle = Counters::kShards;

BlockHeader proto_of(const CounterSpec& spec, std::size_t shard) {
    BlockHeader header;
    header.unit = static_cast<uint8_t>(spec.window.unit);
    header.kind = static_cast<uint8_t>(spec.window.kind);
    header.distinct = spec.distinct;
    header.leased = spec.window.leased;
    header.shard = static_cast<uint8_t>(shard);
    header.identity_size =
        static_cast<uint32_t>(std::min(spec.identity.size(), BlockHeader::kMaxIdentity));
    std::memcpy(header.identity, spec.identity.data(), header.identity_size);
    return header;
}

}  // namespace

Counters::Counters(CounterSpec spec, Arena& arena) : spec_(std::move(spec)) {
    single_ = std::make_unique<Shard>(arena, proto_of(spec_, kSingle), 1);
    if (!spec_.distinct) return;
    auto each = static_cast<uint32_t>((uint64_t{spec_.max_keys} * 9 / 8 + kShards - 1) / kShards);
    for (std::size_t i = 0; i < kShards; ++i)
        shards_[i] = std::make_unique<Shard>(arena, proto_of(spec_, i), std::max(each, 1u));
}

Node& Counters::hold(const Key& key, Time now, uint64_t amount) {
    uint64_t held = held_by_one(amount);
    if (spec_.distinct)
        if (Node* node = shard_of(key).hold(key, now, held)) return *node;
    Node* shared = shared_.load(std::memory_order_acquire);
    if (!shared) {
        shared = single_->hold(kEverybody, now, held);
        shared_.store(shared, std::memory_order_release);
        return *shared;
    }
    shared->held.fetch_add(held, std::memory_order_relaxed);
    shared->touch(now);
    return *shared;
}

void Counters::adopt(Block block, bool alone) {
    const BlockHeader& header = header_of(block);
    bool single = header.shard >= kShards || !shards_[header.shard];
    (single ? *single_ : *shards_[header.shard]).adopt(block, alone);
    if (single && !shared_.load()) shared_.store(single_->find(kEverybody));
}

void Counters::sweep(Time now) {
    for (const auto& shard : shards_)
        if (shard) shard->sweep(now);
    Lock::Guard guard(names_lock_);
    std::erase_if(names_, [&](const auto& entry) { return !knows(entry.first); });
}

bool Counters::knows(const Key& key) const {
    const Node* node = find(key);
    return node && node->named.load(std::memory_order_relaxed);
}

void Counters::remember(const Key& key, std::string name) {
    Lock::Guard guard(names_lock_);
    if (!spec_.distinct || names_.size() >= std::size_t{spec_.max_keys} * 2) return;
    Node* node = shard_of(key).find(key);
    if (!node) return;
    names_.insert_or_assign(key, std::move(name));
    node->named.store(1, std::memory_order_relaxed);
}

std::string Counters::name_of(const Key& key) const {
    Lock::Guard guard(names_lock_);
    auto found = names_.find(key);
    return found == names_.end() ? std::string() : found->second;
}

Use Counters::use(Time now) const {
    Use sum;
    for_each([&](const Node& node) {
        uint64_t taken = node.taken(spec_.window, now);
        uint64_t reserved = held_amount(node.held.load(std::memory_order_relaxed));
        sum.keys += taken > 0;
        sum.taken += taken;
        sum.reserved += std::min(reserved, taken);
        if (!spec_.window.leased) return;
        sum.leased += node.headroom(spec_.window, now);
        sum.elsewhere += node.elsewhere(spec_.window, now);
    });
    return sum;
}

const Node* Counters::find(const Key& key) const {
    if (spec_.distinct)
        if (const Node* node = shard_of(key).find(key)) return node;
    return shared_.load(std::memory_order_acquire);
}

uint64_t Counters::evicted() const {
    uint64_t sum = 0;
    for (const auto& shard : shards_)
        if (shard) sum += shard->evicted();
    return sum;
}

}  // namespace weir::quota
