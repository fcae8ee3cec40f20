// Questions to answers to bytes, without sockets. That the answers are what each dialect means is
// judged by reading them, and by translating them with the codecs of dialect/.
#include "dialect/eventstream.h"
#include "dialect/stream.h"
#include "dialect/translate.h"
#include "mock/sample.h"
#include "mock/test_question.h"

namespace weir::mock {
namespace {

using namespace test;

TEST(MockAnswerTest, OpenAiChatIsAnsweredWithTextAndCountedInWords) {
    json::Value body = whole(question(kChat, chat_body("hello there friend")));
    EXPECT_EQ(text_at(body, "object"), "chat.completion");
    EXPECT_EQ(text_at(body, "model"), "gpt-4o");
    EXPECT_TRUE(text_at(body, "id").starts_with("chatcmpl-"));
    EXPECT_EQ(text_at(body, "choices.0.message.content"),
              "Mock answer from gpt-4o: you said \"hello there friend\".");
    EXPECT_EQ(text_at(body, "choices.0.finish_reason"), "stop");
    EXPECT_EQ(at(body, "usage.prompt_tokens").as_int(), 2 + 3 + 2)
        << "words of both messages, and their roles";
    EXPECT_EQ(at(body, "usage.completion_tokens").as_int(), 9);
    EXPECT_EQ(at(body, "usage.total_tokens").as_int(), 16);
}

TEST(MockAnswerTest, SameRequestSameAnswer) {
    Question q = question(kChat, chat_body("hello"));
    EXPECT_EQ(render_whole(q, answer(q, {}), 1), render_whole(q, answer(q, {}), 1));
    EXPECT_EQ(stream_bytes(q), stream_bytes(q));
    EXPECT_NE(text_at(whole(q), "id"), text_at(whole(question(kChat, chat_body("other"))), "id"));
}

TEST(MockAnswerTest, ToolsAreCalledWhenTheTextMentionsThem) {
    auto called = [](std::string_view text, std::string_view more = "") {
        std::string extra = fmt::format("{}{}{}", kTools, more.empty() ? "" : ",", more);
        std::vector<std::string> names;
        Question q = question(kChat, chat_body(text, extra));
        for (const auto& tool : answer(q, {}).tools)
            names.push_back(tool.name + tool.arguments);
        return names;
    };
    using Names = std::vector<std::string>;
    const std::string weather = R"(get_weather{"city":"Paris","unit":"celsius"})";
    EXPECT_EQ(called("What is the weather in Paris today?"), Names{weather});
    EXPECT_EQ(called("Weather and news of Paris"),
              (Names{weather, R"(searchNews{"query":"Paris"})"}));
    EXPECT_EQ(called("Weather and news of Paris", R"("parallel_tool_calls":false)"),
              Names{weather});
    EXPECT_EQ(called("Use a tool in Paris"), Names{weather});
    EXPECT_EQ(called("Hello"), Names{});
    EXPECT_EQ(called("Hello", R"("tool_choice":"required")").size(), 1U);
    EXPECT_EQ(
        called("Hello", R"("tool_choice":{"type":"function","function":{"name":"searchNews"}})"),
        Names{R"(searchNews{"query":"Hello"})"});
    EXPECT_EQ(called("the weather in Paris", R"("tool_choice":"none")"), Names{});
}

TEST(MockAnswerTest, AToolsResultIsAnsweredWithText) {
    Question q = question(
        kChat, fmt::format(R"({{"model":"m","messages":[{{"role":"user","content":"weather?"}},)"
                           R"({{"role":"assistant","tool_calls":[]}},)"
                           R"({{"role":"tool","tool_call_id":"x","content":"18 degrees"}}],{}}})",
                           kTools));
    EXPECT_EQ(text_at(whole(q), "choices.0.message.content"),
              "Mock answer from m: the tool said \"18 degrees\".");
    Question anthropic =
        question("/v1/messages",
                 R"({"model":"m","max_tokens":50,"messages":[{"role":"user","content":"weather?"},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"18 C"}]}]}]})");
    EXPECT_EQ(text_at(whole(anthropic), "content.0.text"),
              "Mock answer from m: the tool said \"18 C\".");
    Question bedrock = question("/model/m/converse",
                                R"({"messages":[{"role":"user","content":[{"text":"weather?"}]},
        {"role":"user","content":[{"toolResult":{"toolUseId":"t","content":[{"json":{"c":18}}]}}]}]})");
    EXPECT_EQ(text_at(whole(bedrock), "output.message.content.0.text"),
              "Mock answer from m: the tool said \"{\"c\":18}\".");
}

TEST(MockAnswerTest, LimitsFormatsAndOverrides) {
    json::Value cut = whole(question(kChat, chat_body("hello", R"("max_tokens":3)")));
    EXPECT_EQ(text_at(cut, "choices.0.message.content"), "Mock answer from");
    EXPECT_EQ(text_at(cut, "choices.0.finish_reason"), "length");
    json::Value shaped = whole(question(
        kChat,
        chat_body(
            "A person named Ada",
            R"("response_format":{"type":"json_schema","json_schema":{"name":"p","schema":{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"},"tags":{"type":"array","items":{"$ref":"#/$defs/T"}}},"required":["name","age","tags"],"$defs":{"T":{"enum":["x","y"]}}}}})")));
    EXPECT_EQ(text_at(shaped, "choices.0.message.content"),
              R"({"name":"Ada","age":1,"tags":["x"]})");
    Actions actions;
    actions.text = "scripted words";
    actions.input = 100;
    actions.cached = 40;
    actions.output = 7;
    json::Value scripted = whole(question(kChat, chat_body("hello")), actions);
    EXPECT_EQ(text_at(scripted, "choices.0.message.content"), "scripted words");
    EXPECT_EQ(at(scripted, "usage.prompt_tokens").as_int(), 100);
    EXPECT_EQ(at(scripted, "usage.prompt_tokens_details.cached_tokens").as_int(), 40);
    EXPECT_EQ(at(scripted, "usage.completion_tokens").as_int(), 7);
}

TEST(MockAnswerTest, SizesAreKeptWholeAndStreamed) {
    for (uint64_t events : {uint64_t{0}, uint64_t{1}, uint64_t{7}}) {
        for (uint64_t bytes : {uint64_t{0}, uint64_t{1}, uint64_t{5000}}) {
            PieceText text("three little words", events, bytes);
            std::string joined;
            for (uint64_t i = 0; i < text.size(); ++i)
                text.append_piece(i, joined);
            EXPECT_EQ(joined, text.whole());
            if (bytes) {
                EXPECT_EQ(joined.size(), bytes);
            }
            if (events) {
                EXPECT_EQ(text.size(), bytes ? std::min(events, bytes) : events);
            }
        }
    }
    EXPECT_EQ(PieceText("a b", 5, 0).whole(), "a b a b a");
    EXPECT_EQ(PieceText("  padded  ").whole(), "  padded  ");
    EXPECT_EQ(PieceText("").size(), 0U);
}

TEST(MockAnswerTest, ASchemaThatGrowsWithoutEndIsBounded) {
    auto schema = json::parse(
        R"({"$ref":"#/$defs/T","$defs":{"T":{"type":"array","minItems":16,"items":{"$ref":"#/$defs/T"}}}})");
    EXPECT_LT(json::serialize(sample_value(*schema, "x")).size(), 100'000U);
}

TEST(MockStreamTest, OpenAiChunksJoinToTheWholeAnswer) {
    Question q = question(
        kChat,
        chat_body("hello there", R"("stream":true,"stream_options":{"include_usage":true})"));
    auto events = sse_events(stream_bytes(q));
    std::string text, finish;
    for (std::size_t i = 0; i + 1 < events.size(); ++i) {
        auto chunk = json::parse(events[i].second);
        ASSERT_TRUE(chunk) << events[i].second;
        EXPECT_EQ(text_at(*chunk, "object"), "chat.completion.chunk");
        text += text_at(*chunk, "choices.0.delta.content");
        finish += text_at(*chunk, "choices.0.finish_reason");
    }
    EXPECT_EQ(text, text_at(whole(q), "choices.0.message.content"));
    EXPECT_EQ(finish, "stop");
    auto usage = json::parse(events[events.size() - 2].second);
    EXPECT_TRUE(at(*usage, "choices").items().empty());
    EXPECT_EQ(at(*usage, "usage"), at(whole(q), "usage"));
    EXPECT_EQ(events.back().second, "[DONE]");
}

TEST(MockStreamTest, OpenAiUsageOnlyIfAskedFor) {
    EXPECT_EQ(stream_bytes(question(kChat, chat_body("hi", R"("stream":true)"))).find("usage"),
              std::string::npos);
    EXPECT_EQ(sse_events(stream_bytes(question("/v1/completions",
                                               R"({"model":"m","prompt":"a b","stream":true})")))
                  .back()
                  .second,
              "[DONE]");
}

TEST(MockStreamTest, AnthropicHasEveryEventType) {
    Question q = question(
        "/v1/messages",
        R"({"model":"claude","max_tokens":100,"stream":true,"thinking":{"type":"enabled","budget_tokens":10},
        "messages":[{"role":"user","content":"the weather in Rome"}],
        "tools":[{"name":"get_weather","input_schema":{"type":"object","properties":{"city":{"type":"string"}}}}]})");
    std::vector<std::string> names;
    std::string bytes = stream_bytes(q), arguments, thinking;
    for (const auto& [name, data] : sse_events(bytes)) {
        auto event = json::parse(data);
        ASSERT_TRUE(event) << data;
        EXPECT_EQ(text_at(*event, "type"), name);
        if (names.empty() || names.back() != name) names.push_back(name);
        arguments += text_at(*event, "delta.partial_json");
        thinking += text_at(*event, "delta.thinking");
    }
    EXPECT_EQ(names, (std::vector<std::string>{
                         "message_start", "ping", "content_block_start", "content_block_delta",
                         "content_block_stop", "content_block_start", "content_block_delta",
                         "content_block_stop", "message_delta", "message_stop"}));
    EXPECT_EQ(arguments, R"({"city":"Rome"})");
    EXPECT_EQ(thinking, text_at(whole(q), "content.0.thinking"));
    EXPECT_NE(bytes.find("signature_delta"), std::string::npos);
    EXPECT_EQ(text_at(whole(q), "stop_reason"), "tool_use");
}

TEST(MockStreamTest, BedrockIsFramed) {
    Question q = question("/model/anthropic.claude%3A1/converse-stream",
                          R"({"messages":[{"role":"user","content":[{"text":"hi"}]}]})");
    EXPECT_EQ(q.model, "anthropic.claude:1");
    std::string bytes = stream_bytes(q), text;
    std::string_view left = bytes;
    std::vector<std::string> types;
    dialect::EventStreamReader reader;
    dialect::EventStreamMessage message;
    while (*reader.next(left, message)) {
        types.emplace_back(message.event_type);
        text += text_at(*json::parse(message.payload), "delta.text");
    }
    EXPECT_EQ(types.front(), "messageStart");
    EXPECT_EQ(types.back(), "metadata");
    EXPECT_EQ(text, text_at(whole(q), "output.message.content.0.text"));
}

/// What an OpenAI client gets of the mock through dialect/, whole or streamed.
struct Translated {
    std::string text, arguments, finish;
    dialect::Usage usage;
    friend bool operator==(const Translated&, const Translated&) = default;
};

Translated translate_whole(dialect::Schema schema, std::string_view client_body) {
    dialect::Target target{.schema = schema};
    auto request = dialect::translate_request({.body = client_body, .model = "gpt-4o"}, target);
    if (!request) throw std::runtime_error(request.error().to_string());
    Question q = question(request->path.substr(0, request->path.find('?')), request->body);
    dialect::Context context{.schema = schema, .model = request->model, .created = kCreated};
    auto response = dialect::translate_response(context, render_whole(q, answer(q, {}), kCreated));
    if (!response) throw std::runtime_error(response.error().to_string());
    auto body = *json::parse(response->body);
    return {text_at(body, "choices.0.message.content"),
            text_at(body, "choices.0.message.tool_calls.0.function.arguments"),
            text_at(body, "choices.0.finish_reason"), response->usage};
}

Translated translate_stream(dialect::Schema schema, std::string_view client_body) {
    dialect::Target target{.schema = schema};
    auto request = dialect::translate_request(
        {.body = client_body, .model = "gpt-4o", .stream = true}, target);
    if (!request) throw std::runtime_error(request.error().to_string());
    Question q = question(request->path.substr(0, request->path.find('?')), request->body);
    EXPECT_TRUE(q.stream);
    dialect::StreamTranslator stream(
        {.schema = schema, .model = request->model, .created = kCreated});
    std::string out;
    auto fed = stream.feed(stream_bytes(q), out);
    EXPECT_TRUE(fed) << fed.error().to_string();
    EXPECT_TRUE(stream.finish(out)) << "the terminal event came";
    Translated got{.usage = stream.usage()};
    for (const auto& [name, data] : sse_events(out)) {
        if (data == "[DONE]") continue;
        auto chunk = *json::parse(data);
        got.text += text_at(chunk, "choices.0.delta.content");
        got.arguments += text_at(chunk, "choices.0.delta.tool_calls.0.function.arguments");
        got.finish += text_at(chunk, "choices.0.finish_reason");
    }
    return got;
}

TEST(MockDialectTest, OurCodecsReadWhatTheMockSays) {
    using dialect::Schema;
    for (Schema schema :
         {Schema::Anthropic, Schema::AWSBedrock, Schema::GCPAnthropic, Schema::AWSAnthropic}) {
        SCOPED_TRACE(dialect::to_string(schema));
        auto say = [](std::string_view text, bool stream) {
            return fmt::format(
                R"({{"model":"gpt-4o","max_tokens":100,"messages":[{{"role":"user","content":"{}"}}],{}{}}})",
                text, kTools,
                stream ? R"(,"stream":true,"stream_options":{"include_usage":true})" : "");
        };
        Translated text = translate_whole(schema, say("hello", false));
        EXPECT_EQ(text.text, "Mock answer from gpt-4o: you said \"hello\".");
        EXPECT_EQ(text.finish, "stop");
        EXPECT_GT(text.usage.input.value_or(0), 0);
        EXPECT_EQ(text.usage.output, 7);
        Translated streamed = translate_stream(schema, say("hello", true));
        EXPECT_EQ(streamed.text, text.text);
        EXPECT_EQ(streamed.finish, "stop");
        EXPECT_EQ(streamed.usage.output, text.usage.output);
        EXPECT_EQ(streamed.usage.input, text.usage.input);
        Translated tool = translate_whole(schema, say("the weather in Oslo", false));
        EXPECT_EQ(tool.arguments, R"({"city":"Oslo","unit":"celsius"})");
        EXPECT_EQ(tool.finish, "tool_calls");
        EXPECT_EQ(translate_stream(schema, say("the weather in Oslo", true)).arguments,
                  tool.arguments);
    }
}

TEST(MockOtherTest, EmbeddingsModelsModerationsAndCounts) {
    json::Value e =
        whole(question("/v1/embeddings", R"({"model":"e","input":["a b","c"],"dimensions":4})"));
    EXPECT_EQ(at(e, "data").items().size(), 2U);
    EXPECT_EQ(at(e, "data.0.embedding").items().size(), 4U);
    EXPECT_EQ(at(e, "usage.prompt_tokens").as_int(), 3);
    double squares = 0;
    const json::Value second = at(e, "data.1.embedding");
    for (const auto& x : second.items())
        squares += *x.as_double() * *x.as_double();
    EXPECT_NEAR(squares, 1, 1e-5);
    json::Value packed =
        whole(question("/v1/embeddings",
                       R"({"model":"e","input":"a","dimensions":3,"encoding_format":"base64"})"));
    EXPECT_EQ(text_at(packed, "data.0.embedding").size(), 16U) << "12 bytes in base64";
    EXPECT_EQ(at(whole(question("/v1/embeddings", R"({"model":"e","input":[1,2,3]})")), "data")
                  .items()
                  .size(),
              1U);
    EXPECT_GT(at(whole(question("/v1/models", "", "GET")), "data").items().size(), 1U);
    EXPECT_EQ(text_at(whole(question("/v1/models/gpt-4o", "", "GET")), "id"), "gpt-4o");
    EXPECT_EQ(at(whole(question("/v1/messages/count_tokens",
                                R"({"model":"c","messages":[{"role":"user","content":"a b c"}]})")),
                 "input_tokens")
                  .as_int(),
              4);
    EXPECT_EQ(at(whole(question("/v1/moderations", R"({"model":"m","input":"flag this"})")),
                 "results.0.flagged")
                  .as_bool(),
              true);
    json::Value r = whole(question("/v1/responses", R"({"model":"m","input":"hi"})"));
    EXPECT_EQ(text_at(r, "output.0.content.0.text"), "Mock answer from m: you said \"hi\".");
    EXPECT_EQ(text_at(r, "status"), "completed");
    auto events = sse_events(
        stream_bytes(question("/v1/responses", R"({"model":"m","input":"hi","stream":true})")));
    EXPECT_EQ(events.front().first, "response.created");
    EXPECT_EQ(events.back().first, "response.completed");
    for (std::size_t i = 0; i < events.size(); ++i)
        EXPECT_EQ(at(*json::parse(events[i].second), "sequence_number").as_int(),
                  static_cast<int64_t>(i));
}

TEST(MockAnswerTest, ResponsesReasonAndProveIt) {
    constexpr std::string_view kAsked =
        R"({"model":"m","input":"hi","store":false,"stream":true,"reasoning":{"effort":"high",)"
        R"("summary":"auto"},"include":["reasoning.encrypted_content"]})";
    json::Value r = whole(question("/v1/responses", kAsked));
    EXPECT_EQ(text_at(r, "output.0.type"), "reasoning");
    EXPECT_EQ(text_at(r, "output.0.encrypted_content"), proof_of(text_at(r, "output.0.id")));
    auto events = sse_events(stream_bytes(question("/v1/responses", kAsked)));
    std::string summary;
    for (std::size_t i = 0; i < events.size(); ++i) {
        json::Value event = *json::parse(events[i].second);
        EXPECT_EQ(at(event, "sequence_number").as_int(), static_cast<int64_t>(i));
        if (events[i].first == "response.reasoning_summary_text.delta")
            summary += text_at(event, "delta");
    }
    EXPECT_EQ(summary, text_at(r, "output.0.summary.0.text"));
    EXPECT_EQ(text_at(*json::parse(events.back().second), "response.output.1.type"), "message");
    // Unasked, neither is told; and a proof is good with its own item only.
    json::Value plain = whole(
        question("/v1/responses", R"({"model":"m","input":"hi","reasoning":{"effort":"high"}})"));
    EXPECT_EQ(text_at(plain, "output.0.encrypted_content"), "");
    EXPECT_TRUE(at(plain, "output.0.summary").items().empty());
    for (std::string_view proof : {"", "gAAAAA-mock-proof-of-rs_2"}) {
        std::string body = R"({"model":"m","store":false,"input":[{"type":"reasoning","id":"rs_1",)"
                           R"("summary":[],"encrypted_content":")" +
                           std::string(proof) + R"("}]})";
        EXPECT_FALSE(read_question(*find_destination("POST", "/v1/responses", false),
                                   "/v1/responses", body));
    }
}

TEST(MockPathTest, AnyPrefixAndEveryDialect) {
    struct Case {
        std::string_view path;
        Ask ask;
        dialect::Dialect shape;
        std::string_view model;
    } cases[] = {
        {"/v1/reasoning/chat/completions", Ask::chat, dialect::Dialect::openai, ""},
        {"/v1/responses/input_tokens", Ask::count_tokens, dialect::Dialect::openai, ""},
        {"/v1/chat/completions/", Ask::chat, dialect::Dialect::openai, ""},
        {"/openai/deployments/dep%201/chat/completions", Ask::chat, dialect::Dialect::openai,
         "dep 1"},
        {"/v1/completions", Ask::completions, dialect::Dialect::openai, ""},
        {"/anthropic/v1/messages", Ask::messages, dialect::Dialect::anthropic, ""},
        {"/model/a.b-v1%3A0/invoke", Ask::messages, dialect::Dialect::anthropic, "a.b-v1:0"},
        {"/v1/projects/p/locations/l/publishers/anthropic/models/claude@1:streamRawPredict",
         Ask::messages, dialect::Dialect::anthropic, "claude@1"},
    };
    for (const Case& c : cases) {
        auto d = find_destination("POST", c.path, false);
        ASSERT_TRUE(d) << c.path;
        EXPECT_EQ(d->ask, c.ask) << c.path;
        EXPECT_EQ(d->shape, c.shape) << c.path;
        EXPECT_EQ(d->model, c.model) << c.path;
    }
    EXPECT_EQ(&find_destination("POST", "/nothing", false).error().code(), &codes::route_not_found);
    EXPECT_EQ(&find_destination("GET", kChat, false).error().code(), &codes::route_method);
    EXPECT_EQ(error_shape("/model/x/nothing", false), dialect::Dialect::bedrock);
    EXPECT_EQ(error_shape("/v1/models", true), dialect::Dialect::anthropic);
}

TEST(MockAnswerTest, AnAnswerIsCheap) {
    std::string body = chat_body(std::string(800, 'x'));
    constexpr int kTimes = 5'000;
    auto begun = std::chrono::steady_clock::now();
    std::size_t bytes = 0;
    for (int i = 0; i < kTimes; ++i) {
        Question q = question(kChat, body);
        bytes += render_whole(q, answer(q, {}), kCreated).size();
    }
    auto each = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begun)
                    .count() /
                kTimes;
    std::printf("%.1f us per answer of %zu bytes\n", each, bytes / kTimes);
    EXPECT_LT(each, 2000.0);  // generous: sanitizers and a busy machine
}

TEST(MockPathTest, BadBodiesAreRefused) {
    for (std::string_view body : {"", "{", "[]", R"({"messages":[{"role":"user","content":"x"}]})",
                                  R"({"model":"m"})", R"({"model":"m","messages":[]})"}) {
        auto q = read_question(*find_destination("POST", kChat, false), kChat, body);
        ASSERT_FALSE(q) << body;
        EXPECT_EQ(q.error().status(), 400);
    }
}

}  // namespace
}  // namespace weir::mock
