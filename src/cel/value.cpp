#include "cel/value.h"

#include <array>

namespace weir::cel {
namespace {

// By Kind.
constexpr std::array<std::string_view, 13> kTypeNames{"null_type",
                                                      "bool",
                                                      "int",
                                                      "uint",
                                                      "double",
                                                      "string",
                                                      "bytes",
                                                      "list",
                                                      "map",
                                                      "google.protobuf.Timestamp",
                                                      "google.protobuf.Duration",
                                                      "type",
                                                      "failure"};

}  // namespace

std::string_view type_name(Kind kind) {
    return kTypeNames[static_cast<size_t>(kind)];
}

std::optional<Kind> kind_from_type_name(std::string_view name) {
    for (size_t i = 0; i < static_cast<size_t>(Kind::failure); ++i)
        if (kTypeNames[i] == name) return static_cast<Kind>(i);
    return std::nullopt;
}

std::string_view describe(Failure failure) {
    switch (failure) {
        case Failure::no_such_overload:
            return "no such overload: the operation is not defined for values of these types; "
                   "convert them with int(), uint(), double() or string()";
        case Failure::division_by_zero:
            return "division by zero; guard it, as in d == 0u ? 0u : n / d";
        case Failure::modulus_by_zero:
            return "modulus by zero; guard it, as in d == 0u ? 0u : n % d";
        case Failure::overflow:
            return "integer overflow; the result does not fit 64 bits";
        case Failure::natural_overflow:
            return "unsigned integer overflow; the result is negative or does not fit 64 bits";
        case Failure::range:
            return "range error: the value does not fit the type it is converted to";
        case Failure::no_such_key:
            return "no such key; ask with has() or the operator in first";
        case Failure::index_out_of_range:
            return "index out of range; compare with size() first";
        case Failure::invalid_index:
            return "invalid_argument: the index of a list must be a whole number";
        case Failure::unsupported_key:
            return "unsupported key type; the keys of a map are strings, integers and booleans";
        case Failure::duplicate_key:
            return "the map has the same key twice; leave one out";
        case Failure::unknown_variable:
            return "unknown variable, or one that has no value here";
        case Failure::unknown_function:
            return "unbound function; see docs/cel.md for those that exist";
        case Failure::invalid_utf8:
            return "invalid UTF-8 in bytes that become a string";
        case Failure::conversion:
            return "type conversion error: the text does not spell a value of that type";
        case Failure::regex:
            return "the regular expression is refused; its syntax is RE2's";
        case Failure::time_zone:
            return "unknown time zone; use an offset as +01:00 or a name as Europe/Berlin";
        case Failure::format:
            return "the format string does not fit its arguments";
        case Failure::steps:
            return "the evaluation takes too many steps; use smaller lists or fewer macros";
        case Failure::memory:
            return "the evaluation needs too much memory; build smaller strings and lists";
    }
    return "failure";
}

Value Value::timestamp(Timestamp t) {
    Value out = make(Kind::timestamp, &Value::integer_, t.seconds);
    out.extra_ = static_cast<uint32_t>(t.nanos);
    return out;
}

Value Value::type(Kind kind) {
    Value out(Kind::type);
    out.detail_ = static_cast<uint8_t>(kind);
    return out;
}

Value Value::failure(Failure failure, uint32_t position) {
    Value out(Kind::failure);
    out.detail_ = static_cast<uint8_t>(failure);
    out.extra_ = position;
    return out;
}

Value Value::at(uint32_t position) const {
    Value out = *this;
    if (is_failure() && extra_ == kNowhere) out.extra_ = position;
    return out;
}

}  // namespace weir::cel
