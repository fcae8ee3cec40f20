#include "quota/key.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

namespace weir::quota {
namespace {

struct Sip {
    uint64_t v0, v1, v2, v3;

    Sip(uint64_t k0, uint64_t k1)
        : v0(k0 ^ 0x736f6d6570736575),
          v1(k1 ^ 0x646f72616e646f6d ^ 0xee),  // 0xee: 128 bits of output
          v2(k0 ^ 0x6c7967656e657261),
          v3(k1 ^ 0x7465646279746573) {}
    void round() {
        v0 += v1, v1 = std::rotl(v1, 13) ^ v0, v0 = std::rotl(v0, 32);
        v2 += v3, v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3, v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1, v1 = std::rotl(v1, 17) ^ v2, v2 = std::rotl(v2, 32);
    }
    void word(uint64_t m) {
        v3 ^= m;
        round(), round();
        v0 ^= m;
    }
    uint64_t squeeze() {
        for (int i = 0; i < 4; ++i)
            round();
        return v0 ^ v1 ^ v2 ^ v3;
    }
};

uint64_t little_endian(const char* at, std::size_t size) {
    uint64_t word = 0;
    std::memcpy(&word, at, size);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

}  // namespace

Key KeyHasher::of(std::string_view value) const {
    Sip sip(k0_, k1_);
    std::size_t whole = value.size() / 8 * 8;
    for (std::size_t i = 0; i < whole; i += 8)
        sip.word(little_endian(value.data() + i, 8));
    uint64_t last = little_endian(value.data() + whole, value.size() - whole);
    sip.word(last | static_cast<uint64_t>(value.size()) << 56);
    sip.v2 ^= 0xee;
    Key key;
    key.low = sip.squeeze();
    sip.v1 ^= 0xdd;
    key.high = sip.squeeze();
    if (key.low == 0) key.low = 1;
    return key;
}

Key KeyHasher::combined(const Key& first, const Key& second) const {
    char bytes[32];
    std::memcpy(bytes, &first, 16);
    std::memcpy(bytes + 16, &second, 16);
    return of({bytes, sizeof bytes});
}

std::string Key::to_string() const {
    return fmt::format("{:016x}", high);
}

}  // namespace weir::quota
