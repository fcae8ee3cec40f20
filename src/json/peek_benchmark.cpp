// What a request costs in this room: peek, edit, and watching a response go by.
#include <benchmark/benchmark.h>

#include <array>
#include <string>

#include "json/edit.h"
#include "json/member_scanner.h"
#include "json/peek.h"
#include "json/value.h"

namespace weir::json {
namespace {

/// A chat request of about `size` bytes: half conversation, half tool schemas when `tools`.
std::string chat(size_t size, bool tools) {
    std::string body = R"({"model":"gpt-4o-mini","stream":true,"temperature":0.7,"messages":[)";
    body += R"({"role":"system","content":"You are a helpful assistant."})";
    size_t tool_bytes = tools ? size / 2 : 0;
    while (body.size() + tool_bytes < size)
        body += R"(,{"role":"user","content":"Compare the three options and say which one to )"
                R"(take, with reasons.\nMention \"cost\" as well; caf\u00e9 or café is fine.\n )"
                R"(The quick brown fox jumps over the lazy dog, again and again and again."})";
    body += "]";
    if (tools) body += R"(,"tools":[{"type":"function","function":{"name":"f"}})";
    while (tools && body.size() < size)
        body += R"(,{"type":"function","function":{"name":"get_weather","parameters":{"type":)"
                R"("object","properties":{"city":{"type":"string"},"days":{"type":"integer",)"
                R"("minimum":1,"maximum":14}},"required":["city"]}}})";
    if (tools) body += "]";
    return body + "}";
}

void rate(benchmark::State& state, size_t bytes) {
    state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes));
}

void BM_Peek(benchmark::State& state) {
    std::string body = chat(static_cast<size_t>(state.range(0)), state.range(1) != 0);
    Peeker peeker;
    for (auto _ : state) {
        auto peek = peeker.peek(body);
        benchmark::DoNotOptimize(peek->count("model"));
    }
    rate(state, body.size());
}
BENCHMARK(BM_Peek)->ArgsProduct({{1024, 32 * 1024, 1000 * 1000, 4 * 1024 * 1024}, {0, 1}});

void BM_Parse(benchmark::State& state) {
    std::string body = chat(static_cast<size_t>(state.range(0)), true);
    for (auto _ : state)
        benchmark::DoNotOptimize(parse(body));
    rate(state, body.size());
}
BENCHMARK(BM_Parse)->Arg(1024)->Arg(32 * 1024);

/// Another model name and include_usage: what a pass-through request may need.
void BM_Edit(benchmark::State& state) {
    std::string body = chat(static_cast<size_t>(state.range(0)), true);
    std::vector<Edit> edits{Edit::set({"model"}, "\"other\""),
                            Edit::set({"stream_options", "include_usage"}, "true")};
    Peeker peeker;
    Peek peek = *peeker.peek(body);
    Editor editor;
    std::string out;
    for (auto _ : state) {
        out.clear();
        editor.plan(body, peek, edits);
        editor.append_to(out);
        benchmark::DoNotOptimize(out.data());
    }
    rate(state, body.size());
}
BENCHMARK(BM_Edit)->Arg(1024)->Arg(32 * 1024);

void BM_Scan(benchmark::State& state) {
    std::string text(static_cast<size_t>(state.range(0)), 'x');
    for (size_t i = 100; i < text.size(); i += 100)
        text.replace(i, 2, "\\n");
    std::string response = R"({"id":"1","choices":[{"message":{"content":")" + text +
                           R"("}}],"usage":{"prompt_tokens":9,"completion_tokens":12}})";
    MemberScanner scanner(std::array<std::string_view, 2>{"usage", "model"});
    for (auto _ : state) {
        scanner.reset();
        scanner.feed(response);
        benchmark::DoNotOptimize(scanner.captured(0));
    }
    rate(state, response.size());
}
BENCHMARK(BM_Scan)->Arg(1024)->Arg(64 * 1024);

}  // namespace
}  // namespace weir::json
