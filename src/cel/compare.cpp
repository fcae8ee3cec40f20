#include "cel/compare.h"

namespace weir::cel {
namespace {

double to_real(const Value& v) {
    if (v.is(Kind::integer)) return static_cast<double>(v.as_integer());
    if (v.is(Kind::natural)) return static_cast<double>(v.as_natural());
    return v.as_real();
}

std::partial_ordering order_numbers(const Value& a, const Value& b) {
    if (a.is(Kind::real) || b.is(Kind::real)) return to_real(a) <=> to_real(b);
    if (a.is(Kind::integer) && b.is(Kind::integer)) return a.as_integer() <=> b.as_integer();
    if (a.is(Kind::natural) && b.is(Kind::natural)) return a.as_natural() <=> b.as_natural();
    const Value& whole = a.is(Kind::integer) ? a : b;
    if (whole.as_integer() < 0)
        return a.is(Kind::integer) ? std::partial_ordering::less : std::partial_ordering::greater;
    auto natural = [](const Value& v) {
        return v.is(Kind::natural) ? v.as_natural() : static_cast<uint64_t>(v.as_integer());
    };
    return natural(a) <=> natural(b);
}

bool equal_lists(Run& run, const ListView& a, const ListView& b) {
    const Run::Nested nested(run);
    if (!nested || a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i)
        if (!equal(run, a.at(i, run.arena), b.at(i, run.arena))) return false;
    return true;
}

bool equal_maps(Run& run, const MapView& a, const MapView& b) {
    const Run::Nested nested(run);
    if (!nested || a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i) {
        const auto other = run.find(b, a.key(i, run.arena));
        if (!other || !equal(run, a.value(i, run.arena), *other)) return false;
    }
    return true;
}

}  // namespace

bool same_scalar(const Value& a, const Value& b) {
    if (a.is(Kind::null) && b.is(Kind::null)) return true;
    if (a.is(Kind::type) && b.is(Kind::type)) return a.as_type() == b.as_type();
    const auto found = order(a, b);
    return found && *found == std::partial_ordering::equivalent;
}

std::optional<std::partial_ordering> order(const Value& a, const Value& b) {
    if (a.is_number() && b.is_number()) return order_numbers(a, b);
    if (a.kind() != b.kind()) return std::nullopt;
    switch (a.kind()) {
        case Kind::boolean:
            return a.as_boolean() <=> b.as_boolean();
        case Kind::string:
        case Kind::bytes:
            return a.text().compare(b.text()) <=> 0;  // of UTF-8: the order of code points
        case Kind::timestamp:
            return a.as_timestamp() <=> b.as_timestamp();
        case Kind::duration:
            return a.as_duration() <=> b.as_duration();
        default:
            return std::nullopt;
    }
}

bool equal(Run& run, const Value& a, const Value& b) {
    if (!run.charge(1)) return false;
    if (a.is(Kind::list) && b.is(Kind::list)) return equal_lists(run, a.as_list(), b.as_list());
    if (a.is(Kind::map) && b.is(Kind::map)) return equal_maps(run, a.as_map(), b.as_map());
    return same_scalar(a, b);
}

}  // namespace weir::cel
