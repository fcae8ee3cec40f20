#include "dialect/test_continued.h"

namespace weir::dialect {
namespace {

std::string chat(std::string_view delta, std::string_view finish = "null",
                 std::string_view id = "first") {
    return sse(R"({"id":")" + std::string(id) +
               R"(","object":"chat.completion.chunk","created":1,)" + R"("model":"m-)" +
               std::string(id) + R"(","choices":[{"index":0,"delta":)" + std::string(delta) +
               R"(,"finish_reason":)" + std::string(finish) + "}]}");
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

}  // namespace
}  // namespace weir::dialect
