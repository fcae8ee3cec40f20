#include "dialect/continued_request.h"

#include <gtest/gtest.h>

namespace weir::dialect {
namespace {

json::Value parsed(std::string_view text) {
    auto value = json::parse(text);
    EXPECT_TRUE(value) << text;
    return value ? std::move(*value) : json::Value();
}

json::Value made(Operation operation, std::string_view request, Schema target,
                 ContinuedRequest& out, bool prefill = true) {
    Dialect dialect = operation == Operation::messages ? Dialect::anthropic : Dialect::openai;
    out =
        continue_request(dialect, operation, parsed(request), {"Once upon ", 30}, target, prefill);
    return parsed(out.body);
}

TEST(ContinuedRequestTest, WhereTheFormatKnowsPrefillTheTurnGoesOn) {
    for (Schema target : {Schema::Anthropic, Schema::AWSBedrock, Schema::GCPAnthropic}) {
        ContinuedRequest out;
        auto body =
            made(Operation::chat,
                 R"({"model":"m","max_tokens":100,"messages":[{"role":"user","content":"q"}]})",
                 target, out);
        EXPECT_TRUE(out.prefilled);
        EXPECT_EQ(out.tail, " ");
        const auto& messages = body.find("messages")->items();
        ASSERT_EQ(messages.size(), 2u);
        EXPECT_EQ(messages[1].string_at("role"), "assistant");
        EXPECT_EQ(messages[1].string_at("content"), "Once upon");
        EXPECT_EQ(body.find("max_tokens")->as_int(), 70);
    }
}

TEST(ContinuedRequestTest, ElsewhereAnInstructionFollows) {
    ContinuedRequest out;
    auto body = made(Operation::messages,
                     R"({"model":"m","max_tokens":40,"messages":[{"role":"user","content":"q"}]})",
                     Schema::OpenAI, out);
    EXPECT_FALSE(out.prefilled);
    EXPECT_EQ(out.tail, "");
    const auto& messages = body.find("messages")->items();
    ASSERT_EQ(messages.size(), 3u);
    EXPECT_EQ(messages[1].string_at("content"), "Once upon ");
    EXPECT_EQ(messages[2].string_at("role"), "user");
    EXPECT_EQ(body.find("max_tokens")->as_int(), 16) << "never less than is worth asking for";
    made(Operation::messages, R"({"max_tokens":9,"thinking":{"type":"enabled"},"messages":[]})",
         Schema::Anthropic, out);
    EXPECT_FALSE(out.prefilled) << "thinking and prefill exclude each other";
    made(Operation::messages, R"({"max_tokens":9,"messages":[]})", Schema::Anthropic, out, false);
    EXPECT_FALSE(out.prefilled);
}

TEST(ContinuedRequestTest, TheClientsOwnPrefillIsLengthened) {
    ContinuedRequest out;
    auto body =
        made(Operation::messages,
             R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"A: "}]})",
             Schema::Anthropic, out);
    const auto& messages = body.find("messages")->items();
    ASSERT_EQ(messages.size(), 2u);
    EXPECT_EQ(messages[1].string_at("content"), "A: Once upon");
}

TEST(ContinuedRequestTest, ResponsesAndCompletions) {
    ContinuedRequest out;
    auto body = made(Operation::responses, R"({"model":"m","input":"q","max_output_tokens":200})",
                     Schema::OpenAI, out);
    const auto& input = body.find("input")->items();
    ASSERT_EQ(input.size(), 3u);
    EXPECT_EQ(input[0].string_at("role"), "user");
    EXPECT_EQ(input[1].find("content")->items()[0].string_at("type"), "output_text");
    EXPECT_EQ(input[2].string_at("role"), "user");
    EXPECT_EQ(body.find("max_output_tokens")->as_int(), 170);
    body = made(Operation::completions, R"({"prompt":"q: "})", Schema::OpenAI, out);
    EXPECT_EQ(body.string_at("prompt"), "q: Once upon ");
}

TEST(ContinuedRequestTest, WhatTwoProvidersCannotShare) {
    struct {
        Operation operation;
        std::string_view request;
        bool may;
    } cases[] = {
        {Operation::chat, R"({"messages":[]})", true},
        {Operation::chat, R"({"messages":[],"n":1,"response_format":{"type":"text"}})", true},
        {Operation::chat, R"({"messages":[],"n":2})", false},
        {Operation::chat, R"({"messages":[],"response_format":{"type":"json_object"}})", false},
        {Operation::chat, R"({"messages":[],"guided_json":{}})", false},
        {Operation::chat, R"({"messages":[],"audio":{}})", false},
        {Operation::completions, R"({"prompt":"x"})", true},
        {Operation::completions, R"({"prompt":["x","y"]})", false},
        {Operation::completions, R"({"prompt":"x","echo":true})", false},
        {Operation::messages, R"({"messages":[]})", true},
        {Operation::messages, R"({"messages":[],"output_config":{"format":{}}})", false},
        {Operation::responses, R"({"input":"x"})", true},
        {Operation::responses, R"({"input":"x","previous_response_id":"r"})", false},
        {Operation::responses, R"({"input":"x","text":{"format":{"type":"json_schema"}}})", false},
        {Operation::embeddings, R"({"input":"x"})", false},
    };
    for (const auto& c : cases) {
        Dialect dialect = c.operation == Operation::messages ? Dialect::anthropic : Dialect::openai;
        EXPECT_EQ(may_be_continued(dialect, c.operation, parsed(c.request)), c.may) << c.request;
    }
}

TEST(ContinuedRequestTest, GeminisContentsAreLengthened) {
    auto ask = [](std::string_view request, Schema target) {
        auto out = continue_request(Dialect::gemini, Operation::chat, parsed(request),
                                    {"Once upon ", 30}, target, true);
        return parsed(out.body);
    };
    auto body = ask(R"({"contents":[{"role":"user","parts":[{"text":"q"}]}],)"
                    R"("generation_config":{"max_output_tokens":100}})",
                    Schema::Gemini);
    const auto& contents = body.find("contents")->items();
    ASSERT_EQ(contents.size(), 3u);
    EXPECT_EQ(contents[1].string_at("role"), "model");
    EXPECT_EQ(contents[1].find("parts")->items()[0].string_at("text"), "Once upon ");
    EXPECT_EQ(contents[2].string_at("role"), "user");
    EXPECT_EQ(body.find("generation_config")->find("max_output_tokens")->as_int(), 70);
    auto prefilled =
        ask(R"({"contents":[{"role":"model","parts":[{"text":"So: "}]}]})", Schema::Anthropic);
    ASSERT_EQ(prefilled.find("contents")->items().size(), 1u);
    const auto& parts = prefilled.find("contents")->items()[0].find("parts")->items();
    ASSERT_EQ(parts.size(), 2u);
    EXPECT_EQ(parts[1].string_at("text"), "Once upon");
    auto thinks =
        ask(R"({"contents":[],"generationConfig":{"thinkingConfig":{}}})", Schema::Anthropic);
    EXPECT_EQ(thinks.find("contents")->items().size(), 2u) << "an instruction follows";
}

TEST(ContinuedRequestTest, WhichOfGeminiAndCohereMay) {
    auto gemini = [](std::string_view config) {
        return may_be_continued(
            Dialect::gemini, Operation::chat,
            parsed(R"({"contents":[],"generationConfig":)" + std::string(config) + "}"));
    };
    EXPECT_TRUE(gemini(R"({"responseMimeType":"text/plain","candidateCount":1})"));
    EXPECT_FALSE(gemini(R"({"responseMimeType":"application/json"})"));
    EXPECT_FALSE(gemini(R"({"candidateCount":2})"));
    EXPECT_FALSE(gemini(R"({"responseSchema":{}})"));
    EXPECT_FALSE(gemini(R"({"response_modalities":["AUDIO"]})"));
    EXPECT_FALSE(may_be_continued(Dialect::gemini, Operation::chat,
                                  parsed(R"({"contents":[],"cachedContent":"c"})")));
    EXPECT_FALSE(
        may_be_continued(Dialect::gemini, Operation::embeddings, parsed(R"({"contents":[]})")));
    EXPECT_TRUE(may_be_continued(Dialect::cohere, Operation::chat, parsed(R"({"messages":[]})")));
    EXPECT_FALSE(
        may_be_continued(Dialect::cohere, Operation::chat,
                         parsed(R"({"messages":[],"response_format":{"type":"json_object"}})")));
    EXPECT_FALSE(may_be_continued(Dialect::cohere, Operation::rerank, parsed("{}")));
}

TEST(ContinuedRequestTest, BedrocksMessagesAreLengthened) {
    std::string request =
        R"({"messages":[{"role":"user","content":[{"text":"q"}]}],"inferenceConfig":{"maxTokens":100})";
    auto ask = [](const std::string& text, Schema target) {
        return parsed(continue_request(Dialect::bedrock, Operation::chat, parsed(text),
                                       {"Once upon ", 30}, target, true)
                          .body);
    };
    auto body = ask(request + "}", Schema::AWSBedrock);
    ASSERT_EQ(body.find("messages")->items().size(), 2u);
    const auto& last = body.find("messages")->items()[1];
    EXPECT_EQ(last.string_at("role"), "assistant");
    EXPECT_EQ(last.find("content")->items()[0].string_at("text"), "Once upon");
    EXPECT_EQ(body.find("inferenceConfig")->find("maxTokens")->as_int(), 70);
    EXPECT_EQ(ask(request + R"(,"additionalModelRequestFields":{"thinking":{"type":"enabled"}}})",
                  Schema::AWSBedrock)
                  .find("messages")
                  ->items()
                  .size(),
              3u)
        << "an instruction follows";
    EXPECT_TRUE(may_be_continued(Dialect::bedrock, Operation::chat, parsed(request + "}")));
    EXPECT_FALSE(may_be_continued(Dialect::bedrock, Operation::messages, parsed(request + "}")))
        << "Claude's body in Amazon's frames";
    EXPECT_FALSE(may_be_continued(Dialect::bedrock, Operation::chat,
                                  parsed(request + R"(,"outputConfig":{"textFormat":{}}})")));
}

}  // namespace
}  // namespace weir::dialect
