/// What an exchange costs, as an expression over its token counts: `type: CEL` of
/// `llmRequestCosts`, and the cost expression of a QuotaPolicy.
///
///     WEIR_TRY(auto cost, cel::CostExpression::compile("input_tokens + output_tokens * 3u"));
///     WEIR_TRY(uint64_t units, cost.evaluate({.model = "gpt-4o", .input_tokens = 12, …}));
///
/// compile() refuses (config.invalid, with the column) an unknown variable, a result that is
/// neither int nor uint, and what goes wrong when all counters are zero, such as a division by one
/// of them. evaluate() fails (expression.failed) for an overflow, a division by zero and a negative
/// result; it is for the caller to charge something else then.
///
/// Immutable, cheap to copy, safe to share between threads. evaluate() allocates nothing unless it
/// fails or the expression builds strings or lists.
/// Source: Envoy AI Gateway, LLMRequestCost; docs/cel.md.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "cel/program.h"

namespace weir::cel {

/// The variables, by their names in the expression. Cached input and cache creation are parts of
/// the input, reasoning is a part of the output.
struct CostVariables {
    std::string_view model;       ///< as sent to the provider, after an override
    std::string_view backend;     ///< its full name
    std::string_view route_name;  ///< of the route that was chosen
    uint64_t input_tokens = 0;
    uint64_t cached_input_tokens = 0;
    uint64_t cache_creation_input_tokens = 0;
    uint64_t output_tokens = 0;
    uint64_t total_tokens = 0;
    uint64_t reasoning_tokens = 0;
};

class CostExpression {
public:
    static Result<CostExpression> compile(std::string_view text);
    Result<uint64_t> evaluate(const CostVariables& variables) const;
    const std::string& text() const { return program_.text(); }

private:
    explicit CostExpression(Program program) : program_(std::move(program)) {}
    Program program_;
};

}  // namespace weir::cel
