/// Small readings of text: durations, sizes, times, nearest names.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::config {

/// Gateway API duration (GEP-2257): one to four of "1h30m5s10ms" groups, each at most five digits.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// Kubernetes quantity as a whole number of bytes: "50Mi", "1G", "1024". Nothing if negative, not
/// whole, or above 2^62.
std::optional<uint64_t> parse_quantity(std::string_view text);

/// RFC 3339 date-time as Unix seconds.
std::optional<int64_t> parse_time(std::string_view text);

/// Letters, digits and the other token characters of RFC 9110 §5.6.2, at least one.
bool is_header_name(std::string_view text);

/// "; did you mean "x"?" for the nearest candidate, else "; known: a, b, c", else empty.
std::string suggest(std::string_view wrong, std::span<const std::string> candidates);

/// The text between double quotes; longer than 100 bytes is cut, control characters become "?".
std::string quote(std::string_view text);

}  // namespace weir::config
