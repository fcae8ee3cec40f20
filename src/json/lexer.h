/// The lexical rules of JSON (RFC 8259 §6 and §7), shared by everything in this room that reads it.
///
/// All functions work on a byte range and never read outside it. They judge syntax only; UTF-8 is
/// checked once for a whole document by `check_utf8`, because it is cheapest in one sweep.
/// Threads: pure functions.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace weir::json::lex {

/// Where reading stopped and what was expected there (static text, never the input).
struct Problem {
    const char* at = nullptr;
    const char* expected = nullptr;
};

constexpr bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

inline const char* skip_space(const char* p, const char* end) {
    while (p != end && is_space(*p))
        ++p;
    return p;
}

/// First byte that is `"`, `\` or a control character, or `end`.
const char* find_string_special(const char* p, const char* end);
/// First byte that is `"` or `\`, or `end`.
const char* find_quote_or_backslash(const char* p, const char* end);
/// First byte that is `"`, `[`, `]`, `{` or `}`, or `end`.
const char* find_quote_or_bracket(const char* p, const char* end);

/// `p` is behind a string's opening quote. Returns the place behind its closing quote, or null with
/// `problem` set (bad escape, half a surrogate pair, control character, no end).
const char* skip_string(const char* p, const char* end, Problem& problem);
/// `p` is at a backslash. Returns the place behind the escape (behind both halves of a surrogate
/// pair), or null with `problem` set.
const char* skip_escape(const char* p, const char* end, Problem& problem);
/// `p` is at the first byte of a number. Returns the place behind it, or null with `problem` set.
const char* skip_number(const char* p, const char* end, Problem& problem);
/// `p` is at the first byte of true, false or null. Returns the place behind it, or null.
const char* skip_literal(const char* p, const char* end, Problem& problem);

/// Appends the text of a string whose raw form (between the quotes) is known to be valid.
void append_unescaped(std::string& out, std::string_view raw);
/// Whether the raw form (between the quotes, known to be valid) says `text`.
bool unescaped_equal(std::string_view raw, std::string_view text);

/// Fails with body.invalid_json naming the offset of the first byte that is not UTF-8.
Result<void> check_utf8(std::string_view text);
/// A copy in which every byte that is not part of valid UTF-8 became U+FFFD.
std::string repair_utf8(std::string_view text);
/// body.invalid_json: "byte 17: expected …".
Error to_error(std::string_view document, const Problem& problem);

}  // namespace weir::json::lex
