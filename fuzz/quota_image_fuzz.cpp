// A state file of any bytes: blocks lie inside it, do not overlap, and can be counted on.
#include <cstdlib>
#include <cstring>

#include "quota/registry.h"
#include "quota/reservation.h"

namespace {

using namespace weir::quota;

/// Blocks that are given back belong to the image.
class Image final : public Arena {
public:
    Block take(std::size_t bytes) override { return heap_.take(bytes); }
    void give_back(Block block) override {
        if (block.data() < begin || block.data() >= end) heap_.give_back(block);
    }
    const std::byte* begin = nullptr;
    const std::byte* end = nullptr;

private:
    HeapArena heap_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    auto* memory = static_cast<std::byte*>(std::aligned_alloc(64, size / 64 * 64 + 64));
    if (size) std::memcpy(memory, data, size);
    Image arena;
    arena.begin = memory;
    arena.end = memory + size;
    {
        Scan found = scan({memory, size});
        std::size_t used = 0;
        for (Block block : found.used)
            used += block.size();
        if (used > found.end || found.end > size) std::abort();
        Time now(std::chrono::seconds(1'700'000'000));
        Registry registry(arena, found.used);
        for (Block block : found.used) {
            const BlockHeader& header = header_of(block);
            auto counters = registry.acquire({.identity = std::string(header.name()),
                                              .window = header.window(),
                                              .distinct = header.distinct != 0});
            Reservation held;
            Demand demand{.counters = counters.get(), .limit = 100, .amount = 10};
            if (reserve({&demand, 1}, now, held)) continue;
            if (counters->use(now).taken < 10) std::abort();
        }
        registry.sweep(now);
    }
    std::free(memory);
    return 0;
}
