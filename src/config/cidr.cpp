#include "config/cidr.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace weir::config {

namespace {

std::optional<unsigned> number(std::string_view text, int base, size_t longest, unsigned most) {
    unsigned value = 0;
    if (text.empty() || text.size() > longest) return std::nullopt;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    bool whole = error == std::errc() && end == text.data() + text.size();
    return whole && value <= most ? std::optional(value) : std::nullopt;
}

/// Four decimal numbers without leading zeros, which some programs read as octal.
bool parse_v4(std::string_view text, uint8_t* out) {
    for (int i = 0; i < 4; ++i) {
        size_t end = i < 3 ? text.find('.') : text.size();
        if (end == std::string_view::npos) return false;
        std::string_view digits = text.substr(0, end);
        auto value = number(digits, 10, 3, 255);
        if (!value || (digits.size() > 1 && digits.front() == '0')) return false;
        out[i] = static_cast<uint8_t>(*value);
        text.remove_prefix(std::min(text.size(), end + 1));
    }
    return true;
}

/// Groups of one side of "::" into `out`; their number of bytes, or nothing if malformed. The last
/// of an address may be written as IPv4.
std::optional<size_t> parse_groups(std::string_view text, bool ends_address,
                                   std::array<uint8_t, 16>& out) {
    size_t used = 0;
    while (!text.empty()) {
        size_t end = std::min(text.find(':'), text.size());
        std::string_view group = text.substr(0, end);
        if (group.find('.') != std::string_view::npos) {  // RFC 4291 §2.2, form 3
            if (!ends_address || end != text.size() || used + 4 > out.size() ||
                !parse_v4(group, &out[used]))
                return std::nullopt;
            return used + 4;
        }
        auto value = number(group, 16, 4, 0xffff);
        if (!value || used + 2 > out.size()) return std::nullopt;
        out[used++] = static_cast<uint8_t>(*value >> 8);
        out[used++] = static_cast<uint8_t>(*value & 0xff);
        if (end == text.size()) break;
        text.remove_prefix(end + 1);
        if (text.empty()) return std::nullopt;  // ends in a single ':'
    }
    return used;
}

bool parse_v6(std::string_view text, std::array<uint8_t, 16>& out) {
    size_t gap = text.find("::");
    if (gap == std::string_view::npos) {
        auto used = parse_groups(text, true, out);
        return used && *used == out.size();
    }
    std::array<uint8_t, 16> tail{};
    auto before = parse_groups(text.substr(0, gap), false, out);
    auto after = parse_groups(text.substr(gap + 2), true, tail);
    if (!before || !after || *before + *after > out.size() - 2) return false;
    std::copy_n(tail.begin(), *after, out.end() - static_cast<std::ptrdiff_t>(*after));
    return true;
}

}  // namespace

std::optional<AddressRange> parse_cidr(std::string_view text) {
    size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    std::string_view address = text.substr(0, slash);
    AddressRange range;
    range.v6 = address.find(':') != std::string_view::npos;
    auto prefix = number(text.substr(slash + 1), 10, 3, range.v6 ? 128 : 32);
    bool parsed =
        range.v6 ? parse_v6(address, range.network) : parse_v4(address, range.network.data());
    if (!prefix || !parsed) return std::nullopt;
    range.prefix = static_cast<uint8_t>(*prefix);
    for (size_t bit = range.prefix; bit < range.network.size() * 8; ++bit)
        range.network[bit / 8] &= static_cast<uint8_t>(~(0x80u >> (bit % 8)));
    return range;
}

std::string AddressRange::to_string() const {
    std::string out;
    if (!v6) {
        out = fmt::format("{}.{}.{}.{}", network[0], network[1], network[2], network[3]);
    } else {
        for (size_t i = 0; i < network.size(); i += 2)
            out += fmt::format("{}{:x}", i ? ":" : "", network[i] << 8 | network[i + 1]);
    }
    return fmt::format("{}/{}", out, prefix);
}

}  // namespace weir::config
