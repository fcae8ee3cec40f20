#include "config/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "base/timestamp.h"

namespace weir::config {

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    int64_t total = 0;
    int groups = 0;
    while (!text.empty()) {
        size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
        if (digits == 0 || digits > 5 || ++groups > 4) return std::nullopt;
        int64_t amount = 0;
        std::from_chars(text.data(), text.data() + digits, amount);
        text.remove_prefix(digits);
        auto unit = [&](std::string_view name, int64_t scale) {
            if (!text.starts_with(name)) return false;
            text.remove_prefix(name.size());
            total += amount * scale;
            return true;
        };
        if (!unit("ms", 1) && !unit("s", 1000) && !unit("m", 60'000) && !unit("h", 3'600'000))
            return std::nullopt;
    }
    if (groups == 0) return std::nullopt;
    return std::chrono::milliseconds(total);
}

std::optional<uint64_t> parse_quantity(std::string_view text) {
    uint64_t amount = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
    if (error != std::errc()) return std::nullopt;
    std::string_view suffix = text.substr(static_cast<size_t>(end - text.data()));
    struct Unit {
        std::string_view name;
        uint64_t scale;
    };
    static constexpr Unit kUnits[] = {
        {"", 1},
        {"k", 1000},
        {"M", 1'000'000},
        {"G", 1'000'000'000},
        {"T", 1'000'000'000'000},
        {"Ki", 1ull << 10},
        {"Mi", 1ull << 20},
        {"Gi", 1ull << 30},
        {"Ti", 1ull << 40},
    };
    for (const Unit& unit : kUnits) {
        if (suffix != unit.name) continue;
        if (amount > (1ull << 62) / unit.scale) return std::nullopt;
        return amount * unit.scale;
    }
    return std::nullopt;
}

std::optional<int64_t> parse_time(std::string_view text) {
    const auto moment = parse_rfc3339(text);
    return moment ? std::optional(moment->seconds) : std::nullopt;
}

bool is_header_name(std::string_view text) {
    static constexpr std::string_view kOther = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
               kOther.find(c) != std::string_view::npos;
    });
}

namespace {

/// Levenshtein distance without regard to ASCII case.
size_t distance(std::string_view a, std::string_view b) {
    std::vector<size_t> row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            size_t change = diagonal + (ascii_lower(a[i - 1]) == ascii_lower(b[j - 1]) ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
        }
    }
    return row[b.size()];
}

}  // namespace

std::string suggest(std::string_view wrong, std::span<const std::string> candidates) {
    if (candidates.empty()) return {};
    const std::string* best = nullptr;
    size_t best_distance = 0;
    wrong = wrong.substr(0, 253);
    for (const std::string& candidate : candidates) {
        size_t d = distance(wrong, candidate);
        if (!best || d < best_distance) {
            best = &candidate;
            best_distance = d;
        }
    }
    if (best_distance <= std::max<size_t>(2, wrong.size() / 3))
        return fmt::format("; did you mean {}?", quote(*best));
    std::string list;
    size_t shown = 0;
    for (const std::string& candidate : candidates) {
        if (shown++ == 12) {
            list += ", …";
            break;
        }
        if (!list.empty()) list += ", ";
        list += candidate;
    }
    return "; known: " + list;
}

std::string quote(std::string_view text) {
    std::string out = "\"";
    for (char c : text.substr(0, 100))
        out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    if (text.size() > 100) out += "…";
    return out + '"';
}

}  // namespace weir::config
