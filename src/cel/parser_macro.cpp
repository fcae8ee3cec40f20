// Calls, and the macros among them: has(), all(), exists(), exists_one(), map(), filter() and those
// with two variables. cel-spec, doc/langdef.md, "Macros"; cel-go's ext/comprehensions for the
// latter.
#include <array>

#include <fmt/format.h>

#include "cel/parser_state.h"
#include "cel/source.h"

namespace weir::cel {
namespace {

struct MacroShape {
    std::string_view name;
    size_t arguments;  ///< without the range
    Macro macro;
    size_t variables;
};
constexpr std::array<MacroShape, 15> kMacros{{
    {"all", 2, Macro::all, 1},
    {"all", 3, Macro::all, 2},
    {"exists", 2, Macro::exists, 1},
    {"exists", 3, Macro::exists, 2},
    {"exists_one", 2, Macro::exists_one, 1},
    {"exists_one", 3, Macro::exists_one, 2},
    {"existsOne", 2, Macro::exists_one, 1},
    {"existsOne", 3, Macro::exists_one, 2},
    {"map", 2, Macro::map, 1},
    {"map", 3, Macro::map, 1},
    {"filter", 2, Macro::filter, 1},
    {"transformList", 3, Macro::transform_list, 2},
    {"transformList", 4, Macro::transform_list, 2},
    {"transformMap", 3, Macro::transform_map, 2},
    {"transformMap", 4, Macro::transform_map, 2},
}};

}  // namespace

Result<Parser::Id> Parser::call(std::string_view name, const std::vector<Id>& args,
                                size_t position) {
    const auto at = static_cast<uint32_t>(position);
    if (name != "has") return add({.op = Op::call, .position = at, .name = intern(name)}, args);
    if (args.size() != 1 || ast_.nodes[args[0]].op != Op::select)
        return refuse(ast_.source, position, "has() asks for one field, as in has(a.b)");
    // The select node becomes the test: it keeps its operand and its field.
    Node& node = ast_.nodes[args[0]];
    node.op = Op::test;
    node.position = at;
    return args[0];
}

Result<Parser::Id> Parser::member_call(std::string_view name, const std::vector<Id>& args,
                                       size_t position) {
    for (const auto& shape : kMacros)
        if (shape.name == name && shape.arguments + 1 == args.size())
            return loop(shape.macro, name, args, shape.variables, position);
    return add(
        {.op = Op::member_call, .position = static_cast<uint32_t>(position), .name = intern(name)},
        args);
}

Result<Parser::Id> Parser::loop(Macro macro, std::string_view name, const std::vector<Id>& args,
                                size_t variables, size_t position) {
    Node node{.op = Op::macro, .macro = macro, .position = static_cast<uint32_t>(position)};
    for (size_t i = 1; i <= variables; ++i) {
        const Node& variable = ast_.nodes[args[i]];
        if (variable.op != Op::identifier || variable.flag)
            return refuse(ast_.source, variable.position,
                          fmt::format("{}() wants a plain name for its variable here", name));
        (i == 1 ? node.name : node.second) = variable.name;
    }
    if (node.name == node.second)
        return refuse(ast_.source, position, "the two variables of a macro need different names");
    const bool makes =
        macro == Macro::map || macro == Macro::transform_list || macro == Macro::transform_map;
    const size_t last = args.size() - 1;
    const Id transform = makes ? args[last] : Node::kNone;
    Id predicate = Node::kNone;
    if (!makes)
        predicate = args[last];
    else if (last > variables + 1)
        predicate = args[last - 1];
    return add(node, {args[0], predicate, transform});
}

}  // namespace weir::cel
