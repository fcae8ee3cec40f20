// What an estimate costs, over texts of this repository.
#include <benchmark/benchmark.h>

#include <fstream>
#include <iterator>

#include "tokens/estimate.h"
#include "tokens/token_counter.h"

namespace weir::tokens {
namespace {

constexpr size_t kPrompt = 32 * 1024;

std::string read(const char* name) {
    std::ifstream file(std::string(WEIR_SOURCE_DIR) + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// 32 KB of one kind of text.
std::string text_of(int64_t kind) {
    std::string text;
    if (kind == 0)
        text = read("docs/architecture.md") + read("HACKING.md") + read("docs/mock.md") +
               read("docs/cli.md");
    if (kind == 1)
        text = read("src/json/peek.cpp") + read("src/json/lexer.cpp") + read("src/net/stream.h") +
               read("src/json/edit.cpp");
    if (kind == 2) text = read("src/tokens/testdata/chinese.txt");
    std::string out;
    while (out.size() < kPrompt)
        out += text.empty() ? "text" : text;
    out.resize(kPrompt);
    while (static_cast<unsigned char>(out.back()) >= 0x80)
        out.pop_back();
    return out;
}

std::string body_of(std::string_view text) {
    std::string body = R"({"model":"m","messages":[{"role":"user","content":")";
    for (char c : text) {
        if (c == '"' || c == '\\') body += '\\';
        if (c == '\n')
            body += "\\n";
        else
            body += c;
    }
    return body + R"("}],"max_tokens":100})";
}

const Vocabulary& vocabulary(Encoding encoding) {
    static Vocabularies all;
    if (!all.prepare(encoding)) std::abort();
    return *all.find(encoding);
}

void load(benchmark::State& state) {
    for (auto _ : state) {
        Vocabularies all;
        if (!all.prepare(static_cast<Encoding>(state.range(0)))) std::abort();
    }
    state.counters["bytes"] =
        static_cast<double>(vocabulary(static_cast<Encoding>(state.range(0))).memory());
}
BENCHMARK(load)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond);

/// Arguments: kind of text, encoding.
void count(benchmark::State& state) {
    const std::string text = text_of(state.range(0));
    const Vocabulary& words = vocabulary(static_cast<Encoding>(state.range(1)));
    TokenCounter counter;
    int64_t tokens = 0;
    for (auto _ : state)
        benchmark::DoNotOptimize(tokens = counter.count(words, text).tokens);
    state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
    state.counters["tokens"] = static_cast<double>(tokens);
}
BENCHMARK(count)->ArgsProduct({{0, 1, 2}, {1, 2}})->Unit(benchmark::kMicrosecond);

/// One word of the given length that is no token: the worst there is.
void count_one_word(benchmark::State& state) {
    const std::string text(static_cast<size_t>(state.range(0)), 'a');
    TokenCounter counter;
    const Vocabulary& words = vocabulary(Encoding::o200k_base);
    for (auto _ : state)
        benchmark::DoNotOptimize(counter.count(words, text).tokens);
}
BENCHMARK(count_one_word)->Arg(64)->Arg(4096)->Arg(1 << 20)->Unit(benchmark::kMicrosecond);

/// A limit's worth of long words without any pattern.
void count_noise(benchmark::State& state) {
    std::string text;
    for (uint32_t random = 1; text.size() < 64 * 1024;) {
        random = random * 1664525 + 1013904223;
        text += text.size() % 4096 == 4095 ? ' ' : static_cast<char>('a' + (random >> 16) % 26);
    }
    TokenCounter counter;
    const Vocabulary& words = vocabulary(Encoding::o200k_base);
    for (auto _ : state)
        benchmark::DoNotOptimize(counter.count(words, text).tokens);
}
BENCHMARK(count_noise)->Unit(benchmark::kMicrosecond);

/// Arguments: kind of text; 0 by ratio, 1 exact.
void estimate(benchmark::State& state) {
    const std::string body = body_of(text_of(state.range(0)));
    Vocabularies all;
    if (state.range(1) && !all.prepare(Encoding::o200k_base)) std::abort();
    Calibration calibration;
    json::Peeker peeker;
    const json::Peek peek = *peeker.peek(body);
    Estimator estimator(all, calibration);
    for (auto _ : state)
        benchmark::DoNotOptimize(estimator.estimate(
            {.dialect = "openai", .operation = "chat", .model = "gpt-4o"}, peek));
}
BENCHMARK(estimate)->ArgsProduct({{0, 1, 2}, {0, 1}})->Unit(benchmark::kMicrosecond);

void estimate_small(benchmark::State& state) {
    const std::string body = body_of(text_of(0).substr(0, 1024));
    const Vocabularies none;
    Calibration calibration;
    json::Peeker peeker;
    const json::Peek peek = *peeker.peek(body);
    Estimator estimator(none, calibration);
    for (auto _ : state)
        benchmark::DoNotOptimize(estimator.estimate(
            {.dialect = "openai", .operation = "chat", .model = "claude-sonnet-4-5"}, peek));
}
BENCHMARK(estimate_small);

void settle(benchmark::State& state) {
    Calibration calibration;
    const Estimate estimate{.uncorrected_input = 1000};
    for (auto _ : state)
        calibration.settle("claude-sonnet-4-5", estimate, 1100, 300);
}
BENCHMARK(settle);

}  // namespace
}  // namespace weir::tokens
