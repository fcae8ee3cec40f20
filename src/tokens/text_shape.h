/// How long a text is, in the terms that a ratio of tokens needs: characters by kind.
///
/// A letter of English is a fifth of a token, one of base64 two thirds, a bracket in code half of
/// one, a letter of Chinese most of one, an emoji several. ASCII is told apart by class, the rest
/// by the length of its UTF-8 form, which takes a few instructions for 16 bytes. Threads: plain
/// values and pure functions.
#pragma once
#include <cstdint>
#include <string_view>

namespace weir::tokens {

struct TextShape {
    int64_t plain = 0;  ///< ASCII: letters, white space, controls
    int64_t dense = 0;  ///< such letters where no words are: base64, keys, noise
    int64_t digits = 0;
    int64_t signs = 0;  ///< ASCII: all others
    int64_t two = 0;    ///< Latin with accents, Greek, Cyrillic, Hebrew, Arabic
    int64_t three = 0;  ///< Chinese, Japanese, Korean, Indian scripts, typographic signs
    int64_t four = 0;   ///< emoji, rare characters

    void add(std::string_view utf8);
    /// The text of a JSON string that is known to be valid, as it stands between its quotes.
    void add_raw(std::string_view inside);
    friend bool operator==(const TextShape&, const TextShape&) = default;
};

/// Tokens per character, in thousandths.
struct TextRatio {
    int plain = 220;
    int dense = 700;
    int digits = 600;
    int signs = 480;
    int two = 500;
    int three = 800;
    int four = 2000;

    int64_t tokens(const TextShape& shape) const {
        return (shape.plain * plain + shape.dense * dense + shape.digits * digits +
                shape.signs * signs + shape.two * two + shape.three * three + shape.four * four +
                999) /
               1000;
    }
};

}  // namespace weir::tokens
