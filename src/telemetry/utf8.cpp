#include "telemetry/utf8.h"

namespace weir::telemetry {

std::size_t utf8_sequence(std::string_view text) {
    auto at = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    auto tail = [&](std::size_t i) { return (at(i) & 0xC0) == 0x80; };
    unsigned lead = at(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        if (lead == 0xE0 && at(1) < 0xA0) return 0;  // over-long
        if (lead == 0xED && at(1) > 0x9F) return 0;  // a surrogate
        return tail(1) && tail(2) ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        if (lead == 0xF0 && at(1) < 0x90) return 0;  // over-long
        if (lead == 0xF4 && at(1) > 0x8F) return 0;  // beyond U+10FFFF
        return tail(1) && tail(2) && tail(3) ? 4 : 0;
    }
    return 0;
}

std::string to_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        std::size_t size = utf8_sequence(text);
        out.append(size ? text.substr(0, size) : kReplacement);
        text.remove_prefix(size ? size : 1);
    }
    return out;
}

}  // namespace weir::telemetry
