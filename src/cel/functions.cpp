// The table of functions. Overloads are written as "arguments:result", a letter for each type:
//   b bool, i int, u uint, d double, s string, y bytes, t timestamp, r duration, T type, D dyn,
//   A and B any type (the same wherever it stands), L list(A), M map(A, B), S list(string)
// and a dot behind the first argument of a member call, target.f(…).
#include "cel/functions.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"

namespace weir::cel {
namespace {

struct Row {
    std::string_view name;
    std::string_view overloads;  ///< with a space between them
    Implementation implementation;
};

constexpr std::string_view kOrdered =
    "bb:b ii:b uu:b dd:b ss:b yy:b tt:b rr:b iu:b id:b ui:b ud:b di:b du:b";

constexpr Row kRows[] = {
    {"_+_", "ii:i uu:u dd:d ss:s yy:y LL:L tr:t rt:t rr:r", add},
    {"_-_", "ii:i uu:u dd:d tt:r tr:t rr:r", subtract},
    {"_*_", "ii:i uu:u dd:d", multiply},
    {"_/_", "ii:i uu:u dd:d", divide},
    {"_%_", "ii:i uu:u", modulo},
    {"-_", "i:i d:d r:r", negate},
    {"!_", "b:b", logical_not},
    {"_==_", "AA:b", equals},
    {"_!=_", "AA:b", differs},
    {"_<_", kOrdered, less},
    {"_<=_", kOrdered, less_or_equal},
    {"_>_", kOrdered, greater},
    {"_>=_", kOrdered, greater_or_equal},
    {"@in", "AL:b AM:b", contained_in},
    {"_[_]", "Li:A MA:B", index},
    {"size", "s:i y:i L:i M:i s.:i y.:i L.:i M.:i", size},

    {"type", "A:T", to_type},
    {"dyn", "A:D", to_dyn},
    {"bool", "b:b s:b", to_bool},
    {"int", "i:i u:i d:i s:i t:i", to_int},
    {"uint", "u:u i:u d:u s:u", to_uint},
    {"double", "d:d i:d u:d s:d", to_double},
    {"string", "s:s b:s i:s u:s d:s y:s t:s r:s", to_string},
    {"bytes", "y:y s:y", to_bytes},
    {"timestamp", "t:t s:t i:t", to_timestamp},
    {"duration", "r:r s:r", to_duration},

    {"contains", "s.s:b", contains},
    {"startsWith", "s.s:b", starts_with},
    {"endsWith", "s.s:b", ends_with},
    {"matches", "s.s:b ss:b", matches},

    {"charAt", "s.i:s", char_at},
    {"indexOf", "s.s:i s.si:i", index_of},
    {"lastIndexOf", "s.s:i s.si:i", last_index_of},
    {"substring", "s.i:s s.ii:s", substring},
    {"lowerAscii", "s.:s", lower_ascii},
    {"upperAscii", "s.:s", upper_ascii},
    {"trim", "s.:s", trim},
    {"reverse", "s.:s", reverse},
    {"replace", "s.ss:s s.ssi:s", replace},
    {"split", "s.s:S s.si:S", split},
    {"join", "S.:s S.s:s", join},
    {"strings.quote", "s:s", quote},
    {"format", "s.L:s", format},

    {"getFullYear", "t.:i t.s:i", get_full_year},
    {"getMonth", "t.:i t.s:i", get_month},
    {"getDate", "t.:i t.s:i", get_date},
    {"getDayOfMonth", "t.:i t.s:i", get_day_of_month},
    {"getDayOfWeek", "t.:i t.s:i", get_day_of_week},
    {"getDayOfYear", "t.:i t.s:i", get_day_of_year},
    {"getHours", "t.:i t.s:i r.:i", get_hours},
    {"getMinutes", "t.:i t.s:i r.:i", get_minutes},
    {"getSeconds", "t.:i t.s:i r.:i", get_seconds},
    {"getMilliseconds", "t.:i t.s:i r.:i", get_milliseconds},
};

Type type_of(char letter) {
    Type a = Type::parameter(0);
    switch (letter) {
        case 'b':
            return Type::boolean();
        case 'i':
            return Type::integer();
        case 'u':
            return Type::natural();
        case 'd':
            return Type::real();
        case 's':
            return Type::string();
        case 'y':
            return Type::of(Kind::bytes);
        case 't':
            return Type::of(Kind::timestamp);
        case 'r':
            return Type::of(Kind::duration);
        case 'T':
            return Type::of(Kind::type);
        case 'A':
            return a;
        case 'B':
            return Type::parameter(1);
        case 'L':
            return Type::list(a);
        case 'M':
            return Type::map(a, Type::parameter(1));
        case 'S':
            return Type::list(Type::string());
        default:
            WEIR_ASSERT(letter == 'D');
            return Type::dyn();
    }
}

Overload read(std::string_view signature) {
    Overload out;
    for (; signature[0] != ':'; signature.remove_prefix(1)) {
        if (signature[0] == '.')
            out.member = true;
        else
            out.arguments.push_back(type_of(signature[0]));
        out.generic |= std::string_view("ABLM").find(signature[0]) != std::string_view::npos;
    }
    out.result = type_of(signature[1]);
    WEIR_ASSERT(out.arguments.size() <= kMaxArguments);
    return out;
}

using Table = std::unordered_map<std::string_view, Function>;

const Table& table() {
    static const Table made = [] {
        Table out;
        for (const Row& row : kRows) {
            Function function{row.name, {}, row.implementation};
            for (auto rest = row.overloads; !rest.empty();) {
                const size_t end = std::min(rest.find(' '), rest.size());
                function.overloads.push_back(read(rest.substr(0, end)));
                rest.remove_prefix(std::min(end + 1, rest.size()));
            }
            out.emplace(row.name, std::move(function));
        }
        return out;
    }();
    return made;
}

std::string folded(std::string_view name) {
    std::string out;
    for (const char c : name)
        if (c != '_') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return out;
}

}  // namespace

const Function* find_function(std::string_view name) {
    const auto found = table().find(name);
    return found == table().end() ? nullptr : &found->second;
}

std::string_view similar_function(std::string_view name) {
    for (const Row& row : kRows)
        if (folded(row.name) == folded(name)) return row.name;
    return {};
}

bool Call::has(std::initializer_list<Kind> kinds) const {
    if (kinds.size() != arguments.size()) return false;
    for (size_t i = 0; i < kinds.size(); ++i)
        if (!arguments[i].is(kinds.begin()[i])) return false;
    return true;
}

}  // namespace weir::cel
