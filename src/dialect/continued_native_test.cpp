// Broken streams of Gemini, Cohere and Bedrock Converse clients go on.
#include "dialect/eventstream.h"
#include "dialect/test_continued.h"

namespace weir::dialect {
namespace {

std::string gemini(std::string_view parts, std::string_view more = "",
                   std::string_view id = "first") {
    return "data: {\"candidates\":[{\"index\":0,\"content\":{\"parts\":[" + std::string(parts) +
           "],\"role\":\"model\"}" + std::string(more) + ",\"modelVersion\":\"m-" +
           std::string(id) + "\",\"responseId\":\"" + std::string(id) + "\"}\n\n";
}

TEST(ContinuedStreamTest, GeminiIsOneStream) {
    std::string first = gemini(R"({"text":"hm","thought":true})", "}]") +
                        gemini(R"({"text":"Hello "})", "}]") +
                        gemini(R"({"text":"wor)").substr(0, 60);
    std::string second = gemini(R"({"text":"so","thought":true})", "}]", "second") +
                         gemini(R"({"text":" wor"})", "}]", "second") +
                         gemini(R"({"text":"ld"})",
                                R"(,"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,)"
                                R"("candidatesTokenCount":2,"totalTokenCount":11})",
                                "second");
    ContinuedStream::Options options{.dialect = Dialect::gemini};
    auto events = events_of(continued(options, first, second, {.spent = spent(7, 1), .tail = " "}));
    std::string text;
    for (const auto& event : events) {
        EXPECT_EQ(event.string_at("responseId"), "first");
        EXPECT_EQ(event.string_at("modelVersion"), "m-first");
        const auto& candidate = event.find("candidates")->items().front();
        for (const auto& part : candidate.find("content")->find("parts")->items())
            if (!part.find("thought")) text += part.string_at("text");
    }
    ASSERT_EQ(events.size(), 4u) << "a thought behind the text is not told";
    EXPECT_EQ(text, "Hello world");
    EXPECT_EQ(events.back().find("usageMetadata")->find("totalTokenCount")->as_int(), 19);
    EXPECT_EQ(events.back().find("usageMetadata")->find("promptTokenCount")->as_int(), 16);
}

TEST(ContinuedStreamTest, WhatStopsGeminiAndCohere) {
    struct Case {
        Dialect dialect;
        std::string text;
        Obstacle obstacle;
    };
    const Case cases[] = {
        {Dialect::gemini, gemini(R"({"text":"a"},{"functionCall":{"name":"f","args":{}}})", "}]"),
         Obstacle::tool_call},
        {Dialect::gemini, gemini(R"({"text":"a"})", R"(,"finishReason":"STOP"}])"),
         Obstacle::ended},
        {Dialect::gemini, gemini(R"({"text":"a","thought":true})", "}]"), Obstacle::reasoning},
        {Dialect::gemini, gemini(R"({"text":"a"})", R"(},{"index":1}])"), Obstacle::several},
        {Dialect::gemini, gemini(R"({"inlineData":{}})", "}]"), Obstacle::opaque},
        {Dialect::gemini, gemini("", "}]"), Obstacle::nothing_said},
        {Dialect::cohere, sse(R"({"type":"tool-plan-delta","delta":{}})"), Obstacle::tool_call},
        {Dialect::cohere,
         sse(R"({"type":"content-start","index":0,"delta":{"message":{"content":{"type":"thinking"}}}})"),
         Obstacle::reasoning},
        {Dialect::cohere, sse(R"({"type":"message-end","delta":{"finish_reason":"COMPLETE"}})"),
         Obstacle::ended},
    };
    for (const Case& c : cases) {
        ContinuedStream stream({.dialect = c.dialect});
        std::string out;
        stream.feed(c.text, out);
        EXPECT_EQ(out, c.text);
        EXPECT_EQ(stream.obstacle(), c.obstacle) << c.text << to_string(stream.obstacle());
    }
}

TEST(ContinuedStreamTest, CohereGoesOnInTheOpenContent) {
    auto content = [](std::string_view type, int index, std::string_view value) {
        return sse(R"({"type":"content-)" + std::string(type) + R"(","index":)" +
                   std::to_string(index) + R"(,"delta":{"message":{"content":)" +
                   std::string(value) + "}}}");
    };
    auto begin = [](std::string_view id) {
        return sse(R"({"type":"message-start","id":")" + std::string(id) + R"(","delta":{}})");
    };
    std::string first = begin("first") + content("start", 0, R"({"type":"text","text":""})") +
                        content("delta", 0, R"({"text":"Hello "})");
    std::string second =
        begin("second") + content("start", 0, R"({"type":"thinking","thinking":""})") +
        content("delta", 0, R"({"thinking":"hm"})") + sse(R"({"type":"content-end","index":0})") +
        content("start", 1, R"({"type":"text","text":""})") +
        content("delta", 1, R"({"text":" world"})") +
        sse(R"({"type":"citation-start","index":0,"delta":{}})") +
        sse(R"({"type":"content-end","index":1})") +
        sse(R"({"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":)"
            R"({"input_tokens":9,"output_tokens":2},"tokens":{"input_tokens":9,"output_tokens":2}}}})");
    ContinuedStream::Options options{.dialect = Dialect::cohere};
    auto events = events_of(continued(options, first, second, {.spent = spent(7, 1), .tail = " "}));
    std::string kinds;
    for (const auto& event : events)
        kinds += std::string(event.string_at("type")) + " ";
    EXPECT_EQ(kinds,
              "message-start content-start content-delta content-delta content-end message-end ");
    EXPECT_EQ(events[3].find("index")->as_int(), 0);
    EXPECT_EQ(events[3].find("delta")->find("message")->find("content")->string_at("text"),
              "world");
    const auto* usage = events[5].find("delta")->find("usage");
    EXPECT_EQ(usage->find("tokens")->find("input_tokens")->as_int(), 16);
    EXPECT_EQ(usage->find("billed_units")->find("output_tokens")->as_int(), 3);
}

TEST(ContinuedStreamTest, ErrorsOfGeminiAndCohereDoNotPass) {
    for (auto [dialect, text] :
         {std::pair(Dialect::gemini, std::string("data: {\"error\":{\"code\":503}}\n\n")),
          std::pair(Dialect::cohere,
                    sse(R"({"type":"message-end","delta":{"finish_reason":"ERROR"}})"))}) {
        ContinuedStream stream({.dialect = dialect});
        std::string out;
        stream.feed(text, out);
        EXPECT_EQ(out, "");
        EXPECT_EQ(stream.error_event(), text);
    }
}

std::string frame(std::string_view type, std::string_view payload) {
    std::string out;
    append_eventstream_event(out, type, payload);
    return out;
}

TEST(ContinuedStreamTest, BedrockGoesOnInTheOpenBlock) {
    std::string first =
        frame("messageStart", R"({"role":"assistant"})") +
        frame("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"Hello "}})") +
        frame("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"wor"}})")
            .substr(0, 40);
    std::string second =
        frame("messageStart", R"({"role":"assistant"})") +
        frame("contentBlockDelta",
              R"({"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"hm"}}})") +
        frame("contentBlockStop", R"({"contentBlockIndex":0})") +
        frame("contentBlockDelta", R"({"contentBlockIndex":1,"delta":{"text":" world"}})") +
        frame("contentBlockStop", R"({"contentBlockIndex":1})") +
        frame("contentBlockStart",
              R"({"contentBlockIndex":2,"start":{"toolUse":{"name":"f","toolUseId":"t"}}})") +
        frame("contentBlockDelta",
              R"({"contentBlockIndex":2,"delta":{"toolUse":{"input":"{}"}}})") +
        frame("contentBlockStop", R"({"contentBlockIndex":2})") +
        frame("messageStop", R"({"stopReason":"tool_use"})") +
        frame("metadata", R"({"usage":{"inputTokens":9,"outputTokens":2,"totalTokens":11}})");
    ContinuedStream::Options options{.dialect = Dialect::bedrock};
    std::string out = continued(options, first, second, {.spent = spent(7, 1), .tail = " "});
    std::string_view rest = out;
    EventStreamReader reader;
    EventStreamMessage message;
    std::string kinds, payloads;
    while (*reader.next(rest, message)) {
        kinds.append(message.event_type).append(" ");
        payloads.append(message.payload).append("\n");
    }
    EXPECT_EQ(kinds,
              "messageStart contentBlockDelta contentBlockDelta contentBlockStop "
              "contentBlockStart contentBlockDelta contentBlockStop messageStop metadata ");
    EXPECT_NE(payloads.find(R"({"contentBlockIndex":0,"delta":{"text":"world"}})"),
              std::string::npos)
        << payloads;
    EXPECT_NE(payloads.find(R"({"contentBlockIndex":1,"delta":{"toolUse":{"input":"{}"}}})"),
              std::string::npos)
        << payloads;
    EXPECT_NE(payloads.find(R"("totalTokens":19)"), std::string::npos) << payloads;
}

TEST(ContinuedStreamTest, ACitationLeavesBedrocksBlockOpen) {
    std::string first =
        frame("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"Hello "}})") +
        frame("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"citation":{"title":"t"}}})");
    std::string second =
        frame("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"world"}})") +
        frame("contentBlockStop", R"({"contentBlockIndex":0})") +
        frame("messageStop", R"({"stopReason":"end_turn"})");
    std::string out = continued({.dialect = Dialect::bedrock}, first, second, {});
    std::string_view rest = out;
    EventStreamReader reader;
    EventStreamMessage message;
    std::string payloads;
    while (*reader.next(rest, message))
        payloads.append(message.payload).append("\n");
    EXPECT_NE(payloads.find(R"({"contentBlockIndex":0,"delta":{"text":"world"}})"),
              std::string::npos)
        << payloads;
}

TEST(ContinuedStreamTest, WhatStopsBedrock) {
    auto judge = [](const std::string& text, bool passes = true) {
        ContinuedStream stream({.dialect = Dialect::bedrock});
        std::string out;
        stream.feed(text, out);
        EXPECT_EQ(out, passes ? text : "");
        return stream.obstacle();
    };
    EXPECT_EQ(judge(frame("contentBlockStart", R"({"start":{"toolUse":{}}})")),
              Obstacle::tool_call);
    EXPECT_EQ(judge(frame("contentBlockDelta", R"({"delta":{"reasoningContent":{"text":"a"}}})")),
              Obstacle::reasoning);
    EXPECT_EQ(judge(frame("messageStop", "{}")), Obstacle::ended);
    EXPECT_EQ(judge(frame("contentBlockDelta", "[]")), Obstacle::opaque);
    std::string broken = frame("messageStop", "{}");
    broken.back() ^= 1;
    EXPECT_EQ(judge(broken), Obstacle::opaque);
    std::string exception;
    append_eventstream_exception(exception, "throttlingException", R"({"message":"slow"})");
    ContinuedStream stream({.dialect = Dialect::bedrock});
    std::string out;
    stream.feed(exception, out);
    EXPECT_EQ(out, "");
    EXPECT_EQ(stream.error_event(), exception);
}

}  // namespace
}  // namespace weir::dialect
