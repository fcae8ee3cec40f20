// Embeddings and counts of tokens: what each provider is sent, and what comes back of its answer.
#include <gtest/gtest.h>

#include "dialect/test_support.h"
#include "dialect/translate.h"

namespace weir::dialect {
namespace {

using test::parse;

struct Sent {
    std::string_view name;
    Operation operation;
    Schema schema;
    std::string_view model;
    std::string_view body;
    std::string_view path;
    std::string_view sent;
    std::vector<std::string> dropped = {};
};

void check(const Sent& row) {
    SCOPED_TRACE(row.name);
    auto sent = translate_request(
        {.operation = row.operation, .body = row.body, .model = row.model}, {.schema = row.schema});
    ASSERT_TRUE(sent) << sent.error().to_string();
    EXPECT_EQ(sent->path, row.path);
    EXPECT_EQ(json::serialize(parse(sent->body)), json::serialize(parse(row.sent)));
    EXPECT_EQ(sent->dropped, row.dropped);
    EXPECT_EQ(sent->model, row.model);
}

constexpr Operation kEmbeddings = Operation::embeddings;
constexpr Operation kTokenize = Operation::tokenize;

TEST(TranslateEmbeddings, EachProviderGetsItsOwnBody) {
    const Sent rows[] = {
        {"texts for :predict",
         kEmbeddings,
         Schema::GCPVertexAI,
         "text-embedding-005",
         R"({"model":"x","input":["a",{"content":"b","title":"B","task_type":"CLUSTERING"}],"dimensions":8,"auto_truncate":false,"user":"u","x":1})",
         "/publishers/google/models/text-embedding-005:predict",
         R"({"instances":[{"content":"a"},{"content":"b","task_type":"CLUSTERING","title":"B"}],"parameters":{"outputDimensionality":8,"autoTruncate":false}})",
         {"/x", "/user"}},
        {"a message for :embedContent", kEmbeddings, Schema::GCPVertexAI, "gemini-embedding-2",
         R"({"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}]})",
         "/publishers/google/models/gemini-embedding-2:embedContent",
         R"({"content":{"parts":[{"text":"a"},{"inlineData":{"mimeType":"image/png","data":"AA=="}}]}})"},
        {"AI Studio takes several at once", kEmbeddings, Schema::Gemini, "gemini-embedding-001",
         R"({"input":["a","b"],"dimensions":8,"task_type":"RETRIEVAL_QUERY"})",
         "/v1beta/models/gemini-embedding-001:batchEmbedContents",
         R"({"requests":[{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"a"}]},"outputDimensionality":8,"taskType":"RETRIEVAL_QUERY"},{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"b"}]},"outputDimensionality":8,"taskType":"RETRIEVAL_QUERY"}]})"},
        {"Titan",
         kEmbeddings,
         Schema::AWSBedrock,
         "amazon.titan-embed-text-v2:0",
         R"({"input":"a","dimensions":256,"encoding_format":"base64","task_type":"CLUSTERING"})",
         "/model/amazon.titan-embed-text-v2:0/invoke",
         R"({"inputText":"a","dimensions":256})",
         {"/task_type"}},
        {"Cohere on Bedrock", kEmbeddings, Schema::AWSBedrock, "cohere.embed-v4:0",
         R"({"input":["a","b"],"task_type":"RETRIEVAL_QUERY","dimensions":512,"auto_truncate":true})",
         "/model/cohere.embed-v4:0/invoke",
         R"({"texts":["a","b"],"input_type":"search_query","embedding_types":["float"],"output_dimension":512,"truncate":"END"})"},
        {"Cohere itself", kEmbeddings, Schema::Cohere, "embed-v4.0",
         R"({"input":"a","input_type":"classification"})", "/v2/embed",
         R"({"model":"embed-v4.0","texts":["a"],"input_type":"classification","embedding_types":["float"]})"},
    };
    for (const auto& row : rows)
        check(row);
}

TEST(TranslateEmbeddings, RefusesWhatCannotBeEmbedded) {
    struct {
        Schema schema;
        std::string_view body;
        int status;
    } const rows[] = {
        {Schema::GCPVertexAI, R"({"model":"m"})", 400},
        {Schema::GCPVertexAI, R"({"model":"m","input":"a","messages":[]})", 400},
        {Schema::GCPVertexAI, R"({"model":"m","input":[]})", 400},
        {Schema::GCPVertexAI, R"({"model":"m","input":[{}]})", 400},
        {Schema::GCPVertexAI, R"({"model":"m","input":"a","encoding_format":"hex"})", 400},
        {Schema::GCPVertexAI, R"({"model":"m","input":"a","dimensions":"8"})", 400},
        {Schema::GCPVertexAI, R"({"model":"m","input":[1,2]})", 422},
        {Schema::Gemini, R"({"model":"m","input":[[1],[2]]})", 422},
        {Schema::Gemini, R"({"model":"m","messages":[{"role":"system","content":"x"}]})", 400},
        {Schema::AWSBedrock, R"({"model":"m","messages":[{"role":"user","content":"x"}]})", 422},
        {Schema::Anthropic, R"({"model":"m","input":"a"})", 422},
    };
    for (const auto& row : rows) {
        auto sent = translate_request({.operation = kEmbeddings, .body = row.body, .model = "m"},
                                      {.schema = row.schema});
        ASSERT_FALSE(sent) << row.body;
        EXPECT_EQ(sent.error().status(), row.status) << row.body << sent.error().to_string();
    }
}

TEST(TranslateEmbeddings, VectorsComeBackAsAsked) {
    const std::string body = R"({"embedding":[1,-0.5],"inputTextTokenCount":3})";
    Context context{.operation = kEmbeddings, .schema = Schema::AWSBedrock, .model = "titan"};
    auto floats = translate_response(context, body);
    ASSERT_TRUE(floats);
    EXPECT_EQ(
        floats->body,
        R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[1,-0.5]}],"model":"titan","usage":{"prompt_tokens":3,"total_tokens":3}})");
    EXPECT_EQ(floats->usage.input, 3);
    context.base64 = true;
    auto packed = translate_response(context, body);
    ASSERT_TRUE(packed);
    EXPECT_NE(packed->body.find(R"("embedding":"AACAPwAAAL8=")"), std::string::npos);
}

TEST(TranslateEmbeddings, CountsWhatAHeaderCounted) {
    const Context context{.operation = kEmbeddings,
                          .schema = Schema::AWSBedrock,
                          .model = "cohere.embed-v4:0",
                          .counted_input = 7};
    auto answer = translate_response(context, R"({"embeddings":{"float":[[0.5]]},"id":"e"})");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->usage.input, 7);
    EXPECT_EQ(answer->id, "e");
    EXPECT_FALSE(translate_response(context, R"({"message":"no"})"));
}

TEST(TranslateTokenize, EachProviderCountsWhatItWouldBeSent) {
    const std::string_view chat =
        R"({"model":"x","messages":[{"role":"system","content":"s"},{"role":"user","content":"u"}],"max_tokens":5,"add_generation_prompt":true})";
    const Sent rows[] = {
        {"Vertex AI", kTokenize, Schema::GCPVertexAI, "gemini-2.5-flash", chat,
         "/publishers/google/models/gemini-2.5-flash:countTokens",
         R"({"contents":[{"role":"user","parts":[{"text":"u"}]}],"systemInstruction":{"parts":[{"text":"s"}]}})"},
        {"AI Studio", kTokenize, Schema::Gemini, "gemini-2.5-flash",
         R"({"model":"x","prompt":"u"})", "/v1beta/models/gemini-2.5-flash:countTokens",
         R"({"generateContentRequest":{"model":"models/gemini-2.5-flash","contents":[{"role":"user","parts":[{"text":"u"}]}]}})"},
        {"Claude at home", kTokenize, Schema::Anthropic, "claude-opus-4-6", chat,
         "/v1/messages/count_tokens",
         R"({"model":"claude-opus-4-6","system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":[{"type":"text","text":"u"}]}]})"},
        {"Claude on Vertex AI", kTokenize, Schema::GCPAnthropic, "claude-opus-4-6@default", chat,
         "/publishers/anthropic/models/count-tokens:rawPredict",
         R"({"model":"claude-opus-4-6","system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":[{"type":"text","text":"u"}]}]})"},
        {"Converse", kTokenize, Schema::AWSBedrock, "us.amazon.nova-pro-v1:0", chat,
         "/model/amazon.nova-pro-v1:0/count-tokens",
         R"({"input":{"converse":{"system":[{"text":"s"}],"messages":[{"role":"user","content":[{"text":"u"}]}]}}})"},
    };
    for (const auto& row : rows)
        check(row);
    auto claude =
        translate_request({.operation = kTokenize, .body = chat, .model = "us.anthropic.claude-3"},
                          {.schema = Schema::AWSAnthropic});
    ASSERT_TRUE(claude);
    EXPECT_EQ(claude->path, "/model/anthropic.claude-3/count-tokens");
    EXPECT_TRUE(claude->body.starts_with(R"({"input":{"invokeModel":{"body":")"));
}

TEST(TranslateTokenize, RefusesWhatVllmRefuses) {
    for (
        std::string_view body :
        {R"({"model":"m"})", R"({"model":"m","prompt":"a","messages":[]})",
         R"({"model":"m","prompt":1})",
         R"({"model":"m","messages":[],"add_generation_prompt":true,"continue_final_message":true})"}) {
        auto sent = translate_request({.operation = kTokenize, .body = body, .model = "m"},
                                      {.schema = Schema::GCPVertexAI});
        ASSERT_FALSE(sent) << body;
        EXPECT_EQ(sent.error().status(), 400);
    }
}

TEST(TranslateTokenize, GeminiCountsForAnthropicClientsToo) {
    auto sent =
        translate_request({.operation = Operation::count_tokens,
                           .dialect = Dialect::anthropic,
                           .body = R"({"model":"m","messages":[{"role":"user","content":"u"}]})",
                           .model = "gemini-2.5-pro"},
                          {.schema = Schema::GCPVertexAI});
    ASSERT_TRUE(sent) << sent.error().to_string();
    EXPECT_EQ(sent->path, "/publishers/google/models/gemini-2.5-pro:countTokens");
    EXPECT_EQ(sent->body, R"({"contents":[{"role":"user","parts":[{"text":"u"}]}]})");
    const Context context{.operation = Operation::count_tokens,
                          .dialect = Dialect::anthropic,
                          .schema = Schema::GCPVertexAI};
    auto answer = translate_response(context, R"({"totalTokens":31})");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, R"({"input_tokens":31})");
}

TEST(TranslateTokenize, AnyCountIsVllmsCount) {
    const std::pair<Schema, std::string_view> answers[] = {
        {Schema::GCPVertexAI, R"({"totalTokens":31,"totalBillableCharacters":96})"},
        {Schema::Anthropic, R"({"input_tokens":31})"},
        {Schema::AWSBedrock, R"({"inputTokens":31})"}};
    for (const auto& [schema, body] : answers) {
        auto answer = translate_response({.operation = kTokenize, .schema = schema}, body);
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->body, R"({"count":31})");
    }
    EXPECT_FALSE(translate_response({.operation = kTokenize, .schema = Schema::GCPVertexAI}, "{}"));
}

}  // namespace
}  // namespace weir::dialect
