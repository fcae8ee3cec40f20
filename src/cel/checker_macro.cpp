// Macros: their loop variables live in slots of the evaluation, numbered by how deep they are.
#include <fmt/format.h>

#include "cel/checker.h"

namespace weir::cel {

Result<Type> Checker::macro(Id id) {
    WEIR_TRY(Type range, check(child(id, 0)));
    const size_t outer = locals_.size();
    WEIR_CHECK(declare_loop(id, inference_.resolve(range)));
    ast_.slots = std::max(ast_.slots, static_cast<uint32_t>(locals_.size()));
    const Id predicate = child(id, 1);
    if (predicate != Node::kNone) WEIR_CHECK(want_boolean(predicate, "the test of a macro"));
    WEIR_TRY(Type result, macro_result(id, range));
    locals_.resize(outer);
    return result;
}

/// Declares the loop variables and makes the node name their slots.
Result<void> Checker::declare_loop(Id id, const Type& range) {
    Type first = Type::dyn();
    Type second = Type::dyn();
    const bool two = node(id).second != Node::kNone;
    if (range.is(Kind::list)) {
        first = two ? Type::integer() : range.arguments()[0];
        second = range.arguments()[0];
    } else if (range.is(Kind::map)) {
        first = range.arguments()[0];
        second = range.arguments()[1];
    } else if (!range.is_dyn() && !range.is_parameter() && environment_.checked()) {
        return refuse_at(
            id, fmt::format("a macro goes through a list or a map, this is {}", range.to_string()));
    }
    locals_.push_back({node(id).name, first});
    node(id).name = static_cast<uint32_t>(locals_.size() - 1);
    if (two) {
        locals_.push_back({node(id).second, second});
        node(id).second = static_cast<uint32_t>(locals_.size() - 1);
    }
    return {};
}

Result<Type> Checker::macro_result(Id id, const Type& range) {
    const Macro macro = node(id).macro;
    if (macro == Macro::filter) {
        Type known = inference_.resolve(range);
        if (known.is(Kind::list)) return known;
        if (known.is(Kind::map)) return Type::list(known.arguments()[0]);
        return Type::list(Type::dyn());
    }
    if (child(id, 2) == Node::kNone) return Type::boolean();
    WEIR_TRY(Type made, check(child(id, 2)));
    if (macro != Macro::transform_map) return Type::list(made);
    const Type known = inference_.resolve(range);
    if (known.is(Kind::map)) return Type::map(known.arguments()[0], made);
    return Type::map(known.is(Kind::list) ? Type::integer() : Type::dyn(), made);
}

}  // namespace weir::cel
