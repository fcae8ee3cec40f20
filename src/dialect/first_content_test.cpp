#include "dialect/first_content.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::dialect {
namespace {

using Seen = FirstContent::Seen;

struct Case {
    Dialect dialect;
    Operation operation;
    const char* data;
    Seen seen;
};

TEST(FirstContentTest, TellsContentFromWhatComesBeforeIt) {
    constexpr auto kChat = Operation::chat;
    const Case cases[] = {
        {Dialect::openai, kChat, R"({"choices":[{"delta":{"role":"assistant","content":""}}]})",
         Seen::nothing},
        {Dialect::openai, kChat, R"({"choices":[{"delta":{"content":null},"finish_reason":null}]})",
         Seen::nothing},
        {Dialect::openai, kChat, R"({"choices":[],"usage":{"total_tokens":1}})", Seen::nothing},
        {Dialect::openai, kChat, R"({"prompt_filter_results":[]})", Seen::nothing},
        {Dialect::openai, kChat, R"({"choices":[{"delta":{"content":"H"}}]})", Seen::content},
        {Dialect::openai, kChat, R"({"choices":[{"delta":{"tool_calls":[{"index":0}]}}]})",
         Seen::content},
        {Dialect::openai, kChat, R"({"choices":[{"delta":{"reasoning_content":"x"}}]})",
         Seen::content},
        {Dialect::openai, kChat, R"({"choices":[{"delta":{},"finish_reason":"stop"}]})",
         Seen::content},
        {Dialect::openai, Operation::completions, R"({"choices":[{"text":""}]})", Seen::nothing},
        {Dialect::openai, Operation::completions, R"({"choices":[{"text":"a"}]})", Seen::content},
        {Dialect::openai, kChat, "[DONE]", Seen::nothing},
        {Dialect::openai, kChat, "{not json", Seen::garbage},
        {Dialect::openai, kChat, "7", Seen::garbage},
        {Dialect::openai, Operation::responses, R"({"type":"response.created"})", Seen::nothing},
        {Dialect::openai, Operation::responses, R"({"type":"response.output_item.added"})",
         Seen::nothing},
        {Dialect::openai, Operation::responses, R"({"type":"response.output_text.delta"})",
         Seen::content},
        {Dialect::openai, Operation::responses, R"({"type":"response.completed"})", Seen::content},
        {Dialect::anthropic, Operation::messages, R"({"type":"message_start"})", Seen::nothing},
        {Dialect::anthropic, Operation::messages, R"({"type":"ping"})", Seen::nothing},
        {Dialect::anthropic, Operation::messages,
         R"({"type":"content_block_start","content_block":{"type":"text","text":""}})",
         Seen::nothing},
        {Dialect::anthropic, Operation::messages,
         R"({"type":"content_block_start","content_block":{"type":"tool_use","name":"f"}})",
         Seen::content},
        {Dialect::anthropic, Operation::messages, R"({"type":"content_block_delta"})",
         Seen::content},
        {Dialect::anthropic, Operation::messages, R"({"type":"message_delta"})", Seen::content},
    };
    for (const Case& c : cases) {
        FirstContent first(c.dialect, c.operation);
        EXPECT_EQ(first.look(std::string("data: ") + c.data + "\n\n"), c.seen) << c.data;
    }
}

TEST(FirstContentTest, LooksAtEachOfSeveralEvents) {
    FirstContent first(Dialect::openai, Operation::chat);
    EXPECT_EQ(first.look(": comment\n\n"), Seen::nothing);
    EXPECT_EQ(first.look("data: {\"choices\":[]}\r\n\r\ndata: [DONE]\r\n\r\n"), Seen::nothing);
    EXPECT_EQ(first.look("data: {}\n\ndata: {\"choices\":[{\"text\":\"a\"}]}\n\n"), Seen::content);
    EXPECT_EQ(first.look("data: {\"choices\":[{"), Seen::content) << "a piece too long to hold";
}

}  // namespace
}  // namespace weir::dialect
