// Macros: loops over a list or a map. Each turn costs a step, and what it evaluates.
#include "cel/evaluator.h"

namespace weir::cel {

/// What is gone through: one of the two.
struct Evaluator::Loop {
    const ListView* list = nullptr;
    const MapView* map = nullptr;
    size_t size() const { return list ? list->size() : map->size(); }
};

Value Evaluator::macro(const Node& node) {
    const Value range = value(child(node, 0));
    if (range.is_failure()) return range;
    Loop loop;
    if (range.is(Kind::list))
        loop.list = &range.as_list();
    else if (range.is(Kind::map))
        loop.map = &range.as_map();
    else
        return Value::failure(Failure::no_such_overload);
    switch (node.macro) {
        case Macro::all:
            return decide(node, loop, false);
        case Macro::exists:
            return decide(node, loop, true);
        case Macro::exists_one:
            return exactly_one(node, loop);
        case Macro::transform_map:
            return collect_map(node, loop);
        default:
            return collect(node, loop);
    }
}

/// Gives the loop variables their values for turn `i`.
void Evaluator::bind(const Node& node, const Loop& loop, size_t i) {
    run_.charge(1);
    const bool two = node.second != Node::kNone;
    if (loop.map) {
        locals_[node.name] = loop.map->key(i, run_.arena);
        if (two) locals_[node.second] = loop.map->value(i, run_.arena);
    } else if (two) {
        locals_[node.name] = Value::integer(static_cast<int64_t>(i));
        locals_[node.second] = loop.list->at(i, run_.arena);
    } else {
        locals_[node.name] = loop.list->at(i, run_.arena);
    }
}

/// The predicate for the current turn: a boolean or a failure.
Value Evaluator::test(const Node& node) {
    const Value out = value(child(node, 1));
    return out.is(Kind::boolean) ? out : not_boolean(out).at(node.position);
}

/// all() and exists(): && and || over the turns, failures forgiven likewise.
Value Evaluator::decide(const Node& node, const Loop& loop, bool decisive) {
    Value undecided = Value::boolean(!decisive);
    const size_t size = loop.size();
    for (size_t i = 0; i < size; ++i) {
        bind(node, loop, i);
        if (run_.over()) return run_.over_failure();
        const Value holds = test(node);
        if (holds.is_failure()) {
            if (!undecided.is_failure()) undecided = holds;
        } else if (holds.as_boolean() == decisive) {
            return holds;
        }
    }
    return undecided;
}

Value Evaluator::exactly_one(const Node& node, const Loop& loop) {
    size_t count = 0;
    const size_t size = loop.size();
    for (size_t i = 0; i < size; ++i) {
        bind(node, loop, i);
        if (run_.over()) return run_.over_failure();
        const Value holds = test(node);
        if (holds.is_failure()) return holds;
        if (holds.as_boolean()) ++count;
    }
    return Value::boolean(count == 1);
}

/// map(), filter(), transformList().
Value Evaluator::collect(const Node& node, const Loop& loop) {
    const size_t size = loop.size();
    auto items = run_.arena.array<Value>(size);
    size_t count = 0;
    for (size_t i = 0; i < size; ++i) {
        if (run_.over()) return run_.over_failure();
        bind(node, loop, i);
        if (child(node, 1) != Node::kNone) {
            const Value keep = test(node);
            if (keep.is_failure()) return keep;
            if (!keep.as_boolean()) continue;
        }
        const bool filter = node.macro == Macro::filter;
        items[count] = filter ? locals_[node.name] : value(child(node, 2));
        if (items[count].is_failure()) return items[count];
        ++count;
    }
    return run_.list(items.first(count));
}

Value Evaluator::collect_map(const Node& node, const Loop& loop) {
    const size_t size = loop.size();
    auto entries = run_.arena.array<Value>(2 * size);
    size_t count = 0;
    for (size_t i = 0; i < size; ++i) {
        if (run_.over()) return run_.over_failure();
        bind(node, loop, i);
        const Value key = locals_[node.name];
        if (child(node, 1) != Node::kNone) {
            const Value keep = test(node);
            if (keep.is_failure()) return keep;
            if (!keep.as_boolean()) continue;
        }
        const Value made = value(child(node, 2));
        if (made.is_failure()) return made;
        entries[count++] = key;
        entries[count++] = made;
    }
    return run_.map(entries.first(count));
}

}  // namespace weir::cel
