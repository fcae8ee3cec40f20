/// What an exchange costs a limit: one of its token counts, a fixed number, or an expression.
///
/// A Cost is compiled from config::ResponseCost once. Evaluating allocates nothing; an expression
/// that fails (overflow, division by zero) is charged at the total, and the caller is told.
/// Immutable; any thread. Names and meaning: docs/configuration-limits.md §1.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "cel/cost.h"
#include "config/limits.h"
#include "dialect/usage.h"

namespace weir::snapshot {

/// Tokens of one exchange, each known: as a provider reported them, or as we estimate them.
struct TokenCounts {
    uint64_t input = 0;  ///< with cached_input and cache_creation
    uint64_t cached_input = 0;
    uint64_t cache_creation = 0;
    uint64_t output = 0;  ///< with reasoning
    uint64_t reasoning = 0;
    uint64_t total = 0;
    /// What usage does not say is taken from `otherwise`.
    static TokenCounts of(const dialect::Usage& usage, const TokenCounts& otherwise);
};

/// What expressions may name beside counts.
struct CostNames {
    std::string_view model, backend, route;
};

class Cost {
public:
    /// Costs nothing.
    Cost() = default;
    /// `rule` is what a key or formula means. Fails with config.invalid for an expression.
    static Result<Cost> compile(const config::ResponseCost& cost,
                                const std::optional<config::CostRule>& rule);

    struct Amount {
        uint64_t tokens = 0;
        bool failed = false;  ///< the expression did; `tokens` is the total
    };
    Amount of(const TokenCounts& counts, const CostNames& names) const;
    bool nothing() const { return kind_ == Kind::nothing; }
    /// The cost depends on how much is answered.
    bool grows_with_output() const;

private:
    enum class Kind : uint8_t {
        nothing,
        number,
        input,
        cached_input,
        cache_creation,
        output,
        reasoning,
        total,
        expression,
    };
    Kind kind_ = Kind::nothing;
    uint64_t number_ = 0;
    std::optional<cel::CostExpression> expression_;
};

}  // namespace weir::snapshot
