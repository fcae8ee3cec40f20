#include "cel/time_zones.h"

#include <algorithm>
#include <array>

#include "cel/time.h"

namespace weir::cel {
namespace {

constexpr int64_t kHour = 3600;

std::optional<int64_t> take_digits(std::string_view& text, int64_t largest) {
    int64_t value = 0;
    size_t digits = 0;
    for (; !text.empty() && text[0] >= '0' && text[0] <= '9' && digits < 4; ++digits) {
        value = value * 10 + (text[0] - '0');
        text.remove_prefix(1);
    }
    if (digits == 0 || value > largest) return std::nullopt;
    return value;
}

bool take(std::string_view& text, char mark) {
    if (!text.starts_with(mark)) return false;
    text.remove_prefix(1);
    return true;
}

/// "[+-]hh[:mm[:ss]]" as seconds.
std::optional<int64_t> take_time(std::string_view& text) {
    const bool negative = take(text, '-');
    if (!negative) take(text, '+');
    const auto hours = take_digits(text, 167);
    if (!hours) return std::nullopt;
    int64_t seconds = *hours * kHour;
    for (const int64_t unit : {60, 1}) {
        if (!take(text, ':')) break;
        const auto more = take_digits(text, 59);
        if (!more) return std::nullopt;
        seconds += *more * unit;
    }
    return negative ? -seconds : seconds;
}

bool take_name(std::string_view& text) {
    if (take(text, '<')) {
        const size_t end = text.find('>');
        if (end == std::string_view::npos) return false;
        text.remove_prefix(end + 1);
        return true;
    }
    const size_t before = text.size();
    while (!text.empty() && ((text[0] | 0x20) >= 'a' && (text[0] | 0x20) <= 'z'))
        text.remove_prefix(1);
    return before - text.size() >= 3;
}

}  // namespace

/// Reads TZif (RFC 8536) and its footer, a POSIX TZ string.
class TzifReader {
public:
    explicit TzifReader(std::string_view bytes) : bytes_(bytes) {}

    bool read(TimeZone& out) {
        Header header;
        if (!read_header(header) || header.version < '2') return false;
        const size_t old_body = body_size(header, 4);
        if (bytes_.size() < old_body) return false;
        bytes_.remove_prefix(old_body);
        return read_header(header) && read_body(header, out);
    }

private:
    struct Header {
        char version = 0;
        // isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt
        std::array<uint32_t, 6> counts{};
        size_t times() const { return counts[3]; }
        size_t types() const { return counts[4]; }
    };

    static size_t body_size(const Header& h, size_t time_size) {
        return h.times() * (time_size + 1) + h.types() * 6 + h.counts[5] +
               h.counts[2] * (time_size + 4) + h.counts[1] + h.counts[0];
    }

    int64_t big_endian(size_t at, size_t size) const {
        uint64_t value = 0;
        for (size_t i = 0; i < size; ++i)
            value = value << 8 | static_cast<unsigned char>(bytes_[at + i]);
        return size == 4 ? static_cast<int32_t>(value) : static_cast<int64_t>(value);
    }

    bool read_header(Header& out) {
        constexpr size_t kSize = 44;
        if (bytes_.size() < kSize || !bytes_.starts_with("TZif")) return false;
        out.version = bytes_[4];
        for (size_t i = 0; i < out.counts.size(); ++i) {
            out.counts[i] = static_cast<uint32_t>(big_endian(20 + 4 * i, 4));
            if (out.counts[i] > 100'000) return false;
        }
        bytes_.remove_prefix(kSize);
        return true;
    }

    bool read_body(const Header& h, TimeZone& out) {
        const size_t size = body_size(h, 8);
        if (bytes_.size() < size || h.types() == 0) return false;
        const size_t indices = h.times() * 8;
        const size_t types = indices + h.times();
        out.offsets_.push_back(big_endian(types, 4));
        for (size_t i = 0; i < h.times(); ++i) {
            const auto type = static_cast<unsigned char>(bytes_[indices + i]);
            if (type >= h.types()) return false;
            out.transitions_.push_back(big_endian(8 * i, 8));
            out.offsets_.push_back(big_endian(types + 6 * size_t{type}, 4));
        }
        for (const int64_t offset : out.offsets_)
            if (offset < -26 * kHour || offset > 26 * kHour) return false;
        if (!std::is_sorted(out.transitions_.begin(), out.transitions_.end())) return false;
        bytes_.remove_prefix(size);
        return read_footer(out);
    }

    bool read_footer(TimeZone& out) {
        std::string_view text = bytes_;
        if (!take(text, '\n')) return false;
        text = text.substr(0, text.find('\n'));
        if (text.empty()) return true;
        TimeZone::Footer footer;
        if (!take_name(text)) return false;
        const auto standard = take_time(text);
        if (!standard) return false;
        footer.standard = -*standard;  // POSIX counts west
        footer.summer = footer.standard + kHour;
        if (!text.empty()) {
            if (!take_name(text)) return false;
            footer.has_summer = true;
            if (!text.starts_with(',')) {
                const auto summer = take_time(text);
                if (!summer) return false;
                footer.summer = -*summer;
            }
            if (!take_rule(text, footer.begins) || !take_rule(text, footer.ends)) return false;
        }
        out.footer_ = footer;
        return text.empty();
    }

    static bool take_rule(std::string_view& text, TimeZone::Rule& out) {
        if (!take(text, ',')) return false;
        if (take(text, 'M')) {
            const auto month = take_digits(text, 12);
            if (!month || *month < 1 || !take(text, '.')) return false;
            const auto week = take_digits(text, 5);
            if (!week || *week < 1 || !take(text, '.')) return false;
            const auto day = take_digits(text, 6);
            if (!day) return false;
            out.month = static_cast<int>(*month);
            out.week = static_cast<int>(*week);
            out.day = static_cast<int>(*day);
        } else {
            out.leap_counts = !take(text, 'J');
            const auto day = take_digits(text, 365);
            if (!day) return false;
            out.day = static_cast<int>(*day);
        }
        if (!take(text, '/')) return true;
        const auto time = take_time(text);
        if (time) out.time = *time;
        return time.has_value();
    }

    std::string_view bytes_;
};

Result<TimeZone> TimeZone::parse(std::string_view tzif) {
    TimeZone out;
    if (!TzifReader(tzif).read(out))
        return fail(codes::config_invalid,
                    "this is no time zone file (TZif, version 2 or later); install tzdata");
    return out;
}

int64_t TimeZone::offset_at(int64_t seconds) const {
    const auto next = std::upper_bound(transitions_.begin(), transitions_.end(), seconds);
    if (next == transitions_.end() && footer_) return offset_by_footer(seconds);
    return offsets_[static_cast<size_t>(next - transitions_.begin())];
}

int64_t TimeZone::offset_by_footer(int64_t seconds) const {
    const Footer& footer = *footer_;
    if (!footer.has_summer) return footer.standard;
    const int64_t year = civil_time(seconds + footer.standard).year;
    /// When the rule's day comes in that year, in seconds of UTC.
    auto moment = [year](const Rule& rule, int64_t offset) {
        int64_t day = 0;
        if (rule.month == 0) {
            const bool leap = days_since_epoch(year, 3, 1) - days_since_epoch(year, 2, 28) == 2;
            day = days_since_epoch(year, 1, 1) + rule.day;
            if (!rule.leap_counts && !(leap && rule.day >= 60)) --day;  // Julian days count from 1
        } else {
            const int64_t first = days_since_epoch(year, rule.month, 1);
            const int weekday = civil_time(first * 86400).day_of_week;
            day = first + (rule.day - weekday + 7) % 7 + (rule.week - 1) * 7;
            const int64_t following = rule.month == 12 ? days_since_epoch(year + 1, 1, 1)
                                                       : days_since_epoch(year, rule.month + 1, 1);
            if (day >= following) day -= 7;
        }
        return day * 86400 + rule.time - offset;
    };
    const int64_t begins = moment(footer.begins, footer.standard);
    const int64_t ends = moment(footer.ends, footer.summer);
    const bool summer =
        begins < ends ? seconds >= begins && seconds < ends : seconds >= begins || seconds < ends;
    return summer ? footer.summer : footer.standard;
}

std::optional<int64_t> fixed_offset(std::string_view name) {
    if (name == "UTC" || name == "Z" || name == "GMT") return 0;
    const bool west = take(name, '-');
    if (!west) take(name, '+');
    if (name.size() != 5 || name[2] != ':') return std::nullopt;
    const auto hours = take_digits(name, 23);
    if (!hours || !take(name, ':')) return std::nullopt;
    const auto minutes = take_digits(name, 59);
    if (!minutes || !name.empty()) return std::nullopt;
    const int64_t offset = *hours * kHour + *minutes * 60;
    return west ? -offset : offset;
}

}  // namespace weir::cel
