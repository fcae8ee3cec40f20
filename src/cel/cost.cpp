#include "cel/cost.h"

#include <fmt/format.h>

#include <array>

namespace weir::cel {
namespace {

struct TextVariable {
    std::string_view name;
    std::string_view CostVariables::* member;
};
struct CountVariable {
    std::string_view name;
    uint64_t CostVariables::* member;
};
constexpr std::array<TextVariable, 3> kTexts{{{"model", &CostVariables::model},
                                              {"backend", &CostVariables::backend},
                                              {"route_name", &CostVariables::route_name}}};
constexpr std::array<CountVariable, 6> kCounts{
    {{"input_tokens", &CostVariables::input_tokens},
     {"cached_input_tokens", &CostVariables::cached_input_tokens},
     {"cache_creation_input_tokens", &CostVariables::cache_creation_input_tokens},
     {"output_tokens", &CostVariables::output_tokens},
     {"total_tokens", &CostVariables::total_tokens},
     {"reasoning_tokens", &CostVariables::reasoning_tokens}}};

const Environment& cost_environment() {
    static const Environment made = [] {
        Environment environment;
        for (const auto& variable : kTexts)
            environment.declare(std::string(variable.name), Type::string());
        for (const auto& variable : kCounts)
            environment.declare(std::string(variable.name), Type::natural());
        return environment;
    }();
    return made;
}

class CostActivation final : public Activation {
public:
    explicit CostActivation(const CostVariables& variables) : variables_(variables) {}
    Value variable(uint32_t index, Arena&) const override {
        if (index < kTexts.size()) return Value::string(variables_.*kTexts[index].member);
        return Value::natural(variables_.*kCounts[index - kTexts.size()].member);
    }

private:
    const CostVariables& variables_;
};

}  // namespace

Result<CostExpression> CostExpression::compile(std::string_view text) {
    WEIR_TRY(Program program, Program::compile(text, cost_environment()));
    const Type& type = program.result_type();
    if (!type.is(Kind::integer) && !type.is(Kind::natural) && !type.is_dyn())
        return fail(codes::config_invalid,
                    fmt::format("the result of a cost is an int or a uint, this is {}; convert it "
                                "with uint()",
                                type.to_string()));
    CostExpression out(std::move(program));
    const CostVariables zero{.model = "dummy", .backend = "dummy", .route_name = "dummy"};
    if (auto tried = out.evaluate(zero); !tried)
        return fail(codes::config_invalid,
                    fmt::format("with all token counts zero: {}", tried.error().detail()));
    return out;
}

Result<uint64_t> CostExpression::evaluate(const CostVariables& variables) const {
    Arena arena(program_.memory_limit());
    const Value cost = program_.run(CostActivation(variables), arena);
    if (cost.is(Kind::natural)) return cost.as_natural();
    if (cost.is_failure()) return std::unexpected(program_.explain(cost));
    if (!cost.is(Kind::integer))
        return fail(codes::expression_failed,
                    fmt::format("the cost is neither int nor uint but {}; convert it with uint()",
                                type_name(cost.kind())));
    if (cost.as_integer() < 0)
        return fail(codes::expression_failed,
                    fmt::format("the cost is negative ({}); guard it, as in a > b ? a - b : 0",
                                cost.as_integer()));
    return static_cast<uint64_t>(cost.as_integer());
}

}  // namespace weir::cel
