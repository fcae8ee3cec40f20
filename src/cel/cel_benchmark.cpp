// What an evaluation costs.
#include <benchmark/benchmark.h>

#include "cel/cost.h"

namespace weir::cel {
namespace {

constexpr CostVariables kUsage{.model = "gpt-4o",
                               .backend = "default/openai/route/agents/rule/0/ref/0",
                               .route_name = "agents",
                               .input_tokens = 1200,
                               .cached_input_tokens = 200,
                               .cache_creation_input_tokens = 0,
                               .output_tokens = 350,
                               .total_tokens = 1550,
                               .reasoning_tokens = 128};

void cost(benchmark::State& state, std::string_view text) {
    auto expression = CostExpression::compile(text);
    if (!expression) return state.SkipWithError(expression.error().detail().c_str());
    for ([[maybe_unused]] auto _ : state)
        benchmark::DoNotOptimize(expression->evaluate(kUsage));
}
BENCHMARK_CAPTURE(cost, variable, "total_tokens");
BENCHMARK_CAPTURE(cost, sum, "input_tokens + output_tokens");
BENCHMARK_CAPTURE(cost, weighted,
                  "(input_tokens - cached_input_tokens) * 3u + cached_input_tokens + "
                  "output_tokens * 15u");
BENCHMARK_CAPTURE(cost, by_model,
                  "model == 'gpt-3.5-turbo' ? total_tokens : model == 'gpt-4o-mini' ? "
                  "total_tokens * 2u : model.startsWith('gpt-4') ? input_tokens * 10u + "
                  "output_tokens * 30u : total_tokens * 5u");

void compile(benchmark::State& state) {
    for ([[maybe_unused]] auto _ : state)
        benchmark::DoNotOptimize(CostExpression::compile(
            "model == 'cool_model' ? (input_tokens - cached_input_tokens) * output_tokens : "
            "total_tokens"));
}
BENCHMARK(compile);

}  // namespace
}  // namespace weir::cel
