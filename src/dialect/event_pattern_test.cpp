#include "dialect/event_pattern.h"

#include "dialect/stream.h"
#include "dialect/test_support.h"

namespace weir::dialect {
namespace {

constexpr std::string_view kPadding[] = {"p", "n"};

std::string text_of(EventPattern& pattern, std::string_view data, std::string_view name = "e") {
    const auto found = pattern.match(name, data);
    return found ? std::string(found->text) : "(not recognised)";
}

constexpr std::string_view kNot = "(not recognised)";

TEST(EventPattern, RecognisesAnEventThatDiffersInItsWords) {
    EventPattern pattern({});
    EXPECT_EQ(text_of(pattern, R"({"a":"Hi"})"), kNot) << "it knows nothing yet";
    pattern.learn("e", R"({"a":"Hi", "b":[1,{"c":null}]})", "Hi");
    EXPECT_EQ(text_of(pattern, R"({"a":"Hi", "b":[1,{"c":null}]})"), "Hi");
    EXPECT_EQ(text_of(pattern, R"({"a":" there", "b":[1,{"c":null}]})"), " there");
    EXPECT_EQ(text_of(pattern, R"({"a":"\"\u00e9\n", "b":[1,{"c":null}]})"), "\"\u00e9\n");
    EXPECT_EQ(text_of(pattern, "{\"a\":\"\u00e9\", \"b\":[1,{\"c\":null}]}"), "\u00e9");
    for (std::string_view other :
         {R"({"a":"x", "b":[2,{"c":null}]})", R"({"a":"x", "b":[1,{"c":null}]} )",
          R"({"a":"x", "b":[1,{"c":null}])", R"({"a":"x")", R"({"a":)", "", R"({"a":1})",
          R"({"a":"", "b":[1,{"c":null}]})", R"({"a":"\x", "b":[1,{"c":null}]})",
          "{\"a\":\"\n\", \"b\":[1,{\"c\":null}]}", "{\"a\":\"\xC3\", \"b\":[1,{\"c\":null}]}",
          R"({"a":"x","more":1, "b":[1,{"c":null}]})", R"({"a":"\ud800", "b":[1,{"c":null}]})"})
        EXPECT_EQ(text_of(pattern, other), kNot) << other;
    EXPECT_EQ(text_of(pattern, R"({"a":"x", "b":[1,{"c":null}]})", "f"), kNot) << "another event";
    pattern.forget();
    EXPECT_EQ(text_of(pattern, R"({"a":"Hi", "b":[1,{"c":null}]})"), kNot);
}

TEST(EventPattern, TheWordsMustStandInOnePlaceOnly) {
    for (std::string_view twice :
         {R"({"a":"Hi","b":"Hi"})", R"({"Hi":"Hi"})", R"({"a":"Hi","b":"\u0048i"})", R"({"a":"x"})",
          R"(["x"])", R"("x")"}) {
        EventPattern pattern({});
        pattern.learn("e", twice, "Hi");
        EXPECT_EQ(text_of(pattern, twice), kNot) << twice;
    }
    EventPattern pattern({.padding = kPadding});
    pattern.learn("e", R"({"a":"Hi","p":"Hi"})", "Hi");
    EXPECT_EQ(text_of(pattern, R"({"a":"so","p":"!"})"), "so") << "padding says nothing";
}

TEST(EventPattern, PaddingMayDiffer) {
    EventPattern pattern({.padding = kPadding});
    pattern.learn("e", R"({"n":1,"a":"Hi","p":"abc"})", "Hi");
    EXPECT_EQ(text_of(pattern, R"({"n":-20.5e3,"a":"x","p":""})"), "x");
    EXPECT_EQ(text_of(pattern, R"({"n":2,"a":"x","p":"\"]}"})"), "x");
    for (std::string_view other :
         {R"({"n":,"a":"x","p":""})", R"({"n":01,"a":"x","p":""})", R"({"n":"1","a":"x","p":""})",
          R"({"n":1,"a":"x","p":1})", R"({"n":1,"a":"x","p":"\y"})", R"({"n":1,"a":"x"})",
          "{\"n\":1,\"a\":\"x\",\"p\":\"\xFF\"}"})
        EXPECT_EQ(text_of(pattern, other), kNot) << other;
    pattern.learn("e", R"({"n":{"n":1},"a":"Hi"})", "Hi");
    EXPECT_EQ(text_of(pattern, R"({"n":{"n":2},"a":"Hi"})"), kNot) << "an object is no padding";
}

TEST(EventPattern, CountsAreTold) {
    EventPattern pattern({.counts = "usage"});
    pattern.learn("e", R"({"a":"Hi","usage":{"in":1,"d":[{"t":"2","out":3}]},"x":7})", "Hi");
    const auto found =
        pattern.match("e", R"({"a":"x","usage":{"in":10,"d":[{"t":"2","out":-3.50}]},"x":7})");
    ASSERT_TRUE(found && found->counts);
    EXPECT_EQ(json::serialize(*found->counts), R"({"in":10,"d":[{"t":"2","out":-3.50}]})");
    for (std::string_view other : {R"({"a":"x","usage":{"in":1,"d":[{"t":"9","out":3}]},"x":7})",
                                   R"({"a":"x","usage":{"in":1,"d":[{"t":"2","out":3}]},"x":8})",
                                   R"({"a":"x","usage":{"in":x,"d":[{"t":"2","out":3}]},"x":7})",
                                   R"({"a":"x","usage":null,"x":7})"})
        EXPECT_EQ(text_of(pattern, other), kNot) << other;
    pattern.learn("e", R"({"a":"Hi","usage":null})", "Hi");
    EXPECT_FALSE(pattern.match("e", R"({"a":"x","usage":null})")->counts);
    pattern.learn("e", R"({"a":"Hi","usage":{"in":1},"usage":{"in":2}})", "Hi");
    EXPECT_EQ(text_of(pattern, R"({"a":"Hi","usage":{"in":1},"usage":{"in":2}})"), kNot)
        << "one of two is meant";
}

// What never comes again is not learnt for ever.
TEST(EventPattern, RestsWhereLessonsAreOfNoUse) {
    EventPattern pattern({});
    int taken = 0;
    for (int i = 0; i < 1000; ++i) {
        const std::string event = R"({"a":"Hi","n":)" + std::to_string(i) + "}";
        EXPECT_EQ(text_of(pattern, event), kNot);
        pattern.learn("e", event, "Hi");
        if (i % 10 == 9) continue;
        const std::string next = R"({"a":"x","n":)" + std::to_string(i + 1) + "}";
        taken += text_of(pattern, next) != kNot;
    }
    EXPECT_EQ(taken, 0);
    for (int i = 0; i < 100; ++i)
        pattern.learn("e", R"({"a":"Hi"})", "Hi");
    int recognised = 0;
    for (int i = 0; i < 100; ++i) {
        recognised += text_of(pattern, R"({"a":"Hi"})") == "Hi";
        pattern.learn("e", R"({"a":"Hi"})", "Hi");
    }
    EXPECT_GE(recognised, 30) << "after a rest it learns again, and what is of use it keeps";
    const std::string large =
        R"({"a":"Hi","b":")" + std::string(EventPattern::kMaxEvent, 'x') + "\"}";
    pattern.learn("e", large, "Hi");
    EXPECT_EQ(text_of(pattern, large), kNot);
}

struct Client {
    Operation operation;
    Dialect dialect;
};
constexpr Client kClients[] = {
    {Operation::chat, Dialect::openai},        {Operation::responses, Dialect::openai},
    {Operation::messages, Dialect::anthropic}, {Operation::chat, Dialect::gemini},
    {Operation::chat, Dialect::cohere},        {Operation::chat, Dialect::bedrock}};

struct Provider {
    Schema schema;
    ConversationApi api;
};

// What the client gets, how it ended and what was counted.
std::string translate(const Client& client, const Provider& provider, std::string_view bytes) {
    StreamTranslator stream({.operation = client.operation,
                             .dialect = client.dialect,
                             .schema = provider.schema,
                             .model = "asked",
                             .created = 123,
                             .request_id = "req-1",
                             .api = provider.api});
    std::string out;
    auto result = stream.feed(bytes, out);
    if (result) result = stream.finish(out);
    if (!result) stream.encode_error(result.error(), out);
    for (const auto& lost : stream.dropped())
        out += "lost " + lost + "\n";
    const Usage& usage = stream.usage();
    return out + (result ? "whole" : std::string(result.error().code().name)) +
           " input=" + std::to_string(usage.input.value_or(-1)) +
           " output=" + std::to_string(usage.output.value_or(-1)) +
           " total=" + std::to_string(usage.total.value_or(-1));
}

void expect_same_without_repetition(const Provider& provider, std::string_view text) {
    auto framed = [&](std::string_view events) {
        return provider.schema == Schema::AWSBedrock ? test::frames(events) : std::string(events);
    };
    const std::string other = test::unrepeated(text);
    ASSERT_NE(other, text);
    for (const Client& client : kClients) {
        const bool passes =
            client.dialect != Dialect::openai &&
            body_dialect(client.operation, client.dialect) == dialect_of(provider.schema);
        if (passes) continue;
        EXPECT_EQ(translate(client, provider, framed(text)),
                  translate(client, provider, framed(other)))
            << to_string(client.dialect) << " client of " << to_string(provider.schema);
    }
}

// Events in the shapes that a provider sends, as templates: $ is words, # a count, % padding.
struct Shapes {
    Provider provider;
    std::string_view opening;
    std::vector<std::string_view> events;
    std::string_view closing;
};

std::vector<Shapes> all_shapes() {
    constexpr auto kOwn = ConversationApi{};
    return {
        {{Schema::OpenAI, kOwn},
         "data: {\"id\":\"c1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":"
         "\"assistant\",\"content\":\"\"}}]}\n\n",
         {R"(data: {"id":"c1","choices":[{"index":0,"delta":{"content":"$"},"finish_reason":null}],"usage":null,"obfuscation":"%"})",
          R"(data: {"id":"c1","choices":[{"index":0,"delta":{"content":"$"}}],"usage":{"prompt_tokens":3,"completion_tokens":#}})",
          R"(data: {"id":"c1","choices":[{"index":1,"delta":{"content":"$"}}],"p":"%"})",
          R"(data: {"id":"c1","choices":[{"index":0,"delta":{"reasoning_content":"$"}}]})",
          R"(data: {"id":"c1","choices":[{"index":0,"delta":{"reasoning_content":"$","reasoning":"$"}}]})",
          R"(data: {"id":"c1","choices":[{"index":0,"delta":{"refusal":"$"}}]})",
          R"(data: {"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"$"}}]}}]})",
          R"(data: {"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"t","function":{"name":"f","arguments":"$"}}]}}]})",
          R"(data: {"id":"c1","choices":[{"index":0,"delta":{"content":"$"},"finish_reason":"stop"}]})",
          R"(data: {"id":"c1","choices":[{"index":0,"delta":{"content":"$","annotations":[{"type":"url_citation","url_citation":{"url":"https://x.test","start_index":0,"end_index":9}}]}}]})",
          ": nothing"},
         "data: [DONE]\n\n"},
        {{Schema::Anthropic, kOwn},
         "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"model\":\"m\","
         "\"usage\":{\"input_tokens\":3}}}\n\n",
         {R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})",
          R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}})",
          R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}})",
          R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"t"}})",
          R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"$"}})",
          R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"$"}})",
          R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"$"}})",
          R"(data: {"type":"content_block_stop","index":0})", R"(data: {"type":"ping"})"},
         "data: {\"type\":\"content_block_stop\",\"index\":0}\n\ndata: {\"type\":\"message_delta\","
         "\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}}\n\n"
         "data: {\"type\":\"message_stop\"}\n\n"},
        {{Schema::Gemini, kOwn},
         "data: {\"responseId\":\"r\",\"modelVersion\":\"m\"}\n\n",
         {R"(data: {"candidates":[{"content":{"parts":[{"text":"$"}]},"index":0}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":#}})",
          R"(data: {"candidates":[{"content":{"parts":[{"text":"$"}]},"index":0}],"usageMetadata":{"promptTokenCount":3}})",
          R"(data: {"candidates":[{"content":{"parts":[{"text":"$","thought":true}]}}]})",
          R"(data: {"candidates":[{"content":{"parts":[{"text":"$","thoughtSignature":"s"}]}}]})",
          R"(data: {"candidates":[{"content":{"parts":[{"text":"$"}]},"index":1,"finishReason":"STOP"}]})",
          R"(data: {"candidates":[{"content":{"parts":[{"text":"$"},{"inlineData":{}}]},"index":0}]})",
          R"(data: {"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"a":"$"}}}]}}]})"},
         "data: {\"candidates\":[{\"finishReason\":\"STOP\",\"index\":0}]}\n\n"},
        {{Schema::AWSBedrock, kOwn},
         "messageStart {\"role\":\"assistant\"}\n",
         {R"(contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"$"},"p":"%"})",
          R"(contentBlockDelta {"contentBlockIndex":0,"delta":{"toolUse":{"input":"$"}},"p":"%"})",
          R"(contentBlockDelta {"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"$"}},"p":"%"})",
          R"(contentBlockStart {"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"t","name":"f"}}})",
          R"(contentBlockStop {"contentBlockIndex":0,"p":"%"})"},
         "messageStop {\"stopReason\":\"end_turn\"}\nmetadata {\"usage\":{\"inputTokens\":3,"
         "\"outputTokens\":9}}\n"},
        {{Schema::Cohere, kOwn},
         "data: {\"type\":\"message-start\",\"id\":\"c\"}\n\n",
         {R"(data: {"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"$"}}}})",
          R"(data: {"type":"content-delta","index":0,"delta":{"message":{"content":{"thinking":"$"}}}})",
          R"(data: {"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"t","function":{"name":"f","arguments":""}}}}})",
          R"(data: {"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"$"}}}}})",
          R"(data: {"type":"content-end","index":0})"},
         "data: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"COMPLETE\",\"usage\":{"
         "\"tokens\":{\"input_tokens\":3,\"output_tokens\":9}}}}\n\n"},
        {{Schema::OpenAI, ConversationApi::responses},
         "data: {\"type\":\"response.created\",\"response\":{\"id\":\"r\",\"model\":\"m\"}}\n\n",
         {R"(data: {"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"$","sequence_number":#,"obfuscation":"%"})",
          R"(data: {"type":"response.reasoning_summary_text.delta","output_index":1,"summary_index":0,"delta":"$","sequence_number":#})",
          R"(data: {"type":"response.reasoning_summary_text.delta","output_index":1,"summary_index":1,"delta":"$","sequence_number":#})",
          R"(data: {"type":"response.output_item.added","output_index":2,"item":{"type":"function_call","call_id":"t","name":"f"}})",
          R"(data: {"type":"response.function_call_arguments.delta","output_index":2,"delta":"$","sequence_number":#})",
          R"(data: {"type":"response.output_item.done","output_index":1,"item":{"type":"reasoning","id":"x"}})"},
         "data: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":3,"
         "\"output_tokens\":9}}}\n\n"}};
}

// Any order of events, most of them in runs.
std::string random_stream(const Shapes& shapes, uint32_t seed) {
    static constexpr std::string_view kWords[] = {
        "Hi",        " there",         "\\n",           "\\u00e9\\\"", "x",    "",
        "assistant", "\\uD83D\\uDE00", "{\\\"a\\\":1}", "\xC3\xA9",    "stop", "0",
        "index"};
    auto next = [&seed](uint32_t below) {
        seed = seed * 1664525U + 1013904223U;
        return (seed >> 16) % below;
    };
    std::string out(shapes.opening);
    for (int run = 0; run < 12; ++run) {
        const auto shape = shapes.events[next(static_cast<uint32_t>(shapes.events.size()))];
        for (uint32_t times = 1 + next(4); times > 0; --times) {
            for (char c : shape) {
                if (c == '$')
                    out += kWords[next(std::size(kWords))];
                else if (c == '#')
                    out += std::to_string(next(100));
                else if (c == '%')
                    out.append(next(5), 'x');
                else
                    out += c;
            }
            out += shapes.provider.schema == Schema::AWSBedrock ? "\n" : "\n\n";
        }
    }
    return out.append(shapes.closing);
}

TEST(EventPattern, WhatIsRecognisedSaysWhatWouldHaveBeenRead) {
    for (const auto& shapes : all_shapes())
        for (uint32_t seed = 0; seed < 300; ++seed) {
            expect_same_without_repetition(shapes.provider, random_stream(shapes, seed));
            if (HasFailure()) FAIL() << "seed " << seed;
        }
}

TEST(EventPattern, RecordedStreamsSayTheSameWithoutRepetition) {
    const std::pair<std::string_view, Schema> kinds[] = {
        {".openai.sse", Schema::OpenAI},         {".anthropic.sse", Schema::Anthropic},
        {".gemini.sse", Schema::GCPVertexAI},    {".studio.sse", Schema::Gemini},
        {".bedrock.events", Schema::AWSBedrock}, {".cohere.sse", Schema::Cohere}};
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(test::testdata() / "streams"))
        for (const auto& [ending, schema] : kinds)
            if (entry.path().filename().string().ends_with(ending)) {
                SCOPED_TRACE(entry.path().filename().string());
                expect_same_without_repetition({schema, {}}, test::read_file(entry.path()));
                ++count;
            }
    EXPECT_GE(count, 20);
}

}  // namespace
}  // namespace weir::dialect
