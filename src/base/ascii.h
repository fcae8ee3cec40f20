/// ASCII text as protocols use it: case folding and trimming that ignore the locale.
#pragma once
#include <string>
#include <string_view>

namespace weir {

constexpr char ascii_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

/// Equal but for ASCII case (header names, host names; RFC 9110 §5.1).
constexpr bool iequals(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i)
        if (ascii_lower(a[i]) != ascii_lower(b[i])) return false;
    return true;
}

constexpr bool istarts_with(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}

/// Without leading and trailing spaces and tabs (OWS, RFC 9110 §5.6.3) and, if asked, line ends.
constexpr std::string_view trim(std::string_view text, std::string_view set = " \t") {
    auto first = text.find_first_not_of(set);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(set) - first + 1);
}

inline std::string to_lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        c = ascii_lower(c);
    return out;
}

}  // namespace weir
