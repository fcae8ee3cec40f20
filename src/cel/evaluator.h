/// Runs a checked tree. One Evaluator per evaluation, on its thread; the tree is only read.
///
/// A failure is a value that every operation passes on, except && and || (and the macros all and
/// exists, which are made of them): these forgive it if the other side decides. Depth is bounded by
/// the tree's, which the parser limits. Semantics: cel-spec, doc/langdef.md, "Evaluation".
#pragma once
#include <span>

#include "cel/ast.h"
#include "cel/environment.h"
#include "cel/run.h"

namespace weir::cel {

class Evaluator {
public:
    Evaluator(const Ast& ast, const Activation& activation, Run& run)
        : ast_(ast), activation_(activation), run_(run) {}
    Value evaluate();

private:
    using Id = uint32_t;

    Value value(Id id);
    Value select(const Node& node);
    Value list(const Node& node);
    Value map(const Node& node);
    Value call(const Node& node);
    Value logical(const Node& node, bool decisive);
    Value conditional(const Node& node);

    // evaluator_macro.cpp
    struct Loop;
    Value macro(const Node& node);
    void bind(const Node& node, const Loop& loop, size_t i);
    Value decide(const Node& node, const Loop& loop, bool decisive);
    Value exactly_one(const Node& node, const Loop& loop);
    Value collect(const Node& node, const Loop& loop);
    Value collect_map(const Node& node, const Loop& loop);
    Value test(const Node& node);

    Id child(const Node& node, size_t i) const { return ast_.links[node.first + i]; }

    const Ast& ast_;
    const Activation& activation_;
    Run& run_;
    std::span<Value> locals_;
};

/// What && and || make of an operand that is no boolean.
inline Value not_boolean(const Value& v) {
    return v.is_failure() ? v : Value::failure(Failure::no_such_overload);
}

}  // namespace weir::cel
