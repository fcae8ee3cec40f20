// What clients of Cohere and Gemini ask beside chat: embeddings, counts of tokens, an order of
// documents.
#include "dialect/test_support.h"
#include "dialect/translate.h"

namespace weir::dialect {
namespace {

Result<ProviderRequest> embed(Dialect dialect, std::string_view body, Schema schema) {
    return translate_request(
        {.operation = Operation::embeddings, .dialect = dialect, .body = body, .model = "embedder"},
        {.schema = schema});
}

std::string embedded(Dialect dialect, Schema schema, std::string_view answer,
                     EmbedForm form = EmbedForm::list, bool base64 = false) {
    auto out = translate_response({.operation = Operation::embeddings,
                                   .dialect = dialect,
                                   .schema = schema,
                                   .model = "embedder",
                                   .request_id = "req-1",
                                   .base64 = base64,
                                   .form = form},
                                  answer);
    return out ? out->body : out.error().to_string();
}

TEST(NativeClients, EmbedWithOthersModels) {
    constexpr std::string_view kCohere =
        R"({"model":"embedder","texts":["a","b"],"input_type":"search_query","embedding_types":["base64"],"output_dimension":8,"truncate":"END","priority":1})";
    auto openai = embed(Dialect::cohere, kCohere, Schema::OpenAI);
    ASSERT_TRUE(openai) << openai.error().to_string();
    EXPECT_EQ(openai->body,
              R"({"model":"embedder","input":["a","b"],"encoding_format":"float","dimensions":8})");
    EXPECT_EQ(openai->path, "/v1/embeddings");
    EXPECT_TRUE(openai->base64);
    EXPECT_EQ(openai->dropped, (std::vector<std::string>{"/priority", "/input_type", "/truncate"}));
    auto vertex = embed(Dialect::cohere, kCohere, Schema::GCPVertexAI);
    ASSERT_TRUE(vertex);
    EXPECT_EQ(
        vertex->body,
        R"({"instances":[{"content":"a","task_type":"RETRIEVAL_QUERY"},{"content":"b","task_type":"RETRIEVAL_QUERY"}],"parameters":{"outputDimensionality":8,"autoTruncate":true}})");
    constexpr std::string_view kOpenAi =
        R"({"data":[{"index":0,"embedding":[1,2]}],"model":"e","usage":{"prompt_tokens":3,"total_tokens":3}})";
    EXPECT_EQ(
        embedded(Dialect::cohere, Schema::OpenAI, kOpenAi, EmbedForm::list, true),
        R"({"id":"req-1","embeddings":{"base64":["AACAPwAAAEA="]},"response_type":"embeddings_by_type","meta":{"api_version":{"version":"2"},"billed_units":{"input_tokens":3}}})");

    auto one =
        embed(Dialect::gemini, R"({"content":{"parts":[{"text":"a"}]},"task_type":"CLUSTERING"})",
              Schema::OpenAI);
    ASSERT_TRUE(one);
    EXPECT_EQ(one->form, EmbedForm::single);
    EXPECT_EQ(one->dropped, std::vector<std::string>{"/content/taskType"});
    EXPECT_EQ(embedded(Dialect::gemini, Schema::OpenAI, kOpenAi, EmbedForm::single),
              R"({"embedding":{"values":[1,2]},"usageMetadata":{"promptTokenCount":3}})");
    auto batch = embed(
        Dialect::gemini,
        R"({"requests":[{"model":"models/e","content":{"parts":[{"text":"a"}]}},{"content":{"parts":[{"text":"b"}]}}]})",
        Schema::Cohere);
    ASSERT_TRUE(batch);
    EXPECT_EQ(
        batch->body,
        R"({"model":"embedder","texts":["a","b"],"input_type":"search_document","embedding_types":["float"]})");
    EXPECT_EQ(embedded(Dialect::gemini, Schema::Cohere, R"({"embeddings":{"float":[[1],[2]]}})"),
              R"({"embeddings":[{"values":[1]},{"values":[2]}]})");
    EXPECT_FALSE(embed(Dialect::gemini, R"({"requests":[]})", Schema::Cohere));
    constexpr std::string_view kInstances =
        R"({"instances":[{"content":"a","task_type":"CLUSTERING","title":"t"},{"content":"b"}],"parameters":{"outputDimensionality":8,"autoTruncate":true,"mimeType":"x"}})";
    auto predicted = embed(Dialect::gemini, kInstances, Schema::OpenAI);
    ASSERT_TRUE(predicted) << predicted.error().to_string();
    EXPECT_EQ(predicted->body,
              R"({"model":"embedder","input":["a","b"],"encoding_format":"float","dimensions":8})");
    EXPECT_EQ(predicted->form, EmbedForm::predict);
    EXPECT_EQ(
        embed(Dialect::gemini, kInstances, Schema::GCPVertexAI)->body,
        R"({"instances":[{"content":"a","task_type":"CLUSTERING","title":"t"},{"content":"b"}],"parameters":{"outputDimensionality":8,"autoTruncate":true}})");
    EXPECT_EQ(
        embedded(Dialect::gemini, Schema::OpenAI, kOpenAi, EmbedForm::predict),
        R"({"predictions":[{"embeddings":{"values":[1,2],"statistics":{"truncated":false,"token_count":3}}}]})");
    EXPECT_EQ(embed(Dialect::gemini, R"({"instances":[]})", Schema::OpenAI).error().status(), 400);
    EXPECT_EQ(
        embed(Dialect::gemini, R"({"instances":[{"content":1}]})", Schema::OpenAI).error().status(),
        400);
    EXPECT_EQ(embed(Dialect::gemini, R"({"instances":[{"prompt":"a fox"}]})", Schema::OpenAI)
                  .error()
                  .status(),
              422);
    EXPECT_FALSE(embed(Dialect::cohere, R"({"model":"m"})", Schema::OpenAI));
    EXPECT_EQ(
        embed(Dialect::cohere, R"({"texts":["a"],"embedding_types":["int8"]})", Schema::OpenAI)
            .error()
            .status(),
        422);
    EXPECT_EQ(embed(Dialect::cohere, R"({"images":["data:image/png;base64,AA=="]})", Schema::OpenAI)
                  .error()
                  .status(),
              422);
}

TEST(NativeClients, GeminiClientsCountWhereSomebodyCounts) {
    auto ask = [](Schema schema) {
        return translate_request(
            {.operation = Operation::count_tokens,
             .dialect = Dialect::gemini,
             .body =
                 R"({"generateContentRequest":{"model":"models/m","contents":[{"parts":[{"text":"hello"}]}]}})",
             .model = "m"},
            {.schema = schema});
    };
    auto studio = ask(Schema::Gemini);
    ASSERT_TRUE(studio);
    EXPECT_EQ(studio->path, "/v1beta/models/m:countTokens");
    EXPECT_EQ(
        studio->body,
        R"({"generateContentRequest":{"model":"models/m","contents":[{"parts":[{"text":"hello"}]}]}})");
    auto claude = ask(Schema::Anthropic);
    ASSERT_TRUE(claude);
    EXPECT_EQ(claude->path, "/v1/messages/count_tokens");
    EXPECT_EQ(ask(Schema::OpenAI).error().status(), 422);
    auto answer = translate_response({.operation = Operation::count_tokens,
                                      .dialect = Dialect::gemini,
                                      .schema = Schema::Anthropic},
                                     R"({"input_tokens":17})");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, R"({"totalTokens":17})");
}

TEST(NativeClients, RerankIsCoheresOwn) {
    auto sent = translate_request({.operation = Operation::rerank,
                                   .dialect = Dialect::cohere,
                                   .body = R"({"model":"m","query":"q","documents":["a"]})",
                                   .model = "m"},
                                  {.schema = Schema::OpenAI});
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().status(), 400);
}

}  // namespace
}  // namespace weir::dialect
