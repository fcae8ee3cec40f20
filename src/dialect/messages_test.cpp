// Anthropic clients: their requests to every provider, every provider's answers and streams to
// them.
#include <map>

#include "base/encoding.h"
#include "dialect/anthropic/messages.h"
#include "dialect/errors.h"
#include "dialect/eventstream.h"
#include "dialect/openai/chat.h"
#include "dialect/sse.h"
#include "dialect/stream.h"
#include "dialect/test_support.h"
#include "dialect/translate.h"

namespace weir::dialect {
namespace {

using test::expect_golden;
using test::parse;

Result<ProviderRequest> send(std::string_view body, Schema schema, Headers headers = {}) {
    return translate_request({.operation = Operation::messages,
                              .dialect = Dialect::anthropic,
                              .body = body,
                              .headers = headers},
                             {.schema = schema, .version = default_version(schema)});
}

TEST(MessagesRequest, MatchesTheGoldenFiles) {
    const std::pair<Schema, std::string_view> targets[] = {{Schema::AWSAnthropic, "awsanthropic"},
                                                           {Schema::GCPAnthropic, "gcpanthropic"},
                                                           {Schema::AWSBedrock, "bedrock"},
                                                           {Schema::OpenAI, "openai"}};
    const auto inputs = test::files(test::testdata() / "messages", ".json");
    EXPECT_GE(inputs.size(), 6u);
    for (const auto& file : inputs)
        for (const auto& [schema, name] : targets) {
            auto golden = file;
            golden.replace_extension("." + std::string(name) + ".golden.json");
            expect_golden(golden, test::outcome(send(test::read_file(file), schema)));
        }
}

// The neutral model loses nothing of its own dialect: members it has no word for included.
TEST(MessagesRequest, ComesBackAsItWent) {
    for (const auto& file : test::files(test::testdata() / "messages", ".json")) {
        const json::Value body = parse(test::read_file(file));
        auto conversation = anthropic::decode_request(body);
        ASSERT_TRUE(conversation) << file << conversation.error().to_string();
        auto back = anthropic::encode_request(*conversation, {.model = conversation->model});
        ASSERT_TRUE(back) << file << back.error().to_string();
        EXPECT_TRUE(back->dropped.empty()) << file;
        EXPECT_TRUE(parse(back->body) == body) << file << "\n" << back->body;
    }
}

TEST(MessagesRequest, RefusesWhatItCannotRead) {
    constexpr std::string_view kBodies[] = {
        R"([])",
        R"({"model":"m"})",
        R"({"model":"m","messages":{}})",
        R"({"model":"m","messages":[1]})",
        R"({"model":"m","messages":[{"role":"robot","content":"x"}]})",
        R"({"model":"m","messages":[{"role":"user"}]})",
        R"({"model":"m","messages":[{"role":"user","content":[{"text":"x"}]}]})",
        R"({"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]})",
        R"({"model":"m","messages":[{"role":"user","content":["x"]}]})",
        R"({"model":"m","messages":[{"role":"user","content":[{"type":"tool_result"}]}]})",
        R"({"model":"m","messages":[{"role":"assistant","content":[{"type":"tool_use"}]}]})",
        R"({"model":"m","messages":[{"role":"assistant","content":[{"type":"tool_use","name":"f","input":"x"}]}]})",
        R"({"model":"m","messages":[],"system":1})",
        R"({"model":"m","messages":[],"max_tokens":"many"})",
        R"({"model":"m","messages":[],"stream":"yes"})",
        R"({"model":"m","messages":[],"stop_sequences":[1]})",
        R"({"model":"m","messages":[],"tools":{}})",
        R"({"model":"m","messages":[],"tools":[{}]})",
        R"({"model":"m","messages":[],"tool_choice":{"type":"tool"}})",
        R"({"model":"m","messages":[],"tool_choice":{"type":"some"}})",
        R"({"model":"m","messages":[],"thinking":{"type":"maybe"}})",
        R"({"model":"m","messages":[],"output_config":{"format":{"type":"xml"}}})",
    };
    for (std::string_view body : kBodies) {
        auto sent = send(body, Schema::OpenAI);
        ASSERT_FALSE(sent) << body;
        EXPECT_EQ(sent.error().status(), 400) << body;
        EXPECT_FALSE(sent.error().detail().empty()) << body;
    }
    EXPECT_FALSE(send("[]", Schema::AWSAnthropic));
    EXPECT_FALSE(send("{", Schema::GCPAnthropic));
}

TEST(MessagesRequest, BedrockTakesTheFlagsItKnowsInTheBody) {
    const HeaderView headers[] = {
        {"Anthropic-Beta",
         "context-1m-2025-08-07, "
         "advanced-tool-use-2025-11-20,,my-own-flag,tool-search-tool-2025-10-19"}};
    auto sent = send(R"({"model":"m","anthropic_beta":["own"],"messages":[]})",
                     Schema::AWSAnthropic, headers);
    ASSERT_TRUE(sent);
    const json::Value body = parse(sent->body);
    EXPECT_EQ(json::serialize(*body.find("anthropic_beta")),
              R"(["own","context-1m-2025-08-07","tool-search-tool-2025-10-19"])");
    EXPECT_EQ(sent->dropped, std::vector<std::string>{"anthropic-beta:my-own-flag"});
}

// Who leaves the word out would answer the last turn alone, and nobody would see it.
TEST(MessagesRequest, AConversationThatTheServerHoldsIsRefusedInTheSdksWords) {
    for (std::string_view thread :
         {R"({"type":"create"})", R"({"type":"continue","previous_message_id":"msg_1"})"})
        for (Schema schema : {Schema::OpenAI, Schema::AWSBedrock, Schema::AWSAnthropic,
                              Schema::Gemini, Schema::GCPAnthropic, Schema::Cohere}) {
            const std::string body =
                R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":)"
                R"("tool_result","tool_use_id":"t","content":"x"}]}],"thread":)" +
                std::string(thread) + "}";
            auto sent = send(body, schema);
            ASSERT_FALSE(sent) << thread << to_string(schema);
            EXPECT_EQ(sent.error().status(), 400);
            const json::Value error = parse(encode_error(Dialect::anthropic, sent.error()));
            EXPECT_EQ(error.find("error")->find("details")->string_at("error_code"),
                      "thread_unsupported_request");
        }
    EXPECT_TRUE(
        send(R"({"model":"m","max_tokens":9,"messages":[],"thread":null})", Schema::AWSAnthropic));
}

TEST(CountTokens, AsksEachHostInItsWords) {
    constexpr std::string_view kBody =
        R"({"model":"us.anthropic.claude-x@latest","system":"s","messages":[{"role":"user","content":"hello"}]})";
    auto ask = [&](Schema schema) {
        return translate_request({.operation = Operation::count_tokens,
                                  .dialect = Dialect::anthropic,
                                  .body = kBody,
                                  .model = "us.anthropic.claude-x@latest"},
                                 {.schema = schema});
    };
    auto aws = ask(Schema::AWSAnthropic);
    ASSERT_TRUE(aws);
    EXPECT_EQ(aws->path, "/model/anthropic.claude-x@latest/count-tokens");
    const json::Value wrapped = parse(aws->body);
    const auto inner = base64_decode(wrapped.find("input")->find("invokeModel")->string_at("body"));
    ASSERT_TRUE(inner);
    EXPECT_EQ(
        *inner,
        R"({"system":"s","messages":[{"role":"user","content":"hello"}],"anthropic_version":"bedrock-2023-05-31","max_tokens":1})");
    auto gcp = ask(Schema::GCPAnthropic);
    ASSERT_TRUE(gcp);
    EXPECT_EQ(gcp->path, "/publishers/anthropic/models/count-tokens:rawPredict");
    EXPECT_EQ(parse(gcp->body).string_at("model"), "us.anthropic.claude-x");
    auto converse = ask(Schema::AWSBedrock);
    ASSERT_TRUE(converse);
    EXPECT_EQ(
        converse->body,
        R"({"input":{"converse":{"system":[{"text":"s"}],"messages":[{"role":"user","content":[{"text":"hello"}]}]}}})");
    auto openai = ask(Schema::OpenAI);
    ASSERT_FALSE(openai);
    EXPECT_EQ(openai.error().status(), 422);
    auto responses = translate_request({.operation = Operation::count_tokens,
                                        .dialect = Dialect::anthropic,
                                        .body = kBody,
                                        .model = "gpt-5"},
                                       {.api = ConversationApi::responses});
    ASSERT_TRUE(responses);
    EXPECT_EQ(responses->path, "/v1/responses/input_tokens");
    EXPECT_EQ(
        responses->body,
        R"({"model":"gpt-5","instructions":"s","input":[{"type":"message","role":"user","content":"hello"}]})");
    auto answer = translate_response({.operation = Operation::count_tokens,
                                      .dialect = Dialect::anthropic,
                                      .schema = Schema::AWSBedrock},
                                     R"({"inputTokens":17})");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, R"({"input_tokens":17})");
}

TEST(CountTokens, ResponsesClientsAskEveryHost) {
    constexpr std::string_view kBody = R"({"model":"m","instructions":"s","input":"hello"})";
    const std::pair<Schema, std::string_view> hosts[] = {
        {Schema::Anthropic, "/v1/messages/count_tokens"},
        {Schema::AWSBedrock, "/model/m/count-tokens"},
        {Schema::Gemini, "/v1beta/models/m:countTokens"}};
    for (const auto& [schema, path] : hosts) {
        auto sent = translate_request(
            {.operation = Operation::responses_input_tokens, .body = kBody, .model = "m"},
            {.schema = schema});
        ASSERT_TRUE(sent) << path << sent.error().to_string();
        EXPECT_EQ(sent->path, path);
        EXPECT_NE(sent->body.find("hello"), std::string::npos);
    }
    auto answer = translate_response(
        {.operation = Operation::responses_input_tokens, .schema = Schema::AWSBedrock},
        R"({"inputTokens":17})");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, R"({"object":"response.input_tokens","input_tokens":17})");
}

TEST(CountTokens, SaysWhoCounts) {
    using Api = ConversationApi;
    constexpr auto kCount = Operation::count_tokens;
    constexpr auto kInput = Operation::responses_input_tokens;
    EXPECT_TRUE(provider_counts(kCount, Dialect::anthropic, Schema::Anthropic, Api::both));
    EXPECT_TRUE(provider_counts(kCount, Dialect::gemini, Schema::AWSBedrock, Api::both));
    EXPECT_FALSE(provider_counts(kCount, Dialect::anthropic, Schema::OpenAI, Api::both));
    EXPECT_TRUE(provider_counts(kCount, Dialect::anthropic, Schema::OpenAI, Api::responses));
    EXPECT_FALSE(provider_counts(kCount, Dialect::gemini, Schema::Cohere, Api::both));
    EXPECT_TRUE(provider_counts(kInput, Dialect::openai, Schema::OpenAI, Api::both));
    EXPECT_FALSE(provider_counts(kInput, Dialect::openai, Schema::OpenAI, Api::chat_completions));
    EXPECT_TRUE(provider_counts(kInput, Dialect::openai, Schema::GCPVertexAI, Api::both));
}

TEST(CountTokens, AnEstimateIsSaidInTheClientsWords) {
    auto say = [](Operation operation, Dialect dialect, std::string_view body) {
        return encode_count({.operation = operation, .dialect = dialect, .body = body}, 7);
    };
    EXPECT_EQ(*say(Operation::count_tokens, Dialect::anthropic, R"({"model":"m","messages":[]})"),
              R"({"input_tokens":7})");
    EXPECT_EQ(*say(Operation::count_tokens, Dialect::gemini, R"({"contents":[]})"),
              R"({"totalTokens":7})");
    EXPECT_EQ(*say(Operation::responses_input_tokens, Dialect::openai, R"({"input":"x"})"),
              R"({"object":"response.input_tokens","input_tokens":7})");
    EXPECT_EQ(
        say(Operation::count_tokens, Dialect::anthropic, R"({"messages":1})").error().status(),
        400);
    EXPECT_EQ(say(Operation::responses_input_tokens, Dialect::openai,
                  R"({"input":"x","previous_response_id":"resp_1"})")
                  .error()
                  .status(),
              422);
}

TEST(MessagesResponse, MatchesTheGoldenFiles) {
    const std::pair<Schema, std::string_view> providers[] = {{Schema::AWSBedrock, ".bedrock.json"},
                                                             {Schema::OpenAI, ".openai.json"}};
    int count = 0;
    for (const auto& [schema, ending] : providers)
        for (const auto& file : test::files(test::testdata() / "replies", ending)) {
            ++count;
            const Context context{.operation = Operation::messages,
                                  .dialect = Dialect::anthropic,
                                  .schema = schema,
                                  .model = "asked",
                                  .created = 123,
                                  .request_id = "req-1"};
            auto golden = file;
            expect_golden(golden.replace_extension(".messages.golden.json"),
                          test::outcome(translate_response(context, test::read_file(file))));
        }
    EXPECT_GE(count, 3);
}

}  // namespace
}  // namespace weir::dialect
