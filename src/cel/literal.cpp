#include "cel/literal.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "cel/utf8.h"

namespace weir::cel {
namespace {

std::optional<char> simple_escape(char c) {
    constexpr std::string_view kNames = "abfnrtv\\?\"'`";
    constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\?\"'`";
    const size_t at = kNames.find(c);
    if (at == std::string_view::npos) return std::nullopt;
    return kMeanings[at];
}

std::optional<char32_t> read_digits(std::string_view text, size_t count, int base) {
    if (text.size() < count) return std::nullopt;
    uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + count, value, base);
    if (error != std::errc() || end != text.data() + count) return std::nullopt;
    return value;
}

struct Numeric {
    char32_t code = 0;
    size_t length = 0;  ///< after the backslash
};

std::expected<Numeric, std::string_view> numeric_escape(std::string_view text, bool bytes) {
    const char c = text[0];
    if (c >= '0' && c <= '3') {
        const auto code = read_digits(text, 3, 8);
        if (!code) return std::unexpected("an octal escape has three digits, as \\101");
        return Numeric{*code, 3};
    }
    size_t digits = 0;
    if (c == 'x' || c == 'X') digits = 2;
    if (c == 'u') digits = 4;
    if (c == 'U') digits = 8;
    if (digits == 0)
        return std::unexpected("unknown escape; write \\\\ for a backslash, or use r'…'");
    if (bytes && digits > 2) return std::unexpected(R"(\u is for strings; in bytes write \x)");
    const auto code = read_digits(text.substr(1), digits, 16);
    if (!code) return std::unexpected(R"(a hexadecimal escape is \x41, \u0041 or \U00000041)");
    return Numeric{*code, digits + 1};
}

}  // namespace

std::expected<std::string, LiteralError> unescape(std::string_view body, bool bytes) {
    std::string out;
    size_t at = 0;
    while (at < body.size()) {
        const size_t backslash = std::min(body.find('\\', at), body.size());
        out.append(body.substr(at, backslash - at));
        if (backslash == body.size()) break;
        at = backslash + 1;  // the lexer never ends a text behind a lone backslash
        if (const auto plain = simple_escape(body[at])) {
            out += *plain;
            ++at;
            continue;
        }
        const auto numeric = numeric_escape(body.substr(at), bytes);
        if (!numeric) return std::unexpected(LiteralError{backslash, numeric.error()});
        if (bytes) {
            out += static_cast<char>(numeric->code);
        } else if (!append_code_point(out, numeric->code)) {
            return std::unexpected(LiteralError{backslash, "the escape names no character"});
        }
        at += numeric->length;
    }
    return out;
}

std::optional<uint64_t> read_natural(std::string_view digits) {
    int base = 10;
    if (digits.starts_with("0x") || digits.starts_with("0X")) {
        digits.remove_prefix(2);
        base = 16;
    }
    uint64_t value = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value, base);
    if (error != std::errc() || stop != end) return std::nullopt;
    return value;
}

std::optional<double> read_real(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    if (text.empty() || text[0] == '+') return std::nullopt;
    double value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (stop != end) return std::nullopt;
    if (error == std::errc()) return value;
    if (error != std::errc::result_out_of_range) return std::nullopt;
    value = std::strtod(std::string(text).c_str(), nullptr);  // tells too small from too large
    if (std::isinf(value)) return std::nullopt;
    return value;
}

}  // namespace weir::cel
