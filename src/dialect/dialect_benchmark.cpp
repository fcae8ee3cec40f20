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

const std::string kMessages = R"({"model":"gpt-4o","max_tokens":512,"temperature":0.7,"system":")" +
                              std::string(400, 's') +
                              R"(","messages":[{"role":"user","content":[{"type":"text","text":")" +
                              std::string(420, 'u') + R"("}]}]})";

// An Anthropic client's request to OpenAI, to Converse, and wrapped for Claude on Bedrock.
void messages_request(benchmark::State& state) {
    constexpr Schema kTargets[] = {Schema::OpenAI, Schema::AWSBedrock, Schema::AWSAnthropic};
    const ClientRequest asked{.operation = Operation::messages,
                              .dialect = Dialect::anthropic,
                              .body = kMessages,
                              .model = "gpt-4o"};
    for (auto _ : state)
        benchmark::DoNotOptimize(
            translate_request(asked, {.schema = kTargets[state.range(0)]})->body.size());
    state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * kMessages.size()));
}
BENCHMARK(messages_request)->Arg(0)->Arg(1)->Arg(2);

// OpenAI's chunks to an Anthropic client, and to a Responses client of Claude.
void client_stream_event(benchmark::State& state) {
    const bool responses = state.range(0) != 0;
    StreamTranslator stream({.operation = responses ? Operation::responses : Operation::messages,
                             .dialect = responses ? Dialect::openai : Dialect::anthropic,
                             .schema = responses ? Schema::Anthropic : Schema::OpenAI,
                             .model = "m",
                             .created = 1});
    const std::string chunk = chunks(1);
    const std::string delta =
        "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","
        "\"text\":\" token\"}}\n\n";
    std::string out;
    if (responses &&
        !stream.feed("data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{"
                     "\"type\":\"text\"}}\n\n",
                     out))
        state.SkipWithError("refused");
    for (auto _ : state) {
        out.clear();
        benchmark::DoNotOptimize(stream.feed(responses ? delta : chunk, out).has_value());
    }
}
BENCHMARK(client_stream_event)->Arg(0)->Arg(1);

}  // namespace
