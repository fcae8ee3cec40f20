/// Literals of the language as values: the text between quotes without its escapes, numbers.
/// Pure functions; failures say why, the caller knows where. Format: cel-spec, doc/langdef.md,
/// "String and Bytes Values", "Numeric Values".
#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace weir::cel {

struct LiteralError {
    size_t offset = 0;  ///< into the text that was given
    std::string_view why;
};

/// What a quoted text that is not raw says. In bytes \377 is one byte, in a string a code point.
std::expected<std::string, LiteralError> unescape(std::string_view body, bool bytes);

/// "42", "0x2a": nothing if it is more than 64 bits.
std::optional<uint64_t> read_natural(std::string_view digits);
/// "1.5e3": the nearest double; nothing if it is no number or too large. Too small is zero.
std::optional<double> read_real(std::string_view text);

}  // namespace weir::cel
