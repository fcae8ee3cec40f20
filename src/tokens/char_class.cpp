#include "tokens/char_class.h"

namespace weir::tokens {
namespace {

unsigned byte_at(const char* p) {
    return static_cast<unsigned char>(*p);
}

bool continues(const char* p, const char* end, int count) {
    if (end - p <= count) return false;
    for (int i = 1; i <= count; ++i)
        if ((byte_at(p + i) & 0xC0) != 0x80) return false;
    return true;
}

unsigned low_bits(const char* p) {
    return byte_at(p) & 0x3F;
}

}  // namespace

Character read_wide(const char* p, const char* end) {
    const unsigned first = byte_at(p);
    if (first >= 0xC2 && first < 0xE0 && continues(p, end, 1))
        return {unicode::class_of((first & 0x1F) << 6 | low_bits(p + 1)), p + 2};
    if (first >= 0xE0 && first < 0xF0 && continues(p, end, 2))
        return {unicode::class_of((first & 0x0F) << 12 | low_bits(p + 1) << 6 | low_bits(p + 2)),
                p + 3};
    if (first >= 0xF0 && first < 0xF5 && continues(p, end, 3)) {
        const unsigned point =
            (first & 0x07) << 18 | low_bits(p + 1) << 12 | low_bits(p + 2) << 6 | low_bits(p + 3);
        if (point < 0x110000) return {unicode::class_of(point), p + 4};
    }
    return {kOther, p + 1};
}

}  // namespace weir::tokens
