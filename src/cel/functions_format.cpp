// 'text'.format([…]), from cel-go's ext/strings: %s %d %f %e %b %o %x %X %%, with a precision for
// %f and %e.
#include <fmt/format.h>

#include <cmath>

#include "base/encoding.h"
#include "cel/functions.h"
#include "cel/print_value.h"

namespace weir::cel {
namespace {

constexpr int kDefaultPrecision = 6;
constexpr int kLargestPrecision = 100;

struct Clause {
    char letter = 0;
    int precision = kDefaultPrecision;
};

/// The clause behind a percent sign, which is removed from the text; nothing if it is none.
std::optional<Clause> read_clause(std::string_view& text) {
    Clause out;
    bool precise = false;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        precise = true;
        out.precision = 0;
        size_t digits = 0;
        for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; ++digits) {
            out.precision = std::min(out.precision * 10 + (text[0] - '0'), kLargestPrecision + 1);
            text.remove_prefix(1);
        }
        if (digits == 0 || out.precision > kLargestPrecision) return std::nullopt;
    }
    if (text.empty() || std::string_view("sdfeboxX").find(text[0]) == std::string_view::npos)
        return std::nullopt;
    out.letter = text[0];
    text.remove_prefix(1);
    if (precise && out.letter != 'f' && out.letter != 'e') return std::nullopt;
    return out;
}

std::optional<std::string> whole(const Value& value, char letter) {
    auto print = [letter](auto number) {
        switch (letter) {
            case 'b':
                return fmt::format("{:b}", number);
            case 'o':
                return fmt::format("{:o}", number);
            case 'x':
                return fmt::format("{:x}", number);
            case 'X':
                return fmt::format("{:X}", number);
            default:
                return fmt::format("{}", number);
        }
    };
    if (value.is(Kind::integer)) return print(value.as_integer());
    if (value.is(Kind::natural)) return print(value.as_natural());
    return std::nullopt;
}

std::optional<std::string> real(const Value& value, const Clause& clause) {
    double d = 0;
    if (value.is(Kind::real))
        d = value.as_real();
    else if (value.is(Kind::integer))
        d = static_cast<double>(value.as_integer());
    else if (value.is(Kind::natural))
        d = static_cast<double>(value.as_natural());
    else
        return std::nullopt;
    if (!std::isfinite(d)) return print_real(d);
    return clause.letter == 'f' ? fmt::format("{:.{}f}", d, clause.precision)
                                : fmt::format("{:.{}e}", d, clause.precision);
}

std::string hexadecimal(std::string_view bytes, bool upper) {
    std::string out = hex_encode(bytes);
    if (upper)
        for (char& c : out)
            if (c >= 'a') c = static_cast<char>(c - 32);
    return out;
}

/// Adds the argument as the clause wants it; false if it cannot be.
bool add_argument(Call& call, const Value& value, const Clause& clause, TextBuilder& out) {
    std::optional<std::string> text;
    switch (clause.letter) {
        case 's':
            print_value(call.run, value, out);
            return true;
        case 'f':
        case 'e':
            text = real(value, clause);
            break;
        case 'd':
            text = whole(value, 'd');
            if (value.is(Kind::real) && !std::isfinite(value.as_real()))
                text = print_real(value.as_real());
            break;
        case 'b':
            text = value.is(Kind::boolean) ? value.as_boolean() ? "1" : "0" : whole(value, 'b');
            break;
        default:
            text = whole(value, clause.letter);
            if (clause.letter != 'o' && (value.is(Kind::string) || value.is(Kind::bytes)) &&
                value.text().size() <= call.run.arena.room())
                text = hexadecimal(value.text(), clause.letter == 'X');
    }
    if (text) out.add(*text);
    return text.has_value();
}

}  // namespace

Value format(Call& call) {
    if (!call.has({Kind::string, Kind::list})) return no_overload();
    const ListView& arguments = call[1].as_list();
    const Value misfit = Value::failure(Failure::format);
    TextBuilder out(call.run);
    size_t used = 0;
    for (auto text = call[0].text(); !text.empty();) {
        if (!call.run.charge(1)) return call.run.over_failure();
        const size_t percent = text.find('%');
        out.add(text.substr(0, percent));
        if (percent == std::string_view::npos) break;
        text.remove_prefix(percent + 1);
        if (text.starts_with('%')) {
            out.add("%");
            text.remove_prefix(1);
            continue;
        }
        const auto clause = read_clause(text);
        if (!clause || used >= arguments.size()) return misfit;
        const Value argument = arguments.at(used++, call.run.arena);
        if (!add_argument(call, argument, *clause, out)) return misfit;
    }
    return call.run.over() ? call.run.over_failure() : out.finish();
}

}  // namespace weir::cel
