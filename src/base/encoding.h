/// Bytes as text: base64 (RFC 4648 §4), lower-case hexadecimal, and percent-encoding (RFC 3986
/// §2.1).
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace weir {

std::string base64_encode(std::string_view bytes);
/// Standard alphabet with or without padding; nullopt if a character or the length is wrong.
std::optional<std::string> base64_decode(std::string_view text);
std::string hex_encode(std::string_view bytes);
/// Every byte but the unreserved (A-Z a-z 0-9 - . _ ~), and those in `keep`, becomes %XX.
std::string percent_encode(std::string_view bytes, std::string_view keep = {});
/// nullopt if a % is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace weir
