// Parts of timestamps, in UTC or a named zone, and of durations. Months, days of the month, of the
// week and of the year count from 0, getDate() from 1. cel-spec, doc/langdef.md.
#include "cel/functions.h"
#include "cel/time.h"
#include "cel/time_zones.h"

namespace weir::cel {
namespace {

using Part = int64_t (*)(const CivilTime&);

/// The offset of the zone that the second argument names.
std::optional<int64_t> zone_offset(const Call& call) {
    if (call.size() < 2) return 0;
    const std::string_view name = call[1].text();
    if (const auto fixed = fixed_offset(name)) return fixed;
    const TimeZone* zone = call.run.zones ? call.run.zones->find(name) : nullptr;
    if (!zone) return std::nullopt;
    return zone->offset_at(call[0].as_timestamp().seconds);
}

Value part_of(const Call& call, Part part) {
    if (!call.has({Kind::timestamp}) && !call.has({Kind::timestamp, Kind::string}))
        return no_overload();
    const auto offset = zone_offset(call);
    if (!offset) return Value::failure(Failure::time_zone);
    return Value::integer(part(civil_time(call[0].as_timestamp().seconds + *offset)));
}

/// Whole units in a duration, if the call is about one.
std::optional<Value> units(const Call& call, int64_t nanos) {
    if (!call.has({Kind::duration})) return std::nullopt;
    return Value::integer(call[0].as_duration() / nanos);
}

}  // namespace

Value get_full_year(Call& call) {
    return part_of(call, [](const CivilTime& c) { return c.year; });
}
Value get_month(Call& call) {
    return part_of(call, [](const CivilTime& c) -> int64_t { return c.month - 1; });
}
Value get_date(Call& call) {
    return part_of(call, [](const CivilTime& c) -> int64_t { return c.day; });
}
Value get_day_of_month(Call& call) {
    return part_of(call, [](const CivilTime& c) -> int64_t { return c.day - 1; });
}
Value get_day_of_week(Call& call) {
    return part_of(call, [](const CivilTime& c) -> int64_t { return c.day_of_week; });
}
Value get_day_of_year(Call& call) {
    return part_of(call, [](const CivilTime& c) -> int64_t { return c.day_of_year; });
}

Value get_hours(Call& call) {
    if (const auto whole = units(call, 3600 * kNanos)) return *whole;
    return part_of(call, [](const CivilTime& c) -> int64_t { return c.hour; });
}
Value get_minutes(Call& call) {
    if (const auto whole = units(call, 60 * kNanos)) return *whole;
    return part_of(call, [](const CivilTime& c) -> int64_t { return c.minute; });
}
Value get_seconds(Call& call) {
    if (const auto whole = units(call, kNanos)) return *whole;
    return part_of(call, [](const CivilTime& c) -> int64_t { return c.second; });
}

/// The milliseconds within the second, of both.
Value get_milliseconds(Call& call) {
    if (call.has({Kind::duration}))
        return Value::integer(call[0].as_duration() % kNanos / 1'000'000);
    const Value checked = part_of(call, [](const CivilTime&) -> int64_t { return 0; });
    if (checked.is_failure()) return checked;
    return Value::integer(call[0].as_timestamp().nanos / 1'000'000);
}

}  // namespace weir::cel
