#include "dialect/stream_cut.h"

#include <gtest/gtest.h>

namespace weir::dialect {
namespace {

std::string cut(StreamCut what) {
    std::string out;
    append_stream_cut(what, out);
    return out;
}

TEST(StreamCutTest, OpenAiSaysLength) {
    EXPECT_EQ(cut({.id = "chatcmpl-1", .model = "gpt-4o", .created = 7}),
              "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":7,"
              "\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{},"
              "\"finish_reason\":\"length\"}]}\n\ndata: [DONE]\n\n");
    auto completion = cut({.operation = Operation::completions});
    EXPECT_NE(completion.find("\"text\":\"\",\"finish_reason\":\"length\""), std::string::npos);
    auto responses = cut({.operation = Operation::responses});
    EXPECT_TRUE(responses.starts_with("event: response.incomplete\n"));
    EXPECT_EQ(responses.find("[DONE]"), std::string::npos);
}

TEST(StreamCutTest, AnthropicClosesTheOpenBlock) {
    StreamCut what{.dialect = Dialect::anthropic, .output_tokens = 9};
    what.last =
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":3,"
        "\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}}\n\n";
    auto open = cut(what);
    EXPECT_TRUE(
        open.starts_with("event: content_block_stop\ndata: {\"type\":"
                         "\"content_block_stop\",\"index\":3}\n\n"));
    EXPECT_NE(open.find("\"stop_reason\":\"max_tokens\""), std::string::npos);
    EXPECT_NE(open.find("\"output_tokens\":9"), std::string::npos);
    EXPECT_TRUE(open.ends_with("data: {\"type\":\"message_stop\"}\n\n"));
    what.last =
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":3}\n\n";
    EXPECT_TRUE(cut(what).starts_with("event: message_delta\n"));
    what.last = "";
    EXPECT_TRUE(cut(what).starts_with("event: message_delta\n"));
}

}  // namespace
}  // namespace weir::dialect
