#include "snapshot/cost.h"

#include <algorithm>

namespace weir::snapshot {
namespace {

uint64_t known(const std::optional<int64_t>& reported, uint64_t otherwise) {
    return reported ? static_cast<uint64_t>(std::max<int64_t>(*reported, 0)) : otherwise;
}

}  // namespace

TokenCounts TokenCounts::of(const dialect::Usage& usage, const TokenCounts& otherwise) {
    TokenCounts counts;
    counts.input = known(usage.input, otherwise.input);
    counts.cached_input = known(usage.cached_input, otherwise.cached_input);
    counts.cache_creation = known(usage.cache_creation, otherwise.cache_creation);
    counts.output = known(usage.output, otherwise.output);
    counts.reasoning = known(usage.reasoning, otherwise.reasoning);
    counts.total = known(usage.total, counts.input + counts.output);
    return counts;
}

Result<Cost> Cost::compile(const config::ResponseCost& cost,
                           const std::optional<config::CostRule>& rule) {
    using From = config::ResponseCost::From;
    using Type = config::CostRule::Type;
    Cost out;
    if (cost.from == From::number) {
        out.kind_ = Kind::number;
        out.number_ = cost.number;
        return out;
    }
    if (cost.from == From::nothing || !rule) return out;  // config/ has warned of a missing key
    switch (rule->type) {
        case Type::input:
            out.kind_ = Kind::input;
            break;
        case Type::cached_input:
            out.kind_ = Kind::cached_input;
            break;
        case Type::cache_creation_input:
            out.kind_ = Kind::cache_creation;
            break;
        case Type::output:
            out.kind_ = Kind::output;
            break;
        case Type::reasoning:
            out.kind_ = Kind::reasoning;
            break;
        case Type::total:
            out.kind_ = Kind::total;
            break;
        case Type::cel: {
            out.kind_ = Kind::expression;
            WEIR_TRY(out.expression_, cel::CostExpression::compile(rule->cel));
            break;
        }
    }
    return out;
}

Cost::Amount Cost::of(const TokenCounts& counts, const CostNames& names) const {
    switch (kind_) {
        case Kind::nothing:
            return {};
        case Kind::number:
            return {number_};
        case Kind::input:
            return {counts.input};
        case Kind::cached_input:
            return {counts.cached_input};
        case Kind::cache_creation:
            return {counts.cache_creation};
        case Kind::output:
            return {counts.output};
        case Kind::reasoning:
            return {counts.reasoning};
        case Kind::total:
            return {counts.total};
        case Kind::expression:
            break;
    }
    auto value = expression_->evaluate({.model = names.model,
                                        .backend = names.backend,
                                        .route_name = names.route,
                                        .input_tokens = counts.input,
                                        .cached_input_tokens = counts.cached_input,
                                        .cache_creation_input_tokens = counts.cache_creation,
                                        .output_tokens = counts.output,
                                        .total_tokens = counts.total,
                                        .reasoning_tokens = counts.reasoning});
    if (!value) return {counts.total, true};
    return {*value};
}

bool Cost::grows_with_output() const {
    return kind_ == Kind::output || kind_ == Kind::total || kind_ == Kind::expression;
}

}  // namespace weir::snapshot
