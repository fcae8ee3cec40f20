/// Points in time and spans of it, as text and as arithmetic. Pure functions.
/// Formats: RFC 3339 for timestamps; for durations decimal numbers with units, as "1h45m", "-1.5s".
/// Range: years 1 to 9999; a duration is 64 bits of nanoseconds (292 years), as in cel-go.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cel/value.h"

namespace weir::cel {

inline constexpr int64_t kFirstSecond = -62135596800;  // 0001-01-01T00:00:00Z
inline constexpr int64_t kLastSecond = 253402300799;   // 9999-12-31T23:59:59Z
inline constexpr int64_t kNanos = 1'000'000'000;

/// A date and a time of day somewhere.
struct CivilTime {
    int64_t year = 0;
    int month = 1;        ///< 1 to 12
    int day = 1;          ///< 1 to 31
    int day_of_week = 0;  ///< 0 is Sunday
    int day_of_year = 0;  ///< from 0
    int hour = 0;
    int minute = 0;
    int second = 0;
};
/// `seconds` since 1970-01-01T00:00:00 by the clock on that wall.
CivilTime civil_time(int64_t seconds);
/// Days since 1970-01-01; the date must exist.
int64_t days_since_epoch(int64_t year, int month, int day);

/// A range failure outside the years 1 to 9999.
Value timestamp_value(Timestamp t);
Value shifted(Timestamp t, int64_t nanos);
/// `to` - `from`.
Value between(Timestamp from, Timestamp to);

std::optional<Timestamp> read_timestamp(std::string_view text);
struct DurationText {
    bool fits = false;
    int64_t nanos = 0;
};
/// Nothing if the text is no duration.
std::optional<DurationText> read_duration(std::string_view text);
std::string print_timestamp(Timestamp t);
std::string print_duration(int64_t nanos);

}  // namespace weir::cel
