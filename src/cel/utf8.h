/// Code points of UTF-8 text (RFC 3629), as the functions on strings count them.
///
/// A byte that is no part of a code point counts as one character of its own, so every text can be
/// walked. Pure functions; nothing is allocated but by append_code_point's string.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace weir::cel {

/// Bytes of the character at the start of a text that is not empty: 1 to 4.
size_t character_length(std::string_view text);
/// The same, and the code point; 0xFFFD with `valid` false for a stray byte.
struct Character {
    char32_t code = 0;
    size_t length = 1;
    bool valid = false;
};
Character first_character(std::string_view text);
bool is_utf8(std::string_view text);
size_t count_characters(std::string_view text);
/// The offset of character `index`; text.size() if there are just `index`; npos if there are fewer.
size_t offset_of_character(std::string_view text, size_t index);
/// False, and nothing appended, for what is no scalar value (surrogates, beyond U+10FFFF).
bool append_code_point(std::string& out, char32_t code);

}  // namespace weir::cel
