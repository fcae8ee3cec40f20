/// What an expression may name: the caller's variables, with their types.
///
/// An Environment is made once, declares variables in a fixed order, and compiles any number of
/// programs. When a program runs, an Activation answers for the variable with that index; nothing
/// is looked up by name then. Threads: immutable after it is built.
///
///     cel::Environment environment;
///     environment.declare("tool", cel::Type::string());                       // index 0
///     environment.declare("claims", cel::Type::map(Type::string(), Type::dyn()));  // index 1
///     WEIR_TRY(auto program, cel::Program::compile("tool in claims.tools", environment));
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cel/limits.h"
#include "cel/time_zones.h"
#include "cel/type.h"
#include "cel/value.h"

namespace weir::cel {

struct Variable {
    std::string name;  ///< may have dots: "request.method"
    Type type;
};

class Environment {
public:
    /// Returns the variable's index. A name is declared once.
    uint32_t declare(std::string name, Type type);
    void set_limits(Limits limits) { limits_ = limits; }
    void set_time_zones(std::shared_ptr<const TimeZones> zones) { zones_ = std::move(zones); }
    /// Without a check, mistakes in types and unknown names are failures of the evaluation.
    void set_checked(bool checked) { checked_ = checked; }

    std::optional<uint32_t> find(std::string_view name) const;
    const std::vector<Variable>& variables() const { return variables_; }
    const Limits& limits() const { return limits_; }
    const std::shared_ptr<const TimeZones>& time_zones() const { return zones_; }
    bool checked() const { return checked_; }

private:
    std::vector<Variable> variables_;
    Limits limits_;
    std::shared_ptr<const TimeZones> zones_;
    bool checked_ = true;
};

/// The values of an Environment's variables for one evaluation.
class Activation {
public:
    /// The variable with that index. What has to be made for it goes into the arena. A variable
    /// without a value is Value::failure(Failure::unknown_variable). The value must have the type
    /// that was declared, or be a failure.
    virtual Value variable(uint32_t index, Arena& arena) const = 0;

protected:
    ~Activation() = default;
};

/// Values in the order of declaration.
class Values final : public Activation {
public:
    explicit Values(std::span<const Value> values) : values_(values) {}
    Value variable(uint32_t index, Arena&) const override {
        return index < values_.size() ? values_[index] : Value::failure(Failure::unknown_variable);
    }

private:
    std::span<const Value> values_;
};

}  // namespace weir::cel
