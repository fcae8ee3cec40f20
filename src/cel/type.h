/// What the checker knows about a value before there is one.
///
/// A declared variable has a Type; `dyn` means that it is known only at run time. Types with
/// parameters (list, map) own theirs. Type parameters (`A` in `list(A)`) appear while overloads are
/// matched; a Type that a caller sees has none. Threads: plain values.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cel/value.h"

namespace weir::cel {

class Type {
public:
    enum class Form : uint8_t { dyn, plain, parameter };

    Type() = default;  ///< dyn
    static Type dyn() { return {}; }
    static Type of(Kind kind) { return {Form::plain, kind}; }
    static Type boolean() { return of(Kind::boolean); }
    static Type integer() { return of(Kind::integer); }
    static Type natural() { return of(Kind::natural); }
    static Type real() { return of(Kind::real); }
    static Type string() { return of(Kind::string); }
    static Type list(Type element);
    static Type map(Type key, Type value);
    static Type parameter(uint32_t id);

    bool is_dyn() const { return form_ == Form::dyn; }
    bool is_parameter() const { return form_ == Form::parameter; }
    bool is(Kind kind) const { return form_ == Form::plain && kind_ == kind; }
    Kind kind() const { return kind_; }  ///< unless dyn or a parameter
    uint32_t id() const { return id_; }  ///< of a parameter
    const std::vector<Type>& arguments() const { return arguments_; }

    /// "int", "list(string)", "map(string, dyn)".
    std::string to_string() const;
    friend bool operator==(const Type&, const Type&) = default;

private:
    Type(Form form, Kind kind) : form_(form), kind_(kind) {}

    Form form_ = Form::dyn;
    Kind kind_ = Kind::null;
    uint32_t id_ = 0;
    std::vector<Type> arguments_;  ///< of a list: element; of a map: key, value
};

/// What type parameters stand for, as found so far. Algorithm: cel-spec, doc/langdef.md,
/// "Type Checking": unification in which dyn goes with everything.
class Inference {
public:
    Type fresh();
    /// True if a value of `given` may stand where `wanted` is asked for; binds parameters of both.
    /// When false, nothing is bound.
    bool accepts(const Type& wanted, const Type& given);
    /// To try several things: undo(mark()) forgets what was bound in between.
    size_t mark() const { return trail_.size(); }
    void undo(size_t mark);
    /// The type of a choice between the two: the more general one; dyn if they have nothing in
    /// common and `mixed` allows it, else nothing.
    std::optional<Type> join(const Type& a, const Type& b, bool mixed);
    /// With every bound parameter replaced; unbound ones stay.
    Type resolve(const Type& type) const;
    /// The same, unbound ones become dyn.
    Type finish(const Type& type) const;
    /// `type` with its own parameters 0, 1, … replaced by those.
    static Type instantiate(const Type& type, const std::vector<Type>& parameters);

private:
    struct Binding {
        bool bound = false;
        Type type;
    };
    bool unify(const Type& wanted, const Type& given);
    bool bind(const Type& parameter, const Type& other, bool parameter_is_wanted);
    bool occurs(uint32_t id, const Type& type) const;

    struct Change {
        uint32_t id = 0;
        Binding before;
    };
    void set(uint32_t id, Type type);

    std::vector<Binding> bindings_;
    std::vector<Change> trail_;
};

}  // namespace weir::cel
