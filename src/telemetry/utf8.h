/// Valid UTF-8 from bytes that may be anything (RFC 3629 §4).
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace weir::telemetry {

/// U+FFFD, shown in place of a byte that is not UTF-8.
inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// Length of the well-formed sequence that `text` (not empty) begins with; 0 if there is none.
std::size_t utf8_sequence(std::string_view text);

/// `text` with each byte that is not UTF-8 replaced.
std::string to_utf8(std::string_view text);

}  // namespace weir::telemetry
