// What routing costs with ten, a thousand and ten thousand rules: it should be the same.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "route/matcher.h"
#include "route/operation.h"

namespace weir::route {
namespace {

Alternative model_rule(uint32_t i) {
    return {.headers = {{std::string(kModelHeader), fmt::format("model-{}", i), false}}, .rule = i};
}
Alternative prefix_rule(uint32_t i) {
    return {.path = {PathType::prefix, fmt::format("/v1/agents/agent-{}", i)}, .rule = i};
}
Alternative host_rule(uint32_t i) {
    return {.hostnames = {fmt::format("tenant-{}.example.com", i)}, .rule = i};
}

void run(benchmark::State& state, Alternative (*rule)(uint32_t), RequestView view) {
    std::vector<Alternative> alternatives;
    for (uint32_t i = 0; i < state.range(0); ++i)
        alternatives.push_back(rule(i));
    Matcher matcher = std::move(*Matcher::compile(std::move(alternatives)));
    for (auto _ : state) {
        auto match = matcher.match(view);
        if (!match) state.SkipWithError("no match");
        benchmark::DoNotOptimize(match);
    }
}

void BM_Model(benchmark::State& state) {
    run(state, model_rule, {"gateway", "/v1/chat/completions", "POST", "model-9", nullptr});
}
BENCHMARK(BM_Model)->Arg(10)->Arg(1000)->Arg(10000);

void BM_Prefix(benchmark::State& state) {
    run(state, prefix_rule,
        {"gateway", "/v1/agents/agent-9/chat/completions", "POST", "m", nullptr});
}
BENCHMARK(BM_Prefix)->Arg(10)->Arg(1000)->Arg(10000);

void BM_Host(benchmark::State& state) {
    run(state, host_rule, {"tenant-9.example.com", "/v1/chat/completions", "POST", "m", nullptr});
}
BENCHMARK(BM_Host)->Arg(10)->Arg(1000)->Arg(10000);

void BM_Identify(benchmark::State& state) {
    for (auto _ : state)
        benchmark::DoNotOptimize(identify("POST", "/v1/reasoning/v1/chat/completions", 13));
}
BENCHMARK(BM_Identify);

}  // namespace
}  // namespace weir::route
