/// Characters as the splitters of BPE encodings tell them apart.
///
/// White space is Unicode's White_Space (what \s means to OpenAI's tokenizer). Bytes that are not
/// UTF-8 are `other`, one by one. The table is generated: tools/unicode_classes.mjs.
/// Threads: pure functions over constants.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

namespace weir::tokens {

enum CharClass : uint8_t {
    kOther,    ///< signs, controls, what is not assigned
    kUpper,    ///< Lu Lt
    kLower,    ///< Ll
    kLetter,   ///< Lm Lo: neither upper nor lower
    kMark,     ///< M
    kNumber,   ///< N
    kSpace,    ///< White_Space but for:
    kNewline,  ///< CR and LF
};

namespace unicode {
#include "tokens/unicode_classes.inc"

constexpr CharClass class_of(uint32_t point) {
    const unsigned char pair = kBlocks[kBlockOf[point >> 7]][point % 128 / 2];
    return static_cast<CharClass>(point % 2 ? pair >> 4 : pair & 15);
}

inline constexpr std::array<CharClass, 128> kAscii = [] {
    std::array<CharClass, 128> out{};
    for (uint32_t point = 0; point < 128; ++point)
        out[point] = class_of(point);
    return out;
}();
}  // namespace unicode

/// A character of a text: its class and where the next one begins.
struct Character {
    CharClass kind;
    const char* next;
};

/// Of a character that is no ASCII, at p < end.
Character read_wide(const char* p, const char* end);

inline Character read_character(const char* p, const char* end) {
    const auto byte = static_cast<unsigned char>(*p);
    if (byte < 0x80) return {unicode::kAscii[byte], p + 1};
    return read_wide(p, end);
}

}  // namespace weir::tokens
