/// Points in time as protocols write them, in the Gregorian calendar. Pure functions, any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir {

struct Moment {
    int64_t seconds = 0;  ///< since 1970-01-01T00:00:00Z
    int32_t nanos = 0;    ///< and these, never negative
};

/// Takes exactly that many decimal digits off the front. Nothing, and nothing taken, if there are
/// not so many.
std::optional<int> take_digits(std::string_view& text, size_t count);

/// Takes ".123" off the front: a fraction in billionths, whose digits behind the ninth are dropped.
/// 0 if there is no point; nothing if there is no digit behind it.
std::optional<int32_t> take_fraction(std::string_view& text);

/// Seconds since 1970-01-01T00:00:00Z; nothing if no calendar or clock shows that. A leap second
/// (60) is the second behind it.
std::optional<int64_t> unix_seconds(int year, int month, int day, int hour, int minute, int second);

/// "2026-11-27T10:00:00.5+01:00" (RFC 3339 §5.6, small letters and a space for the T allowed).
std::optional<Moment> parse_rfc3339(std::string_view text);

/// "Sun, 06 Nov 1994 08:49:37 GMT", as seconds (RFC 9110 §5.6.7, IMF-fixdate; the obsolete forms
/// are not read).
std::optional<int64_t> parse_http_date(std::string_view text);

}  // namespace weir
