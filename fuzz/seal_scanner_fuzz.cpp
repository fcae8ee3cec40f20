// Seals in bytes of any kind: a split changes nothing.
#include <cstdint>
#include <vector>

#include "dialect/seal_scanner.h"
#include "dialect_fuzz.h"

namespace {

std::vector<uint64_t> seals(std::string_view bytes, size_t step) {
    weir::dialect::SealScanner scanner;
    std::vector<uint64_t> out;
    for (size_t i = 0; i < bytes.size(); i += step)
        scanner.feed(bytes.substr(i, step), [&](uint64_t seal) { out.push_back(seal); });
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    weir::dialect::fuzz::require(seals(bytes, bytes.size()) == seals(bytes, 1 + data[0] % 16u));
    return 0;
}
