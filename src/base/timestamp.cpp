#include "base/timestamp.h"

#include <chrono>

#include "base/ascii.h"

namespace weir {
namespace {

/// Takes one byte off the front if it is one of these.
bool take(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text[0]) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

/// "Z", "+01:00" or "-01:00", in seconds east.
std::optional<int64_t> take_zone(std::string_view& text) {
    if (take(text, "Zz")) return 0;
    const bool east = text.starts_with('+');
    if (!take(text, "+-")) return std::nullopt;
    const auto hours = take_digits(text, 2);
    if (!hours || !take(text, ":")) return std::nullopt;
    const auto minutes = take_digits(text, 2);
    if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    const int64_t offset = *hours * 3600 + *minutes * 60;
    return east ? offset : -offset;
}

/// "08:49:37".
struct TimeOfDay {
    int hour = 0;
    int minute = 0;
    int second = 0;
};
std::optional<TimeOfDay> take_time_of_day(std::string_view& text) {
    const auto hour = take_digits(text, 2);
    if (!hour || !take(text, ":")) return std::nullopt;
    const auto minute = take_digits(text, 2);
    if (!minute || !take(text, ":")) return std::nullopt;
    const auto second = take_digits(text, 2);
    if (!second) return std::nullopt;
    return TimeOfDay{*hour, *minute, *second};
}

}  // namespace

std::optional<int> take_digits(std::string_view& text, size_t count) {
    if (text.size() < count) return std::nullopt;
    int value = 0;
    for (char c : text.substr(0, count)) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    text.remove_prefix(count);
    return value;
}

std::optional<int32_t> take_fraction(std::string_view& text) {
    if (!take(text, ".")) return 0;
    int32_t value = 0;
    size_t digits = 0;
    for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; ++digits) {
        if (digits < 9) value = value * 10 + (text[0] - '0');
        text.remove_prefix(1);
    }
    if (digits == 0) return std::nullopt;
    for (; digits < 9; ++digits)
        value *= 10;
    return value;
}

std::optional<int64_t> unix_seconds(int year, int month, int day, int hour, int minute,
                                    int second) {
    if (month < 1 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 60)
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok()) return std::nullopt;
    const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    return days * 86400 + hour * 3600 + minute * 60 + second;
}

std::optional<Moment> parse_rfc3339(std::string_view text) {
    const auto year = take_digits(text, 4);
    if (!year || !take(text, "-")) return std::nullopt;
    const auto month = take_digits(text, 2);
    if (!month || !take(text, "-")) return std::nullopt;
    const auto day = take_digits(text, 2);
    if (!day || !take(text, "Tt ")) return std::nullopt;
    const auto time = take_time_of_day(text);
    const auto nanos = time ? take_fraction(text) : std::nullopt;
    const auto zone = nanos ? take_zone(text) : std::nullopt;
    if (!zone || !text.empty()) return std::nullopt;
    const auto seconds = unix_seconds(*year, *month, *day, time->hour, time->minute, time->second);
    return seconds ? std::optional(Moment{*seconds - *zone, *nanos}) : std::nullopt;
}

std::optional<int64_t> parse_http_date(std::string_view text) {
    constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (text.size() != 29 || text.substr(3, 2) != ", " || !text.ends_with(" GMT"))
        return std::nullopt;
    text.remove_prefix(5);
    const auto day = take_digits(text, 2);
    if (!day || !take(text, " ")) return std::nullopt;
    const size_t month = kMonths.find(text.substr(0, 3));
    if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
    text.remove_prefix(3);
    if (!take(text, " ")) return std::nullopt;
    const auto year = take_digits(text, 4);
    if (!year || !take(text, " ")) return std::nullopt;
    const auto time = take_time_of_day(text);
    if (!time) return std::nullopt;
    return unix_seconds(*year, static_cast<int>(month) / 3 + 1, *day, time->hour, time->minute,
                        time->second);
}

}  // namespace weir
