#include "cel/evaluator.h"

#include "cel/function.h"

namespace weir::cel {

Value Evaluator::evaluate() {
    locals_ = run_.arena.array<Value>(ast_.slots);
    if (run_.over()) return run_.over_failure();
    const Value out = value(ast_.root);
    return run_.over() ? run_.over_failure() : out;
}

Value Evaluator::value(Id id) {
    const Node& node = ast_.nodes[id];
    run_.charge(1);  // loops stop when the steps are used up; the rest of a turn is short
    switch (node.op) {
        case Op::literal:
            return ast_.literals[node.name];
        case Op::variable:
            return activation_.variable(node.name, run_.arena).at(node.position);
        case Op::local:
            return locals_[node.name];
        case Op::call:
            return call(node);
        case Op::select:
        case Op::test:
            return select(node).at(node.position);
        case Op::conjunction:
            return logical(node, false);
        case Op::disjunction:
            return logical(node, true);
        case Op::conditional:
            return conditional(node);
        case Op::list:
            return list(node).at(node.position);
        case Op::map:
            return map(node).at(node.position);
        case Op::macro:
            return macro(node).at(node.position);
        case Op::failure:
            return Value::failure(node.why, node.position);
        case Op::identifier:
        case Op::member_call:
            break;  // the checker leaves none
    }
    return Value::failure(Failure::unknown_function, node.position);
}

Value Evaluator::select(const Node& node) {
    const Value operand = value(child(node, 0));
    if (operand.is_failure()) return operand;
    if (!operand.is(Kind::map)) return Value::failure(Failure::no_such_overload);
    const auto found = run_.find(operand.as_map(), ast_.literals[node.name]);
    if (node.op == Op::test) return Value::boolean(found.has_value());
    return found ? *found : Value::failure(Failure::no_such_key);
}

Value Evaluator::list(const Node& node) {
    auto items = run_.arena.array<Value>(node.count);
    if (run_.over()) return run_.over_failure();
    for (size_t i = 0; i < items.size(); ++i) {
        items[i] = value(child(node, i));
        if (items[i].is_failure()) return items[i];
    }
    return run_.list(items);
}

Value Evaluator::map(const Node& node) {
    auto entries = run_.arena.array<Value>(node.count);
    if (run_.over()) return run_.over_failure();
    for (size_t i = 0; i < entries.size(); ++i) {
        entries[i] = value(child(node, i));
        if (entries[i].is_failure()) return entries[i];
    }
    return run_.map(entries);
}

Value Evaluator::call(const Node& node) {
    Value arguments[kMaxArguments];
    for (size_t i = 0; i < node.count; ++i) {
        arguments[i] = value(child(node, i));
        if (arguments[i].is_failure()) return arguments[i];
    }
    Call call{run_, {arguments, node.count}, node.prepared};
    return node.function->implementation(call).at(node.position);
}

/// `decisive` is the operand that settles the matter: false for &&, true for ||.
Value Evaluator::logical(const Node& node, bool decisive) {
    Value undecided = Value::boolean(!decisive);
    for (size_t i = 0; i < node.count; ++i) {
        const Value operand = value(child(node, i));
        if (run_.over()) return run_.over_failure();
        if (operand.is(Kind::boolean)) {
            if (operand.as_boolean() == decisive) return operand;
        } else if (!undecided.is_failure()) {
            undecided = not_boolean(operand).at(node.position);
        }
    }
    return undecided;
}

Value Evaluator::conditional(const Node& node) {
    size_t i = 0;
    for (; i + 1 < node.count; i += 2) {
        const Value condition = value(child(node, i));
        if (condition.is_true()) return value(child(node, i + 1));
        if (!condition.is_false()) return not_boolean(condition).at(node.position);
    }
    return value(child(node, i));
}

}  // namespace weir::cel
