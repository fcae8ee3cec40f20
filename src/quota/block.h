/// Memory of counters, in blocks that say what they are: so that a file of blocks is a state that
/// survives the process, with no copy and no write on the request path.
///
/// A block is a header and nodes of one limit. Blocks come from an Arena: the heap, or a file that
/// is mapped into memory (cli/state_file.h). What a process has counted is in the file's pages at
/// once, so SIGKILL loses nothing; what it had reserved and not settled stays counted. The layout
/// is that of the machine that wrote it; kBlockMagic changes with it. Threads: an Arena's functions
/// may be called from any; a block's header is written before it is shared.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quota/window.h"

namespace weir::quota {

inline constexpr uint64_t kBlockMagic = 0x3130'71'7265'6557;  // "Weerq01"
inline constexpr std::size_t kGranule = 1024;                 ///< sizes of blocks are multiples

struct BlockHeader {
    static constexpr std::size_t kMaxIdentity = 704;
    uint64_t magic = kBlockMagic;
    uint32_t granules = 0;  ///< the whole block's size
    uint32_t used = 0;      ///< 0: free
    uint32_t nodes = 0;
    uint32_t node_size = 0;
    uint8_t unit = 0;
    uint8_t kind = 0;
    uint8_t distinct = 0;
    uint8_t shard = 0;
    uint32_t identity_size = 0;
    uint64_t leased = 0;  ///< 1: nodes have leases (lease.h)
    char identity[kMaxIdentity] = {};

    std::string_view name() const { return {identity, identity_size}; }
    Window window() const {
        return {static_cast<Unit>(unit), static_cast<Window::Kind>(kind), leased != 0};
    }
};
static_assert(sizeof(BlockHeader) <= 768);
inline constexpr std::size_t kNodesAt = 768;  ///< where a block's nodes begin

using Block = std::span<std::byte>;
inline BlockHeader& header_of(Block block) {
    return *reinterpret_cast<BlockHeader*>(block.data());
}
/// Bytes of a block of that many nodes.
std::size_t block_size(std::size_t nodes, std::size_t node_size);

/// Lends blocks.
class Arena {
public:
    virtual ~Arena() = default;
    /// Zeroed memory of `bytes` (a multiple of kGranule), aligned as a cache line; its header's
    /// `granules` is filled in. Never fails: without room it lends memory that is not kept.
    virtual Block take(std::size_t bytes) = 0;
    virtual void give_back(Block block) = 0;
};

/// Memory that ends with the process.
class HeapArena final : public Arena {
public:
    ~HeapArena() override;
    Block take(std::size_t bytes) override;
    void give_back(Block block) override;
};

/// The blocks of an image, in use and free. `damaged` says where it stopped making sense.
struct Scan {
    std::vector<Block> used;
    std::vector<Block> free;
    std::size_t end = 0;  ///< behind the last block that made sense
    bool damaged = false;
};

/// Finds the blocks in what a file held. Any bytes are safe to give; nothing is changed.
Scan scan(std::span<std::byte> image);

}  // namespace weir::quota
