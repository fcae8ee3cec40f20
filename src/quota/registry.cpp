#include "quota/registry.h"

#include <algorithm>

namespace weir::quota {
namespace {

bool counts(Block block, Time now) {
    const BlockHeader& header = header_of(block);
    for (uint32_t i = 0; i < header.nodes; ++i) {
        const auto* node = reinterpret_cast<const Node*>(block.data() + kNodesAt +
                                                         std::size_t{i} * header.node_size);
        if (node->key_low.load() && !node->idle(header.window(), now)) return true;
    }
    return false;
}

}  // namespace

Registry::Registry(Arena& arena, std::vector<Block> kept, bool alone)
    : arena_(arena), alone_(alone) {
    for (Block block : kept)
        waiting_[name_of(header_of(block))].push_back(block);
}

Registry::~Registry() = default;

Registry::Name Registry::name_of(const CounterSpec& spec) {
    return {spec.identity.substr(0, BlockHeader::kMaxIdentity),
            static_cast<uint8_t>(spec.window.unit), static_cast<uint8_t>(spec.window.kind),
            spec.distinct, spec.window.leased};
}

Registry::Name Registry::name_of(const BlockHeader& header) {
    return {std::string(header.name()), header.unit, header.kind, header.distinct != 0,
            header.leased != 0};
}

std::shared_ptr<Counters> Registry::acquire(const CounterSpec& spec) {
    Lock::Guard guard(lock_);
    Name name = name_of(spec);
    auto& counters = limits_[name];
    if (counters) return counters;
    counters = std::make_shared<Counters>(spec, arena_);
    // What a running process has leased is its own: this one begins with what the store says.
    bool takes_over = alone_ || !spec.window.leased;
    if (auto left = takes_over ? waiting_.extract(name) : decltype(waiting_)::node_type())
        for (Block block : left.mapped())
            counters->adopt(block, alone_);
    return counters;
}

std::vector<std::shared_ptr<Counters>> Registry::leased() {
    Lock::Guard guard(lock_);
    std::vector<std::shared_ptr<Counters>> found;
    for (const auto& [name, counters] : limits_)
        if (name.leased && counters) found.push_back(counters);
    return found;
}

void Registry::sweep(Time now) {
    Lock::Guard guard(lock_);
    std::erase_if(waiting_, [&](const auto& entry) {
        const auto& blocks = entry.second;
        if (std::any_of(blocks.begin(), blocks.end(), [&](Block b) { return counts(b, now); }))
            return false;
        for (Block block : blocks)
            arena_.give_back(block);
        return true;
    });
    std::erase_if(limits_, [&](const auto& entry) {
        entry.second->sweep(now);
        return entry.second.use_count() == 1 && entry.second->use(now).taken == 0;
    });
}

}  // namespace weir::quota
