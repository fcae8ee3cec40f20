/// How long a text is, in the terms that a ratio of tokens needs: characters by their UTF-8 length.
///
/// A letter of English is a quarter of a token, one of Chinese most of one, an emoji several; the
/// length of a character's UTF-8 form tells these apart at several bytes a cycle.
/// Threads: plain values and pure functions.
#pragma once
#include <cstdint>
#include <string_view>

namespace weir::tokens {

struct TextShape {
    int64_t one = 0;    ///< ASCII
    int64_t two = 0;    ///< Latin with accents, Greek, Cyrillic, Hebrew, Arabic
    int64_t three = 0;  ///< Chinese, Japanese, Korean, Indian scripts, typographic signs
    int64_t four = 0;   ///< emoji, rare characters

    void add(std::string_view utf8);
    /// The text of a JSON string that is known to be valid, as it stands between its quotes.
    void add_raw(std::string_view inside);
};

/// Tokens per character, in thousandths.
struct TextRatio {
    int one = 250;
    int two = 500;
    int three = 800;
    int four = 2000;

    int64_t tokens(const TextShape& shape) const {
        return (shape.one * one + shape.two * two + shape.three * three + shape.four * four + 999) /
               1000;
    }
};

}  // namespace weir::tokens
