// Calls: which function, which overload, and what can be made of literal arguments beforehand.
#include <fmt/format.h>

#include "cel/checker.h"
#include "cel/function.h"
#include "cel/source.h"

namespace weir::cel {
namespace {

/// "_+_" as its user wrote it.
std::string spelled(std::string_view name) {
    if (name == "_[_]") return "[…]";
    std::string out;
    for (const char c : name)
        if (c != '_' && c != '@') out += c;
    return name.find_first_of("_@") == std::string_view::npos ? out + "()" : out;
}

bool mixes_numbers(const std::vector<Type>& arguments, const Inference& inference) {
    int seen = 0;
    for (const Type& argument : arguments) {
        const Type known = inference.resolve(argument);
        if (known.is(Kind::integer)) seen |= 1;
        if (known.is(Kind::natural)) seen |= 2;
        if (known.is(Kind::real)) seen |= 4;
    }
    return seen == 3 || seen == 5 || seen == 6 || seen == 7;
}

}  // namespace

Result<Type> Checker::call(Id id) {
    return resolve_call(id, false);
}

Result<Type> Checker::member_call(Id id) {
    if (const auto target = qualified(child(id, 0))) {
        const std::string full = *target + "." + ast_.names[node(id).name];
        if (find_function(full)) {  // strings.quote(x): a function with a dot in its name
            Node& n = node(id);
            n.op = Op::call;
            ++n.first;
            --n.count;
            ast_.names.push_back(full);
            n.name = static_cast<uint32_t>(ast_.names.size() - 1);
            return resolve_call(id, false);
        }
    }
    return resolve_call(id, true);
}

Result<Type> Checker::resolve_call(Id id, bool member) {
    const std::string name = ast_.names[node(id).name];
    const Function* function = find_function(name);
    if (!function) {
        const auto similar = similar_function(name);
        return give_up(id, Failure::unknown_function,
                       fmt::format("unknown function {}(){}", name,
                                   similar.empty() ? std::string("; docs/cel.md lists them")
                                                   : fmt::format("; did you mean {}()?", similar)));
    }
    std::vector<Type> arguments;
    for (size_t i = 0; i < node(id).count; ++i) {
        WEIR_TRY(Type argument, check(child(id, i)));
        arguments.push_back(std::move(argument));
    }
    std::optional<Type> result;
    if (environment_.checked()) {
        result = match(*function, member, arguments);
    } else {
        for (const Overload& overload : function->overloads)
            if (overload.member == member && overload.arguments.size() == arguments.size())
                result = Type::dyn();
    }
    if (!result && environment_.checked()) return no_overload(id, member, arguments);
    if (!result) return give_up(id, Failure::no_such_overload, {});
    node(id).op = Op::call;
    node(id).function = function;
    WEIR_CHECK(prepare(id));
    return *result;
}

/// The result of the overload that fits; dyn if several do and disagree.
std::optional<Type> Checker::match(const Function& function, bool member,
                                   const std::vector<Type>& arguments) {
    std::optional<Type> result;
    for (const Overload& overload : function.overloads) {
        if (overload.member != member || overload.arguments.size() != arguments.size()) continue;
        std::vector<Type> parameters;
        if (overload.generic) parameters = {inference_.fresh(), inference_.fresh()};
        const size_t before = inference_.mark();
        bool fits = true;
        for (size_t i = 0; i < arguments.size() && fits; ++i)
            fits = inference_.accepts(Inference::instantiate(overload.arguments[i], parameters),
                                      arguments[i]);
        if (!fits) {
            inference_.undo(before);
            continue;
        }
        const Type given = inference_.resolve(Inference::instantiate(overload.result, parameters));
        if (result && *result != given) return Type::dyn();
        result = given;
    }
    return result;
}

std::unexpected<Error> Checker::no_overload(Id id, bool member,
                                            const std::vector<Type>& arguments) {
    std::string types;
    for (const Type& argument : arguments)
        types.append(types.empty() ? "" : ", ").append(inference_.finish(argument).to_string());
    std::string_view remedy = "convert an argument, or see docs/cel.md for what it takes";
    if (mixes_numbers(arguments, inference_))
        remedy =
            "numbers of different types do not mix: write 100u for an unsigned literal, or "
            "convert with uint(), int() or double()";
    const std::string& name = ast_.names[node(id).name];
    return refuse_at(id, fmt::format("no such overload: {}{} is not defined for ({}); {}",
                                     member ? "." : "", spelled(name), types, remedy));
}

Result<void> Checker::prepare(Id id) {
    Node& n = node(id);
    if (n.function->name != "matches") return {};
    const Node& pattern = node(child(id, 1));
    if (pattern.op != Op::literal || !ast_.literals[pattern.name].is(Kind::string)) return {};
    const std::string_view text = ast_.literals[pattern.name].text();
    const auto& compiled =
        prepared_.emplace_back(re2::StringPiece(text.data(), text.size()), regex_options());
    if (!compiled.ok()) {
        if (environment_.checked())
            return refuse_at(child(id, 1),
                             fmt::format("the regular expression is refused: {}; its syntax is "
                                         "RE2's",
                                         compiled.error()));
        n.op = Op::failure;
        n.why = Failure::regex;
    }
    n.prepared = &compiled;
    return {};
}

}  // namespace weir::cel
