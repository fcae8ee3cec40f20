#include "cel/checker.h"

#include <fmt/format.h>

#include "cel/source.h"

namespace weir::cel {

Result<Type> Checker::run() {
    WEIR_TRY(Type type, check(ast_.root));
    return inference_.finish(type);
}

std::unexpected<Error> Checker::refuse_at(Id id, std::string_view why) const {
    return refuse(ast_.source, ast_.nodes[id].position, why);
}

Result<Type> Checker::give_up(Id id, Failure why, std::string_view text) {
    if (environment_.checked()) return refuse_at(id, text);
    node(id).op = Op::failure;
    node(id).why = why;
    return Type::dyn();
}

Result<Type> Checker::check(Id id) {
    switch (node(id).op) {
        case Op::literal:
            return Type::of(ast_.literals[node(id).name].kind());
        case Op::identifier:
            return identifier(id);
        case Op::select:
            return select(id);
        case Op::test: {
            WEIR_TRY(Type operand, check(child(id, 0)));
            WEIR_CHECK(field_type(operand, id));
            return Type::boolean();
        }
        case Op::list:
            return list(id);
        case Op::map:
            return map(id);
        case Op::call:
            return call(id);
        case Op::member_call:
            return member_call(id);
        case Op::conjunction:
        case Op::disjunction:
            return logical(id);
        case Op::conditional:
            return conditional(id);
        case Op::macro:
            return macro(id);
        case Op::variable:
        case Op::local:
        case Op::failure:
            break;
    }
    return Type::dyn();  // already resolved; a tree is checked once
}

std::optional<uint32_t> Checker::find_local(uint32_t name) const {
    for (size_t slot = locals_.size(); slot-- > 0;)
        if (locals_[slot].name == name) return static_cast<uint32_t>(slot);
    return std::nullopt;
}

std::optional<std::string> Checker::qualified(Id id) const {
    std::vector<std::string_view> parts;
    size_t length = 0;
    const Node* at = &ast_.nodes[id];
    for (; at->op == Op::select && !at->flag; at = &ast_.nodes[ast_.links[at->first]]) {
        parts.push_back(ast_.names[at->name]);
        length += parts.back().size() + 1;
        if (length > 256) return std::nullopt;  // no name is that long
    }
    if (at->op != Op::identifier) return std::nullopt;
    if (!at->flag && find_local(at->name)) return std::nullopt;
    std::string out = ast_.names[at->name];
    for (size_t i = parts.size(); i-- > 0;)
        out.append(".").append(parts[i]);
    return out;
}

std::optional<Type> Checker::resolve_name(Id id, const std::string& name) {
    if (const auto index = environment_.find(name)) {
        node(id).op = Op::variable;
        node(id).name = *index;
        return environment_.checked() ? environment_.variables()[*index].type : Type::dyn();
    }
    if (const auto kind = kind_from_type_name(name)) {
        ast_.literals.push_back(Value::type(*kind));
        node(id).op = Op::literal;
        node(id).name = static_cast<uint32_t>(ast_.literals.size() - 1);
        return Type::of(Kind::type);
    }
    return std::nullopt;
}

std::string Checker::known_variables() const {
    std::string out;
    for (const auto& variable : environment_.variables()) {
        if (out.size() > 400) return out + ", …";
        out.append(out.empty() ? "" : ", ").append(variable.name);
    }
    return out.empty() ? "there are no variables here" : "known are " + out;
}

Result<Type> Checker::identifier(Id id) {
    if (!node(id).flag) {
        if (const auto slot = find_local(node(id).name)) {
            node(id).op = Op::local;
            node(id).name = *slot;
            return locals_[*slot].type;
        }
    }
    const std::string name = ast_.names[node(id).name];
    if (auto type = resolve_name(id, name)) return *type;
    return give_up(id, Failure::unknown_variable,
                   fmt::format("unknown variable {}; {}", name, known_variables()));
}

Result<Type> Checker::select(Id id) {
    if (const auto name = qualified(id))
        if (auto type = resolve_name(id, *name)) return *type;
    WEIR_TRY(Type operand, check(child(id, 0)));
    return field_type(operand, id);
}

/// The type of `operand.field`; the field's name becomes a literal.
Result<Type> Checker::field_type(const Type& operand, Id id) {
    const std::string& field = ast_.names[node(id).name];
    ast_.texts.push_back(field);
    ast_.literals.push_back(Value::string(ast_.texts.back()));
    node(id).name = static_cast<uint32_t>(ast_.literals.size() - 1);
    const Type known = inference_.resolve(operand);
    if (known.is_dyn() || known.is_parameter()) return Type::dyn();
    if (known.is(Kind::map)) {
        const Type key = known.arguments()[0];
        if (inference_.accepts(key, Type::string())) return known.arguments()[1];
    }
    return give_up(id, Failure::no_such_overload,
                   fmt::format("{} has no fields, so .{} means nothing; fields are of maps",
                               known.to_string(), field));
}

Result<Type> Checker::list(Id id) {
    const size_t count = node(id).count;
    if (count == 0) return Type::list(inference_.fresh());
    std::optional<Type> element;
    for (size_t i = 0; i < count; ++i) {
        WEIR_TRY(Type item, check(child(id, i)));
        element = element ? *inference_.join(*element, item, true) : item;
    }
    return Type::list(*element);
}

Result<Type> Checker::map(Id id) {
    const size_t count = node(id).count;
    if (count == 0) return Type::map(inference_.fresh(), inference_.fresh());
    std::optional<Type> key;
    std::optional<Type> value;
    for (size_t i = 0; i < count; i += 2) {
        WEIR_TRY(Type k, check(child(id, i)));
        const Type known = inference_.resolve(k);
        const bool possible = known.is_dyn() || known.is_parameter() || known.is(Kind::string) ||
                              known.is(Kind::integer) || known.is(Kind::natural) ||
                              known.is(Kind::boolean);
        if (!possible && environment_.checked())
            return refuse_at(child(id, i), fmt::format("{} cannot be the key of a map; use a "
                                                       "string, an integer or a boolean",
                                                       known.to_string()));
        key = key ? *inference_.join(*key, k, true) : k;
        WEIR_TRY(Type v, check(child(id, i + 1)));
        value = value ? *inference_.join(*value, v, true) : v;
    }
    return Type::map(*key, *value);
}

Result<void> Checker::want_boolean(Id id, std::string_view where) {
    WEIR_TRY(Type type, check(id));
    if (!environment_.checked() || inference_.accepts(Type::boolean(), type)) return {};
    return refuse_at(id, fmt::format("{} wants a bool, this is {}; compare it with something",
                                     where, inference_.finish(type).to_string()));
}

Result<Type> Checker::logical(Id id) {
    const std::string_view name = node(id).op == Op::conjunction ? "&&" : "||";
    for (size_t i = 0; i < node(id).count; ++i)
        WEIR_CHECK(want_boolean(child(id, i), name));
    return Type::boolean();
}

Result<Type> Checker::conditional(Id id) {
    const size_t count = node(id).count;
    std::optional<Type> result;
    for (size_t i = 0; i < count; ++i) {
        const bool condition = i % 2 == 0 && i + 1 < count;
        if (condition) {
            WEIR_CHECK(want_boolean(child(id, i), "the condition before ?"));
            continue;
        }
        WEIR_TRY(Type type, check(child(id, i)));
        const auto joined = result ? inference_.join(*result, type, !environment_.checked())
                                   : std::optional<Type>(type);
        if (!joined)
            return refuse_at(
                child(id, i),
                fmt::format("the values of a conditional differ in type, {} and {}; convert one, "
                            "as with uint(), or write the number with or without u",
                            inference_.finish(*result).to_string(),
                            inference_.finish(type).to_string()));
        result = joined;
    }
    return *result;
}

}  // namespace weir::cel
