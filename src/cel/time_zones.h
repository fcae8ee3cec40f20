/// Named time zones, as whoever runs an expression has them.
///
/// This room reads no files: a caller that wants getHours('Europe/Berlin') gives the contents of
/// the system's zone files (TZif, RFC 8536) through a TimeZones. Without one only UTC and offsets
/// such as '+01:00' are known.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace weir::cel {

/// One zone's rules. Immutable.
class TimeZone {
public:
    /// Reads a TZif file of version 2 or later; config.invalid if it is none.
    static Result<TimeZone> parse(std::string_view tzif);
    /// Seconds east of UTC at that second since 1970.
    int64_t offset_at(int64_t seconds) const;

private:
    friend class TzifReader;
    /// "CET-1CEST,M3.5.0,M10.5.0/3": what holds behind the last transition.
    struct Rule {
        int month = 0;  ///< 0: a day of the year
        int week = 0;
        int day = 0;
        bool leap_counts = false;  ///< of a day of the year: 29 February is counted
        int64_t time = 7200;
    };
    struct Footer {
        int64_t standard = 0;
        int64_t summer = 0;
        bool has_summer = false;
        Rule begins;
        Rule ends;
    };
    int64_t offset_by_footer(int64_t seconds) const;

    std::vector<int64_t> transitions_;
    std::vector<int64_t> offsets_;  ///< one more than transitions: [0] holds before the first
    std::optional<Footer> footer_;
};

class TimeZones {
public:
    /// Null if there is none of that name. May be called from several threads.
    virtual const TimeZone* find(std::string_view name) const = 0;
    virtual ~TimeZones() = default;
};

/// Seconds east of UTC of "UTC", "Z", "+01:00", "-02:30" or "02:00".
std::optional<int64_t> fixed_offset(std::string_view name);

}  // namespace weir::cel
