// Conversions between types. What does not fit is a failure, never cut off.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "cel/functions.h"
#include "cel/literal.h"
#include "cel/print_value.h"
#include "cel/time.h"
#include "cel/utf8.h"

namespace weir::cel {
namespace {

Value out_of_range() {
    return Value::failure(Failure::range);
}
Value no_conversion() {
    return Value::failure(Failure::conversion);
}

template <class T>
std::optional<T> read_whole(std::string_view text) {
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
    T value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
    return value;
}

constexpr double kTwo63 = 9223372036854775808.0;
constexpr double kTwo64 = 18446744073709551616.0;

}  // namespace

Value to_type(Call& call) {
    return Value::type(call[0].kind());
}

Value to_dyn(Call& call) {
    return call[0];
}

Value to_bool(Call& call) {
    constexpr std::array<std::string_view, 5> kTrue{"1", "t", "true", "TRUE", "True"};
    constexpr std::array<std::string_view, 5> kFalse{"0", "f", "false", "FALSE", "False"};
    const Value& a = call[0];
    if (a.is(Kind::boolean)) return a;
    if (!a.is(Kind::string)) return no_overload();
    if (std::find(kTrue.begin(), kTrue.end(), a.text()) != kTrue.end()) return Value::boolean(true);
    if (std::find(kFalse.begin(), kFalse.end(), a.text()) != kFalse.end())
        return Value::boolean(false);
    return no_conversion();
}

Value to_int(Call& call) {
    const Value& a = call[0];
    switch (a.kind()) {
        case Kind::integer:
            return a;
        case Kind::natural:
            if (a.as_natural() > INT64_MAX) return out_of_range();
            return Value::integer(static_cast<int64_t>(a.as_natural()));
        case Kind::real:
            if (!(a.as_real() > -kTwo63 && a.as_real() < kTwo63)) return out_of_range();
            return Value::integer(static_cast<int64_t>(a.as_real()));
        case Kind::string: {
            const auto value = read_whole<int64_t>(a.text());
            return value ? Value::integer(*value) : no_conversion();
        }
        case Kind::timestamp:
            return Value::integer(a.as_timestamp().seconds);
        default:
            return no_overload();
    }
}

Value to_uint(Call& call) {
    const Value& a = call[0];
    switch (a.kind()) {
        case Kind::natural:
            return a;
        case Kind::integer:
            if (a.as_integer() < 0) return out_of_range();
            return Value::natural(static_cast<uint64_t>(a.as_integer()));
        case Kind::real:
            if (!(a.as_real() >= 0 && a.as_real() < kTwo64)) return out_of_range();
            return Value::natural(static_cast<uint64_t>(a.as_real()));
        case Kind::string: {
            const auto value = read_whole<uint64_t>(a.text());
            return value ? Value::natural(*value) : no_conversion();
        }
        default:
            return no_overload();
    }
}

Value to_double(Call& call) {
    const Value& a = call[0];
    switch (a.kind()) {
        case Kind::real:
            return a;
        case Kind::integer:
            return Value::real(static_cast<double>(a.as_integer()));
        case Kind::natural:
            return Value::real(static_cast<double>(a.as_natural()));
        case Kind::string: {
            const auto value = read_real(a.text());
            return value ? Value::real(*value) : no_conversion();
        }
        default:
            return no_overload();
    }
}

Value to_string(Call& call) {
    const Value& a = call[0];
    if (a.is(Kind::string)) return a;
    if (a.is(Kind::bytes)) {
        if (!call.run.charge_text(a.text().size())) return call.run.over_failure();
        return is_utf8(a.text()) ? Value::string(a.text()) : Value::failure(Failure::invalid_utf8);
    }
    if (a.is(Kind::list) || a.is(Kind::map) || a.is(Kind::null) || a.is(Kind::type))
        return no_overload();
    return call.run.string(print_scalar(a));
}

Value to_bytes(Call& call) {
    const Value& a = call[0];
    if (a.is(Kind::bytes)) return a;
    return a.is(Kind::string) ? Value::bytes(a.text()) : no_overload();
}

Value to_timestamp(Call& call) {
    const Value& a = call[0];
    if (a.is(Kind::timestamp)) return a;
    if (a.is(Kind::integer)) return timestamp_value({a.as_integer(), 0});
    if (!a.is(Kind::string)) return no_overload();
    const auto value = read_timestamp(a.text());
    return value ? timestamp_value(*value) : no_conversion();
}

Value to_duration(Call& call) {
    const Value& a = call[0];
    if (a.is(Kind::duration)) return a;
    if (!a.is(Kind::string)) return no_overload();
    const auto value = read_duration(a.text());
    if (!value) return no_conversion();
    return value->fits ? Value::duration(value->nanos) : out_of_range();
}

}  // namespace weir::cel
