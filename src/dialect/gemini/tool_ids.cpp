#include "dialect/gemini/tool_ids.h"

#include <fmt/format.h>

namespace weir::dialect::gemini {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014): every state gives another number.
uint64_t mixed(uint64_t& state) {
    uint64_t z = state += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

}  // namespace

ToolIds::ToolIds(uint64_t seed, std::string_view answer) : state_(seed) {
    for (char c : answer) {
        state_ ^= static_cast<unsigned char>(c);
        state_ *= 0x100000001B3;  // FNV-1a
    }
}

std::string ToolIds::next() {
    const uint64_t high = mixed(state_);
    const uint64_t low = mixed(state_);
    return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xFFFF,
                       high & 0xFFF, 0x8000 | (low >> 50), low & 0xFFFF'FFFF'FFFF);
}

}  // namespace weir::dialect::gemini
