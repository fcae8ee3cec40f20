// Comparisons, membership, indices and sizes.
#include <cmath>

#include "cel/compare.h"
#include "cel/functions.h"
#include "cel/utf8.h"

namespace weir::cel {
namespace {

Value equality(Call& call, bool wanted) {
    const bool same = equal(call.run, call[0], call[1]);
    return call.run.over() ? call.run.over_failure() : Value::boolean(same == wanted);
}

Value ordered(Call& call, bool (*holds)(std::partial_ordering)) {
    const auto found = order(call[0], call[1]);
    if (!found) return no_overload();
    return Value::boolean(holds(*found));
}

Value list_item(const ListView& list, const Value& index, Arena& arena) {
    uint64_t at = 0;
    if (index.is(Kind::integer)) {
        if (index.as_integer() < 0) return Value::failure(Failure::index_out_of_range);
        at = static_cast<uint64_t>(index.as_integer());
    } else if (index.is(Kind::natural)) {
        at = index.as_natural();
    } else if (index.is(Kind::real)) {
        const double d = index.as_real();
        if (std::isnan(d) || d != std::floor(d)) return Value::failure(Failure::invalid_index);
        if (d < 0 || d > 9007199254740992.0) return Value::failure(Failure::index_out_of_range);
        at = static_cast<uint64_t>(d);
    } else {
        return Value::failure(Failure::invalid_index);
    }
    if (at >= list.size()) return Value::failure(Failure::index_out_of_range);
    return list.at(at, arena);
}

}  // namespace

Value equals(Call& call) {
    return equality(call, true);
}
Value differs(Call& call) {
    return equality(call, false);
}
Value less(Call& call) {
    return ordered(call, [](std::partial_ordering o) { return o < 0; });
}
Value less_or_equal(Call& call) {
    return ordered(call, [](std::partial_ordering o) { return o <= 0; });
}
Value greater(Call& call) {
    return ordered(call, [](std::partial_ordering o) { return o > 0; });
}
Value greater_or_equal(Call& call) {
    return ordered(call, [](std::partial_ordering o) { return o >= 0; });
}

Value contained_in(Call& call) {
    if (call[1].is(Kind::map))
        return Value::boolean(call.run.find(call[1].as_map(), call[0]).has_value());
    if (!call[1].is(Kind::list)) return no_overload();
    const ListView& list = call[1].as_list();
    for (size_t i = 0; i < list.size() && !call.run.over(); ++i)
        if (equal(call.run, call[0], list.at(i, call.run.arena))) return Value::boolean(true);
    return call.run.over() ? call.run.over_failure() : Value::boolean(false);
}

Value index(Call& call) {
    if (call[0].is(Kind::list)) return list_item(call[0].as_list(), call[1], call.run.arena);
    if (!call[0].is(Kind::map)) return no_overload();
    const auto found = call.run.find(call[0].as_map(), call[1]);
    return found ? *found : Value::failure(Failure::no_such_key);
}

Value size(Call& call) {
    const Value& a = call[0];
    auto whole = [](size_t n) { return Value::integer(static_cast<int64_t>(n)); };
    if (a.is(Kind::list)) return whole(a.as_list().size());
    if (a.is(Kind::map)) return whole(a.as_map().size());
    if (a.is(Kind::bytes)) return whole(a.text().size());
    if (!a.is(Kind::string)) return no_overload();
    if (!call.run.charge_text(a.text().size())) return call.run.over_failure();
    return whole(count_characters(a.text()));
}

}  // namespace weir::cel
