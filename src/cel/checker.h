/// Names to variables, calls to functions, and everything to its type.
///
/// Works in place on a parsed tree. With checking on, the first mistake is config.invalid with its
/// column and a remedy; without, what cannot be resolved becomes a node that fails when it is
/// evaluated. Used once per compilation. Rules: cel-spec, doc/langdef.md, "Gradual Type Checking",
/// "Name Resolution".
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cel/ast.h"
#include "cel/environment.h"
#include "cel/prepared.h"
#include "cel/type.h"

namespace weir::cel {

class Checker {
public:
    Checker(Ast& ast, const Environment& environment, Prepared& prepared)
        : ast_(ast), environment_(environment), prepared_(prepared) {}
    /// The type of the whole expression.
    Result<Type> run();

private:
    using Id = uint32_t;
    struct Local {
        uint32_t name = 0;
        Type type;
    };

    Result<Type> check(Id id);
    Result<Type> identifier(Id id);
    Result<Type> select(Id id);
    Result<Type> field_type(const Type& operand, Id id);
    Result<Type> list(Id id);
    Result<Type> map(Id id);
    Result<Type> logical(Id id);
    Result<Type> conditional(Id id);

    // checker_call.cpp
    Result<Type> call(Id id);
    Result<Type> member_call(Id id);
    Result<Type> resolve_call(Id id, bool member);
    std::optional<Type> match(const Function& function, bool member,
                              const std::vector<Type>& arguments);
    std::unexpected<Error> no_overload(Id id, bool member, const std::vector<Type>& arguments);
    Result<void> prepare(Id id);

    // checker_macro.cpp
    Result<Type> macro(Id id);
    Result<void> declare_loop(Id id, const Type& range);
    Result<Type> macro_result(Id id, const Type& range);
    Result<void> want_boolean(Id id, std::string_view where);

    Node& node(Id id) { return ast_.nodes[id]; }
    Id child(Id id, size_t i) const { return ast_.links[ast_.nodes[id].first + i]; }
    std::unexpected<Error> refuse_at(Id id, std::string_view why) const;
    /// Refuses, or, unchecked, makes the node fail.
    Result<Type> give_up(Id id, Failure why, std::string_view text);
    /// "a.b.c" for a chain of names that begins with no loop variable.
    std::optional<std::string> qualified(Id id) const;
    std::optional<uint32_t> find_local(uint32_t name) const;
    /// Makes the node a variable or a type's name, if that is what `name` is.
    std::optional<Type> resolve_name(Id id, const std::string& name);
    std::string known_variables() const;

    Ast& ast_;
    const Environment& environment_;
    Prepared& prepared_;
    Inference inference_;
    std::vector<Local> locals_;  ///< by slot
};

}  // namespace weir::cel
