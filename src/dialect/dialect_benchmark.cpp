// CPU of what stands on the request path: the pass-through watcher, translation of a 1 KB request
// and its answer, and a stream of small events.
#include <benchmark/benchmark.h>

#include "dialect/stream.h"
#include "dialect/translate.h"
#include "dialect/watcher.h"

namespace {

using namespace weir::dialect;

std::string chunks(int count) {
    std::string out;
    for (int i = 0; i < count; ++i)
        out +=
            R"(data: {"id":"chatcmpl-AbCdEfGhIjKlMnOpQrStUvWx","object":"chat.completion.chunk","created":1731618222,)"
            R"("model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"delta":{"content":" token"},"finish_reason":null}],)"
            R"("usage":null})"
            "\n\n";
    return out;
}

void watch(benchmark::State& state) {
    const std::string bytes = chunks(300);
    PassthroughWatcher watcher({.withhold_usage = state.range(0) != 0});
    for (auto _ : state)
        benchmark::DoNotOptimize(watcher.feed(bytes).size());
    state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes.size()));
    state.counters["bytes"] = static_cast<double>(bytes.size());
}
BENCHMARK(watch)->Arg(0)->Arg(1);

const std::string kRequest =
    R"({"model":"claude-sonnet-4","max_tokens":512,"temperature":0.7,"messages":[{"role":"system","content":")" +
    std::string(400, 's') + R"("},{"role":"user","content":")" + std::string(450, 'u') + R"("}]})";

void request(benchmark::State& state) {
    constexpr Schema kSchemas[] = {Schema::Anthropic, Schema::AWSBedrock, Schema::Gemini};
    const Schema schema = kSchemas[state.range(0)];
    state.SetLabel(std::string(to_string(schema)));
    for (auto _ : state)
        benchmark::DoNotOptimize(
            translate_request({.body = kRequest}, {.schema = schema})->body.size());
}
BENCHMARK(request)->DenseRange(0, 2);

void response(benchmark::State& state) {
    const std::string body =
        R"({"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[{"type":"text","text":")" +
        std::string(800, 'a') +
        R"("}],"stop_reason":"end_turn","usage":{"input_tokens":10,"output_tokens":20}})";
    const Context context{.schema = Schema::Anthropic, .model = "claude", .created = 1};
    for (auto _ : state)
        benchmark::DoNotOptimize(translate_response(context, body)->body.size());
}
BENCHMARK(response);

void gemini_response(benchmark::State& state) {
    const std::string body =
        R"({"candidates":[{"content":{"role":"model","parts":[{"text":")" + std::string(800, 'a') +
        R"("}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":20,)"
        R"("totalTokenCount":30},"modelVersion":"gemini-2.5-flash","responseId":"r1"})";
    const Context context{.schema = Schema::Gemini, .model = "gemini-2.5-flash", .created = 1};
    for (auto _ : state)
        benchmark::DoNotOptimize(translate_response(context, body)->body.size());
}
BENCHMARK(gemini_response);

void stream_event(benchmark::State& state) {
    const std::string start =
        "event: message_start\ndata: "
        "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude\"}}\n\n"
        "event: content_block_start\ndata: "
        "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\","
        "\"text\":\"\"}}\n\n";
    const std::string delta =
        "event: content_block_delta\ndata: "
        "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":"
        "\" token\"}}\n\n";
    StreamTranslator stream({.schema = Schema::Anthropic, .model = "claude", .created = 1});
    std::string out;
    if (!stream.feed(start, out)) state.SkipWithError("refused");
    for (auto _ : state) {
        out.clear();
        benchmark::DoNotOptimize(stream.feed(delta, out).has_value());
    }
}
BENCHMARK(stream_event);

void gemini_stream_event(benchmark::State& state) {
    const std::string delta =
        R"(data: {"candidates":[{"content":{"role":"model","parts":[{"text":" token"}]}}],)"
        R"("usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":20,"totalTokenCount":30},)"
        R"("modelVersion":"gemini-2.5-flash","responseId":"r1"})"
        "\n\n";
    StreamTranslator stream({.schema = Schema::Gemini, .model = "gemini-2.5-flash", .created = 1});
    std::string out;
    for (auto _ : state) {
        out.clear();
        benchmark::DoNotOptimize(stream.feed(delta, out).has_value());
    }
}
BENCHMARK(gemini_stream_event);

}  // namespace
