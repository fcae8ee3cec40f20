#include "cel/type.h"

#include <fmt/format.h>

namespace weir::cel {

Type Type::list(Type element) {
    Type out = of(Kind::list);
    out.arguments_.push_back(std::move(element));
    return out;
}

Type Type::map(Type key, Type value) {
    Type out = of(Kind::map);
    out.arguments_.push_back(std::move(key));
    out.arguments_.push_back(std::move(value));
    return out;
}

Type Type::parameter(uint32_t id) {
    Type out(Form::parameter, Kind::null);
    out.id_ = id;
    return out;
}

std::string Type::to_string() const {
    if (form_ != Form::plain) return is_dyn() ? "dyn" : "any";
    if (is(Kind::list)) return fmt::format("list({})", arguments_[0].to_string());
    if (is(Kind::map))
        return fmt::format("map({}, {})", arguments_[0].to_string(), arguments_[1].to_string());
    return std::string(type_name(kind_));
}

Type Inference::fresh() {
    bindings_.emplace_back();
    return Type::parameter(static_cast<uint32_t>(bindings_.size() - 1));
}

bool Inference::accepts(const Type& wanted, const Type& given) {
    const size_t before = mark();
    if (unify(wanted, given)) return true;
    undo(before);
    return false;
}

void Inference::undo(size_t mark) {
    while (trail_.size() > mark) {
        bindings_[trail_.back().id] = std::move(trail_.back().before);
        trail_.pop_back();
    }
}

void Inference::set(uint32_t id, Type type) {
    trail_.push_back({id, std::move(bindings_[id])});
    bindings_[id] = {true, std::move(type)};
}

std::optional<Type> Inference::join(const Type& a, const Type& b, bool mixed) {
    if (resolve(a).is_dyn() || resolve(b).is_dyn()) return Type::dyn();
    if (accepts(a, b)) return resolve(a);
    if (accepts(b, a)) return resolve(b);
    if (mixed) return Type::dyn();
    return std::nullopt;
}

bool Inference::unify(const Type& wanted, const Type& given) {
    if (wanted.is_parameter()) return bind(wanted, given, true);
    if (given.is_parameter()) return bind(given, wanted, false);
    if (wanted.is_dyn() || given.is_dyn()) return true;
    if (given.is(Kind::null) && (wanted.is(Kind::timestamp) || wanted.is(Kind::duration)))
        return true;
    if (wanted.kind() != given.kind()) return false;
    for (size_t i = 0; i < wanted.arguments().size(); ++i)
        if (!unify(wanted.arguments()[i], given.arguments()[i])) return false;
    return true;
}

bool Inference::bind(const Type& parameter, const Type& other, bool parameter_is_wanted) {
    if (parameter == other) return true;
    if (bindings_[parameter.id()].bound) {
        const Type now = bindings_[parameter.id()].type;
        if (!(parameter_is_wanted ? unify(now, other) : unify(other, now))) return false;
        // The more general of the two: dyn, once one of them is.
        if (resolve(other).is_dyn()) set(parameter.id(), Type::dyn());
        return true;
    }
    const Type target = resolve(other);
    if (target == parameter) return true;
    if (occurs(parameter.id(), target)) return false;
    set(parameter.id(), target);
    return true;
}

bool Inference::occurs(uint32_t id, const Type& type) const {
    if (type.is_parameter()) {
        if (type.id() == id) return true;
        const Binding& slot = bindings_[type.id()];
        return slot.bound && occurs(id, slot.type);
    }
    for (const Type& argument : type.arguments())
        if (occurs(id, argument)) return true;
    return false;
}

Type Inference::resolve(const Type& type) const {
    if (type.is_parameter()) {
        const Binding& slot = bindings_[type.id()];
        return slot.bound ? resolve(slot.type) : type;
    }
    if (type.arguments().empty()) return type;
    if (type.is(Kind::list)) return Type::list(resolve(type.arguments()[0]));
    return Type::map(resolve(type.arguments()[0]), resolve(type.arguments()[1]));
}

Type Inference::finish(const Type& type) const {
    Type known = resolve(type);
    if (known.is_parameter()) return Type::dyn();
    if (known.arguments().empty()) return known;
    if (known.is(Kind::list)) return Type::list(finish(known.arguments()[0]));
    return Type::map(finish(known.arguments()[0]), finish(known.arguments()[1]));
}

Type Inference::instantiate(const Type& type, const std::vector<Type>& parameters) {
    if (type.is_parameter()) return parameters[type.id()];
    if (type.arguments().empty()) return type;
    if (type.is(Kind::list)) return Type::list(instantiate(type.arguments()[0], parameters));
    return Type::map(instantiate(type.arguments()[0], parameters),
                     instantiate(type.arguments()[1], parameters));
}

}  // namespace weir::cel
