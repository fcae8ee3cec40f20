#include "quota/block.h"

#include <cstring>
#include <new>

#include "quota/node.h"

namespace weir::quota {
namespace {

constexpr std::align_val_t kAlign{64};

bool makes_sense(const BlockHeader& header, std::size_t room) {
    std::size_t bytes = std::size_t{header.granules} * kGranule;
    if (header.magic != kBlockMagic || bytes == 0 || bytes > room) return false;
    if (!header.used) return true;
    return header.unit <= static_cast<uint8_t>(Unit::year) && header.kind <= 1 &&
           header.leased <= 1 && header.identity_size <= BlockHeader::kMaxIdentity &&
           header.nodes > 0 && header.node_size == Node::size(header.window()) &&
           kNodesAt + std::size_t{header.nodes} * header.node_size <= bytes;
}

}  // namespace

std::size_t block_size(std::size_t nodes, std::size_t node_size) {
    return (kNodesAt + nodes * node_size + kGranule - 1) / kGranule * kGranule;
}

HeapArena::~HeapArena() = default;

Block HeapArena::take(std::size_t bytes) {
    auto* memory = static_cast<std::byte*>(::operator new(bytes, kAlign));
    std::memset(memory, 0, bytes);
    Block block(memory, bytes);
    new (memory) BlockHeader{.granules = static_cast<uint32_t>(bytes / kGranule)};
    return block;
}

void HeapArena::give_back(Block block) {
    ::operator delete(block.data(), kAlign);
}

Scan scan(std::span<std::byte> image) {
    Scan found;
    while (image.size() - found.end >= kGranule) {
        const BlockHeader& header = header_of(image.subspan(found.end));
        if (header.magic == 0) break;  // never written: the rest is empty
        if (!makes_sense(header, image.size() - found.end)) {
            found.damaged = true;
            break;
        }
        Block block = image.subspan(found.end, std::size_t{header.granules} * kGranule);
        (header.used ? found.used : found.free).push_back(block);
        found.end += block.size();
    }
    return found;
}

}  // namespace weir::quota
