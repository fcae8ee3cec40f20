#include "cel/print_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "cel/time.h"

namespace weir::cel {

std::string print_real(double d) {
    if (std::isnan(d)) return "NaN";
    if (std::isinf(d)) return d > 0 ? "Infinity" : "-Infinity";
    return fmt::format("{}", d);
}

std::string print_scalar(const Value& value) {
    switch (value.kind()) {
        case Kind::boolean:
            return value.as_boolean() ? "true" : "false";
        case Kind::integer:
            return fmt::to_string(value.as_integer());
        case Kind::natural:
            return fmt::to_string(value.as_natural());
        case Kind::real:
            return print_real(value.as_real());
        case Kind::string:
        case Kind::bytes:
            return std::string(value.text());
        case Kind::timestamp:
            return print_timestamp(value.as_timestamp());
        case Kind::duration:
            return print_duration(value.as_duration());
        case Kind::type:
            return std::string(type_name(value.as_type()));
        default:
            return "null";
    }
}

namespace {

void print_list(Run& run, const ListView& list, TextBuilder& out) {
    out.add("[");
    for (size_t i = 0; i < list.size() && run.charge(1); ++i) {
        if (i) out.add(", ");
        print_value(run, list.at(i, run.arena), out);
    }
    out.add("]");
}

void print_map(Run& run, const MapView& map, TextBuilder& out) {
    std::vector<std::pair<std::string, size_t>> keys;
    for (size_t i = 0; i < map.size() && run.charge(1); ++i)
        keys.emplace_back(print_scalar(map.key(i, run.arena)), i);
    std::sort(keys.begin(), keys.end());
    out.add("{");
    for (const auto& [key, i] : keys) {
        if (run.over()) return;
        out.add(&key == &keys.front().first ? "" : ", ");
        out.add(key);
        out.add(": ");
        print_value(run, map.value(i, run.arena), out);
    }
    out.add("}");
}

}  // namespace

void print_value(Run& run, const Value& value, TextBuilder& out) {
    const Run::Nested nested(run);
    if (!nested) return;
    if (value.is(Kind::list)) return print_list(run, value.as_list(), out);
    if (value.is(Kind::map)) return print_map(run, value.as_map(), out);
    if (value.is(Kind::string) || value.is(Kind::bytes)) return out.add(value.text());
    out.add(print_scalar(value));
}

}  // namespace weir::cel
