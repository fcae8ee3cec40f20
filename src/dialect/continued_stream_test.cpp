#include "dialect/continued_stream.h"

#include <gtest/gtest.h>

#include "dialect/eventstream.h"
#include "dialect/sse.h"
#include "json/value.h"

namespace weir::dialect {
namespace {

std::vector<json::Value> events_of(std::string_view text) {
    std::vector<json::Value> out;
    SseReader reader;
    SseEvent event;
    while (*reader.next(text, event)) {
        if (event.data == "[DONE]") {
            out.push_back(json::Value::string("[DONE]"));
            continue;
        }
        auto parsed = json::parse(event.data);
        EXPECT_TRUE(parsed) << event.data;
        if (parsed) {
            std::string_view type = parsed->string_at("type");
            EXPECT_EQ(event.event, type);
            out.push_back(std::move(*parsed));
        }
    }
    EXPECT_TRUE(reader.idle());
    return out;
}

std::string sse(std::string_view data) {
    auto parsed = json::parse(data);
    std::string out;
    append_sse(out, parsed ? parsed->string_at("type") : std::string_view(), data);
    return out;
}

std::string chat(std::string_view delta, std::string_view finish = "null",
                 std::string_view id = "first") {
    return sse(R"({"id":")" + std::string(id) +
               R"(","object":"chat.completion.chunk","created":1,)" + R"("model":"m-)" +
               std::string(id) + R"(","choices":[{"index":0,"delta":)" + std::string(delta) +
               R"(,"finish_reason":)" + std::string(finish) + "}]}");
}

/// What the client gets when `first` breaks off and `second` goes on; the same for every split.
std::string continued(ContinuedStream::Options options, std::string_view first,
                      std::string_view second, ContinuedStream::Resumption resumption) {
    std::string whole;
    for (size_t step : {size_t{1}, size_t{7}, size_t{1} << 20}) {
        ContinuedStream stream(options);
        std::string out;
        for (size_t i = 0; i < first.size(); i += step)
            stream.feed(first.substr(i, step), out);
        EXPECT_EQ(stream.obstacle(), Obstacle::none) << to_string(stream.obstacle());
        stream.resume(resumption);
        for (size_t i = 0; i < second.size(); i += step)
            stream.feed(second.substr(i, step), out);
        EXPECT_EQ(stream.obstacle(), Obstacle::ended);
        if (!whole.empty()) {
            EXPECT_EQ(out, whole) << "in steps of " << step;
        }
        whole = out;
    }
    return whole;
}

Usage spent(int64_t input, int64_t output) {
    Usage usage;
    usage.input = input;
    usage.output = output;
    return usage;
}

TEST(ContinuedStreamTest, ChatIsOneStream) {
    std::string first = chat(R"({"role":"assistant","content":""})") +
                        chat(R"({"content":"Hello "})") + chat(R"({"content":"wor)").substr(0, 20);
    std::string second =
        chat(R"({"role":"assistant","content":""})", "null", "second") +
        chat(R"({"reasoning_content":"hm"})", "null", "second") +
        chat(R"({"content":" wor"})", "null", "second") +
        chat(R"({"content":"ld"})", "null", "second") + chat("{}", "\"stop\"", "second") +
        sse(R"({"id":"second","object":"chat.completion.chunk","created":2,"model":"m-second",)"
            R"("choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}})") +
        sse("[DONE]");
    auto events = events_of(continued({}, first, second, {.spent = spent(7, 1), .tail = " "}));
    std::string text;
    int roles = 0;
    for (const auto& event : events) {
        if (event.is_string()) continue;
        EXPECT_EQ(event.string_at("id"), "first");
        EXPECT_EQ(event.string_at("model"), "m-first");
        for (const auto& choice : event.find("choices")->items()) {
            roles += choice.find("delta")->find("role") != nullptr;
            EXPECT_EQ(choice.find("delta")->find("reasoning_content"), nullptr);
            text += choice.find("delta")->string_at("content");
        }
    }
    EXPECT_EQ(roles, 1);
    EXPECT_EQ(text, "Hello world");
    ASSERT_EQ(events.size(), 7u);
    EXPECT_EQ(events[5].find("usage")->find("total_tokens")->as_int(), 19);
    EXPECT_EQ(events.back().text(), "[DONE]");
}

TEST(ContinuedStreamTest, MessagesGoOnInTheOpenBlock) {
    auto start = [](std::string_view id) {
        return sse(R"({"type":"message_start","message":{"id":")" + std::string(id) +
                   R"(","model":"m","usage":{"input_tokens":9,"output_tokens":1}}})");
    };
    std::string first =
        start("first") +
        sse(R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}})") +
        sse(R"({"type":"content_block_stop","index":0})") +
        sse(R"({"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}})") +
        sse(R"({"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hello"}})");
    std::string second =
        start("second") + sse(R"({"type":"ping"})") +
        sse(R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}})") +
        sse(R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"x"}})") +
        sse(R"({"type":"content_block_stop","index":0})") +
        sse(R"({"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}})") +
        sse(R"({"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":" world"}})") +
        sse(R"({"type":"content_block_stop","index":1})") +
        sse(R"({"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}})") +
        sse(R"({"type":"content_block_stop","index":2})") +
        sse(R"({"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":4}})") +
        sse(R"({"type":"message_stop"})");
    auto events =
        events_of(continued({.dialect = Dialect::anthropic, .operation = Operation::messages},
                            first, second, {.spent = spent(9, 2), .tail = ""}));
    std::vector<std::string> seen;
    for (const auto& event : events) {
        const json::Value* index = event.find("index");
        seen.push_back(std::string(event.string_at("type")) +
                       (index ? " " + std::to_string(*index->as_int()) : ""));
    }
    EXPECT_EQ(seen, (std::vector<std::string>{
                        "message_start", "content_block_start 0", "content_block_stop 0",
                        "content_block_start 1", "content_block_delta 1", "ping",
                        "content_block_delta 1", "content_block_stop 1", "content_block_start 2",
                        "content_block_stop 2", "message_delta", "message_stop"}));
    const json::Value* usage = events[10].find("usage");
    EXPECT_EQ(usage->find("output_tokens")->as_int(), 6);
    EXPECT_EQ(usage->find("input_tokens")->as_int(), 18);
}

TEST(ContinuedStreamTest, AContinuationWithoutTextClosesTheOpenBlock) {
    std::string first =
        sse(R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})") +
        sse(R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"All."}})");
    std::string second =
        sse(R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1}})") +
        sse(R"({"type":"message_stop"})");
    auto events = events_of(continued(
        {.dialect = Dialect::anthropic, .operation = Operation::messages}, first, second, {}));
    ASSERT_EQ(events.size(), 5u);
    EXPECT_EQ(events[2].string_at("type"), "content_block_stop");
    EXPECT_EQ(events[3].string_at("type"), "message_delta");
}

std::string response_stream(std::string_view id, std::string_view said, bool whole) {
    std::string name(id);
    std::string text(said);
    std::string part = R"({"type":"output_text","text":")" + text + R"(","annotations":[]})";
    std::string item =
        R"({"id":"msg_)" + name + R"(","type":"message","role":"assistant","content":[)";
    std::string out =
        sse(R"({"type":"response.created","sequence_number":0,"response":{"id":")" + name +
            R"(","created_at":1,"model":"m-)" + name + R"(","output":[]}})") +
        sse(R"({"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":)" +
            item + "]}}") +
        sse(R"({"type":"response.content_part.added","sequence_number":2,"item_id":"msg_)" + name +
            R"(","output_index":0,"content_index":0,"part":{"type":"output_text","text":""}})") +
        sse(R"({"type":"response.output_text.delta","sequence_number":3,"item_id":"msg_)" + name +
            R"(","output_index":0,"content_index":0,"delta":")" + text + R"("})");
    if (!whole) return out;
    return out +
           sse(R"({"type":"response.output_text.done","sequence_number":4,"item_id":"msg_)" + name +
               R"(","output_index":0,"content_index":0,"text":")" + text + R"("})") +
           sse(R"({"type":"response.content_part.done","sequence_number":5,"item_id":"msg_)" +
               name + R"(","output_index":0,"content_index":0,"part":)" + part + "}") +
           sse(R"({"type":"response.output_item.done","sequence_number":6,"output_index":0,"item":)" +
               item + part + "]}}") +
           sse(R"({"type":"response.completed","sequence_number":7,"response":{"id":")" + name +
               R"(","created_at":2,"model":"x","output":[)" + item + part +
               R"(]}],"usage":{"input_tokens":5,"output_tokens":3,"total_tokens":8}}})");
}

TEST(ContinuedStreamTest, ResponsesKeepTheirItemAndCountOn) {
    auto events = events_of(
        continued({.operation = Operation::responses}, response_stream("first", "Hello", false),
                  response_stream("second", " world", true), {.spent = spent(5, 1), .tail = ""}));
    ASSERT_EQ(events.size(), 9u);
    for (size_t i = 0; i < events.size(); ++i) {
        EXPECT_EQ(events[i].find("sequence_number")->as_int(), static_cast<int64_t>(i));
        if (events[i].find("item_id")) {
            EXPECT_EQ(events[i].string_at("item_id"), "msg_first");
        }
    }
    EXPECT_EQ(events[4].string_at("delta"), " world");
    EXPECT_EQ(events[5].string_at("text"), "Hello world");
    const json::Value* response = events[8].find("response");
    EXPECT_EQ(response->string_at("id"), "first");
    EXPECT_EQ(response->string_at("model"), "m-first");
    EXPECT_EQ(response->find("usage")->find("total_tokens")->as_int(), 14);
    const json::Value& item = response->find("output")->items().at(0);
    EXPECT_EQ(item.string_at("id"), "msg_first");
    EXPECT_EQ(item.find("content")->items()[0].string_at("text"), "Hello world");
}

TEST(ContinuedStreamTest, WhatCannotGoOn) {
    const ContinuedStream::Options messages{.dialect = Dialect::anthropic,
                                            .operation = Operation::messages};
    struct {
        ContinuedStream::Options options;
        std::string events;
        Obstacle expected;
    } cases[] = {
        {{}, chat(R"({"role":"assistant"})"), Obstacle::nothing_said},
        {{}, chat(R"({"reasoning_content":"hm"})"), Obstacle::reasoning},
        {{},
         chat(R"({"content":"a"})") + chat(R"({"tool_calls":[{"index":0}]})"),
         Obstacle::tool_call},
        {{}, chat(R"({"content":"a"})") + chat("{}", "\"stop\""), Obstacle::ended},
        {{.max_text = 3}, chat(R"({"content":"long"})"), Obstacle::too_long},
        {{}, sse(R"({"choices":[{"index":1,"delta":{"content":"b"}}]})"), Obstacle::several},
        {messages,
         sse(R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking"}})"),
         Obstacle::reasoning},
        {messages,
         sse(R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use"}})"),
         Obstacle::tool_call},
        {{.operation = Operation::responses},
         sse(R"({"type":"response.output_item.added","output_index":0,"item":{"type":"function_call"}})"),
         Obstacle::tool_call},
        {{}, "data: {oops\n\n", Obstacle::opaque},
    };
    for (const auto& c : cases) {
        ContinuedStream stream(c.options);
        std::string out;
        stream.feed(c.events, out);
        EXPECT_EQ(stream.obstacle(), c.expected) << c.events;
        EXPECT_EQ(out, c.events) << "what is not understood passes all the same";
    }
}

TEST(ContinuedStreamTest, AnErrorEventWaits) {
    ContinuedStream stream({});
    std::string said = chat(R"({"content":"Hi"})");
    std::string error = "data: {\"error\":{\"message\":\"overloaded\"}}\n\n";
    std::string out;
    stream.feed(said + error + chat(R"({"content":"never"})"), out);
    EXPECT_EQ(out, said);
    EXPECT_TRUE(stream.failed());
    EXPECT_EQ(stream.error_event(), error);
    EXPECT_EQ(stream.obstacle(), Obstacle::none);
    stream.resume({});
    EXPECT_FALSE(stream.failed());
}

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
