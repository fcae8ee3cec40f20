/// The functions and operators of the language: their types, for the checker, and what they do.
///
/// An implementation looks at the kinds of its arguments itself and answers no_such_overload for
/// those it does not know, because with `dyn` they are known only then. None of its arguments is a
/// failure. Threads: the table is immutable.
#pragma once
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "cel/run.h"
#include "cel/type.h"
#include "cel/value.h"

namespace weir::cel {

struct Overload {
    bool member = false;   ///< target.f(…)
    bool generic = false;  ///< has type parameters
    std::vector<Type> arguments;
    Type result;
};

/// What a call gets.
struct Call {
    Run& run;
    std::span<const Value> arguments;  ///< a member call's target first
    const void* prepared = nullptr;

    const Value& operator[](size_t i) const { return arguments[i]; }
    size_t size() const { return arguments.size(); }
    /// True if there are just these arguments.
    bool has(std::initializer_list<Kind> kinds) const;
};

using Implementation = Value (*)(Call&);

struct Function {
    std::string_view name;  ///< operators: "_+_", "-_", "@in", "_[_]"
    std::vector<Overload> overloads;
    Implementation implementation;
};

/// Null if there is none of that name.
const Function* find_function(std::string_view name);
/// For messages: names that resemble it, or empty.
std::string_view similar_function(std::string_view name);

/// No function has more.
inline constexpr size_t kMaxArguments = 4;

}  // namespace weir::cel
