#include "cel/time.h"

#include <fmt/format.h>

#include <array>

#include "base/timestamp.h"

namespace weir::cel {
namespace {

constexpr int64_t kDay = 86400;

// The calendar as in Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms": eras of 400
// years that begin in March, so that the leap day is the last of its year.
constexpr int64_t kEraDays = 146097;
constexpr int64_t kEraStart = 719468;  ///< days from 0000-03-01 to 1970-01-01

int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b != 0 && (a % b < 0) != (b < 0));
}

struct Unit {
    std::string_view name;
    int64_t nanos;
};
constexpr std::array<Unit, 8> kUnits{{{"ns", 1},
                                      {"us", 1000},
                                      {"\u00B5s", 1000},
                                      {"\u03BCs", 1000},
                                      {"ms", 1'000'000},
                                      {"s", kNanos},
                                      {"m", 60 * kNanos},
                                      {"h", 3600 * kNanos}}};

const Unit* take_unit(std::string_view& text) {
    for (const auto& unit : kUnits) {
        if (!text.starts_with(unit.name)) continue;
        text.remove_prefix(unit.name.size());
        return &unit;
    }
    return nullptr;
}

__extension__ typedef __int128 Wide;  // NOLINT(modernize-use-using): __extension__ takes no using

std::string fraction(int64_t nanos) {
    if (nanos == 0) return {};
    std::string out = fmt::format(".{:09}", nanos);
    out.erase(out.find_last_not_of('0') + 1);
    return out;
}

}  // namespace

int64_t days_since_epoch(int64_t year, int month, int day) {
    const int64_t y = month <= 2 ? year - 1 : year;
    const int64_t era = floor_div(y, 400);
    const int64_t year_of_era = y - era * 400;
    const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * kEraDays + day_of_era - kEraStart;
}

CivilTime civil_time(int64_t seconds) {
    const int64_t days = floor_div(seconds, kDay);
    const int64_t rest = seconds - days * kDay;
    const int64_t shifted_days = days + kEraStart;
    const int64_t era = floor_div(shifted_days, kEraDays);
    const int64_t day_of_era = shifted_days - era * kEraDays;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month = (5 * day_of_year + 2) / 153;  // from March
    CivilTime out;
    out.day = static_cast<int>(day_of_year - (153 * month + 2) / 5 + 1);
    out.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
    out.year = year_of_era + era * 400 + (out.month <= 2 ? 1 : 0);
    out.day_of_week = static_cast<int>(((days + 4) % 7 + 7) % 7);  // 1970-01-01 was a Thursday
    out.day_of_year = static_cast<int>(days - days_since_epoch(out.year, 1, 1));
    out.hour = static_cast<int>(rest / 3600);
    out.minute = static_cast<int>(rest / 60 % 60);
    out.second = static_cast<int>(rest % 60);
    return out;
}

Value timestamp_value(Timestamp t) {
    if (t.seconds < kFirstSecond || t.seconds > kLastSecond) return Value::failure(Failure::range);
    return Value::timestamp(t);
}

Value shifted(Timestamp t, int64_t nanos) {
    const Wide sum = static_cast<Wide>(t.seconds) * kNanos + t.nanos + nanos;
    Wide seconds = sum / kNanos;
    Wide rest = sum % kNanos;
    if (rest < 0) {
        rest += kNanos;
        --seconds;
    }
    return timestamp_value({static_cast<int64_t>(seconds), static_cast<int32_t>(rest)});
}

Value between(Timestamp from, Timestamp to) {
    const Wide nanos =
        static_cast<Wide>(to.seconds - from.seconds) * kNanos + (to.nanos - from.nanos);
    if (nanos > INT64_MAX || nanos < INT64_MIN) return Value::failure(Failure::range);
    return Value::duration(static_cast<int64_t>(nanos));
}

// As Go reads it: capitals, and no leap second.
std::optional<Timestamp> read_timestamp(std::string_view text) {
    if (text.size() < 20 || text[10] != 'T' || text.ends_with('z') || text.substr(17, 2) == "60")
        return std::nullopt;
    const auto moment = parse_rfc3339(text);
    return moment ? std::optional(Timestamp{moment->seconds, moment->nanos}) : std::nullopt;
}

std::optional<DurationText> read_duration(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    if (text == "0") return DurationText{true, 0};
    if (text.empty()) return std::nullopt;
    Wide total = 0;
    constexpr Wide kTooMuch = static_cast<Wide>(1) << 80;
    while (!text.empty()) {
        Wide number = 0;
        size_t digits = 0;
        for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; ++digits) {
            if (number < kTooMuch) number = number * 10 + (text[0] - '0');
            text.remove_prefix(1);
        }
        const bool point = text.starts_with('.');
        const bool digit_behind = point && text.size() > 1 && text[1] >= '0' && text[1] <= '9';
        if (point && !digit_behind && digits > 0) text.remove_prefix(1);  // "1.s"
        const auto part = digit_behind ? take_fraction(text) : std::optional<int32_t>(0);
        if (digits == 0 && !digit_behind) return std::nullopt;
        const Unit* unit = take_unit(text);
        if (!unit) return std::nullopt;
        total += std::min(number, kTooMuch) * unit->nanos;
        total += static_cast<Wide>(*part) * unit->nanos / kNanos;
        total = std::min(total, kTooMuch);
    }
    if (negative) total = -total;
    if (total > INT64_MAX || total < INT64_MIN) return DurationText{};
    return DurationText{true, static_cast<int64_t>(total)};
}

std::string print_timestamp(Timestamp t) {
    const CivilTime c = civil_time(t.seconds);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", c.year, c.month, c.day, c.hour,
                       c.minute, c.second, fraction(t.nanos));
}

std::string print_duration(int64_t nanos) {
    const uint64_t size =
        nanos < 0 ? 0 - static_cast<uint64_t>(nanos) : static_cast<uint64_t>(nanos);
    return fmt::format("{}{}{}s", nanos < 0 ? "-" : "", size / kNanos,
                       fraction(static_cast<int64_t>(size % kNanos)));
}

}  // namespace weir::cel
