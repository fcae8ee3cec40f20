// CPU of what stands on the request path: the pass-through watcher, and each codec with a request
// of 1 KB, its answer, and a stream of small events. `time/KB` is per KB of what is read.
//
// N + M codecs: a client's is measured against OpenAI's chat (its own against Anthropic's), a
// provider's likewise.
#include <benchmark/benchmark.h>

#include "dialect/eventstream.h"
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

void count_bytes(benchmark::State& state, size_t bytes) {
    state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes));
    state.counters["time/KB"] = benchmark::Counter(
        static_cast<double>(bytes) / 1024,
        benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void watch(benchmark::State& state) {
    const std::string bytes = chunks(300);
    PassthroughWatcher watcher({.withhold_usage = state.range(0) != 0});
    for (auto _ : state)
        benchmark::DoNotOptimize(watcher.feed(bytes).size());
    count_bytes(state, bytes.size());
}
BENCHMARK(watch)->Arg(0)->Arg(1);

const std::string kSystem(400, 's');
const std::string kUser(420, 'u');
const std::string kText(800, 'a');

struct Client {
    std::string_view name;
    Operation operation;
    Dialect dialect;
    std::string body;
};
const Client kClients[] = {
    {"OpenAI chat", Operation::chat, Dialect::openai,
     R"({"model":"m","max_tokens":512,"temperature":0.7,"messages":[{"role":"system","content":")" +
         kSystem + R"("},{"role":"user","content":")" + kUser + R"("}]})"},
    {"Responses", Operation::responses, Dialect::openai,
     R"({"model":"m","max_output_tokens":512,"instructions":")" + kSystem +
         R"(","input":[{"role":"user","content":[{"type":"input_text","text":")" + kUser +
         R"("}]}]})"},
    {"Anthropic", Operation::messages, Dialect::anthropic,
     R"({"model":"m","max_tokens":512,"temperature":0.7,"system":")" + kSystem +
         R"(","messages":[{"role":"user","content":[{"type":"text","text":")" + kUser +
         R"("}]}]})"},
    {"Gemini", Operation::chat, Dialect::gemini,
     R"({"systemInstruction":{"parts":[{"text":")" + kSystem +
         R"("}]},"contents":[{"role":"user","parts":[{"text":")" + kUser +
         R"("}]}],"generationConfig":{"maxOutputTokens":512}})"},
    {"Converse", Operation::chat, Dialect::bedrock,
     R"({"system":[{"text":")" + kSystem +
         R"("}],"messages":[{"role":"user","content":[{"text":")" + kUser +
         R"("}]}],"inferenceConfig":{"maxTokens":512}})"},
    {"Cohere", Operation::chat, Dialect::cohere,
     R"({"model":"m","max_tokens":512,"messages":[{"role":"system","content":")" + kSystem +
         R"("},{"role":"user","content":")" + kUser + R"("}]})"}};

struct Provider {
    std::string_view name;
    Schema schema;
    std::string answer;
    std::string opening;  ///< of a stream, before its events
    std::string event;
};

std::string frame(std::string_view type, std::string_view payload) {
    std::string out;
    append_eventstream_event(out, type, payload);
    return out;
}

const Provider kProviders[] = {
    {"OpenAI", Schema::OpenAI,
     R"({"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt","choices":[{"index":0,"message":{"role":)"
     R"("assistant","content":")" +
         kText +
         R"("},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30}})",
     "", chunks(1)},
    {"Anthropic", Schema::Anthropic,
     R"({"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[{"type":"text","text":")" +
         kText + R"("}],"stop_reason":"end_turn","usage":{"input_tokens":10,"output_tokens":20}})",
     "event: message_start\ndata: "
     "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude\"}}\n\n"
     "event: content_block_start\ndata: "
     "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\","
     "\"text\":\"\"}}\n\n",
     "event: content_block_delta\ndata: "
     "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":"
     "\" token\"}}\n\n"},
    {"Gemini", Schema::Gemini,
     R"({"candidates":[{"content":{"role":"model","parts":[{"text":")" + kText +
         R"("}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":20,)"
         R"("totalTokenCount":30},"modelVersion":"gemini-2.5-flash","responseId":"r1"})",
     "",
     R"(data: {"candidates":[{"content":{"role":"model","parts":[{"text":" token"}]}}],)"
     R"("usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":20,"totalTokenCount":30},)"
     R"("modelVersion":"gemini-2.5-flash","responseId":"r1"})"
     "\n\n"},
    {"Bedrock", Schema::AWSBedrock,
     R"({"output":{"message":{"role":"assistant","content":[{"text":")" + kText +
         R"("}]}},"stopReason":"end_turn","usage":{"inputTokens":10,"outputTokens":20,"totalTokens":30}})",
     frame("messageStart", R"({"role":"assistant"})"),
     frame("contentBlockDelta",
           R"({"contentBlockIndex":0,"delta":{"text":" token"},"p":"abcdefghijklmnop"})")},
    {"Cohere", Schema::Cohere,
     R"({"id":"c1","finish_reason":"COMPLETE","message":{"role":"assistant","content":[{"type":"text","text":")" +
         kText + R"("}]},"usage":{"tokens":{"input_tokens":10,"output_tokens":20}}})",
     "event: message-start\ndata: {\"id\":\"c1\",\"type\":\"message-start\"}\n\n",
     "event: content-delta\ndata: {\"type\":\"content-delta\",\"index\":0,\"delta\":{\"message\":{"
     "\"content\":{\"text\":\" token\"}}}}\n\n"}};

// The other side of a codec that is measured.
const Provider& provider_for(const Client& client) {
    return kProviders[client.dialect == Dialect::openai ? 1 : 0];
}
const Client& client_for(const Provider& provider) {
    return kClients[provider.schema == Schema::OpenAI ? 2 : 0];
}

void request(benchmark::State& state, const Client& client, Schema schema) {
    const ClientRequest asked{.operation = client.operation,
                              .dialect = client.dialect,
                              .body = client.body,
                              .model = "m"};
    if (!translate_request(asked, {.schema = schema})) state.SkipWithError("refused");
    for (auto _ : state)
        benchmark::DoNotOptimize(translate_request(asked, {.schema = schema})->body.size());
    count_bytes(state, client.body.size());
}

Context context(const Client& client, const Provider& provider) {
    return {.operation = client.operation,
            .dialect = client.dialect,
            .schema = provider.schema,
            .model = "m",
            .created = 1};
}

void answer(benchmark::State& state, const Client& client, const Provider& provider) {
    const Context about = context(client, provider);
    if (!translate_response(about, provider.answer)) state.SkipWithError("refused");
    for (auto _ : state)
        benchmark::DoNotOptimize(translate_response(about, provider.answer)->body.size());
    count_bytes(state, provider.answer.size());
}

void stream_event(benchmark::State& state, const Client& client, const Provider& provider) {
    StreamTranslator stream(context(client, provider));
    std::string out;
    if (!stream.feed(provider.opening, out)) state.SkipWithError("refused");
    for (auto _ : state) {
        out.clear();
        benchmark::DoNotOptimize(stream.feed(provider.event, out).has_value());
    }
    count_bytes(state, provider.event.size());
}

void add(std::string_view what, std::string_view who, auto run) {
    benchmark::RegisterBenchmark((std::string(what) + "/" + std::string(who)).c_str(), run);
}

// Registered before main().
const bool kRegistered = [] {
    for (const Client& client : kClients) {
        const Provider& provider = provider_for(client);
        add("client_request", client.name,
            [&](benchmark::State& state) { request(state, client, provider.schema); });
        add("client_answer", client.name,
            [&](benchmark::State& state) { answer(state, client, provider); });
        add("client_event", client.name,
            [&](benchmark::State& state) { stream_event(state, client, provider); });
    }
    for (const Provider& provider : kProviders) {
        const Client& client = client_for(provider);
        add("provider_request", provider.name,
            [&](benchmark::State& state) { request(state, client, provider.schema); });
        add("provider_answer", provider.name,
            [&](benchmark::State& state) { answer(state, client, provider); });
        add("provider_event", provider.name,
            [&](benchmark::State& state) { stream_event(state, client, provider); });
    }
    return true;
}();

}  // namespace
