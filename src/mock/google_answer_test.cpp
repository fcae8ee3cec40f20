// Answers in Google's words, and Cohere's embeddings and ranks.
#include "dialect/stream.h"
#include "mock/test_question.h"

namespace weir::mock {
namespace {

using namespace test;

// What the codec of dialect/ makes of it is what an OpenAI client would read.
std::string translated(const Question& q, std::string_view model) {
    dialect::StreamTranslator stream(
        {.schema = dialect::Schema::Gemini, .model = std::string(model)});
    std::string out;
    EXPECT_TRUE(stream.feed(stream_bytes(q), out));
    EXPECT_TRUE(stream.finish(out)) << "the answer said why it ended";
    return out;
}

constexpr std::string_view kGenerate = "/v1beta/models/gemini-2.5-flash:generateContent";
constexpr std::string_view kStreamGenerate =
    "/v1beta/models/gemini-2.5-flash:streamGenerateContent";

std::string contents(std::string_view text, std::string_view more = "") {
    return fmt::format(R"({{"contents":[{{"role":"user","parts":[{{"text":"{}"}}]}}]{}{}}})", text,
                       more.empty() ? "" : ",", more);
}

TEST(MockAnswerTest, GeminiAnswersWholeAndStreamedAlike) {
    Question q = question(
        kGenerate, contents("hello there",
                            R"("generationConfig":{"thinkingConfig":{"includeThoughts":true}})"));
    json::Value body = whole(q);
    EXPECT_EQ(text_at(body, "candidates.0.content.parts.1.text"),
              "Mock answer from gemini-2.5-flash: you said \"hello there\".");
    EXPECT_EQ(text_at(body, "candidates.0.finishReason"), "STOP");
    EXPECT_EQ(at(body, "usageMetadata.promptTokenCount").as_int(), 3);
    auto answer =
        dialect::translate_response({.schema = dialect::Schema::Gemini}, json::serialize(body));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->usage.input, 3);
    EXPECT_EQ(*answer->usage.input + *answer->usage.output, *answer->usage.total);
    Question streamed = question(kStreamGenerate, contents("hello there"));
    std::string out = translated(streamed, "gemini-2.5-flash");
    EXPECT_NE(out.find(R"("finish_reason":"stop")"), std::string::npos);
    EXPECT_NE(out.find("hello"), std::string::npos);
}

TEST(MockAnswerTest, GeminiCallsFunctionsAndHearsTheirResults) {
    const std::string tools =
        R"("tools":[{"functionDeclarations":[{"name":"get_weather","parametersJsonSchema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}]}])";
    json::Value body = whole(question(kGenerate, contents("weather in Paris", tools)));
    EXPECT_EQ(text_at(body, "candidates.0.content.parts.0.functionCall.name"), "get_weather");
    EXPECT_EQ(text_at(body, "candidates.0.content.parts.0.functionCall.args.city"), "Paris");
    EXPECT_FALSE(text_at(body, "candidates.0.content.parts.0.thoughtSignature").empty());
    Question q = question(
        kGenerate,
        R"({"contents":[{"role":"user","parts":[{"functionResponse":{"name":"get_weather","response":{"output":"sunny"}}}]}]})");
    EXPECT_EQ(text_at(whole(q), "candidates.0.content.parts.0.text"),
              "Mock answer from gemini-2.5-flash: the tool said \"sunny\".");
    Question streamed = question(kStreamGenerate, contents("weather in Paris", tools));
    EXPECT_NE(translated(streamed, "m").find(R"("finish_reason":"tool_calls")"), std::string::npos);
}

TEST(MockAnswerTest, GeminiStreamsAsOneArrayWithoutSse) {
    Question q = question(kStreamGenerate, contents("hello"));
    q.json_array = true;
    auto chunks = json::parse(stream_bytes(q));
    ASSERT_TRUE(chunks);
    ASSERT_GT(chunks->items().size(), 3u);
    EXPECT_EQ(text_at(chunks->items().back(), "candidates.0.finishReason"), "STOP");
}

TEST(MockAnswerTest, GoogleAndCohereEmbedAndRank) {
    json::Value predicted = whole(question(
        "/v1/projects/p/locations/l/publishers/google/models/text-embedding-005:predict",
        R"({"instances":[{"content":"a b"},{"content":"c"}],"parameters":{"outputDimensionality":4}})"));
    EXPECT_EQ(at(predicted, "predictions.0.embeddings.values").items().size(), 4u);
    EXPECT_EQ(at(predicted, "predictions.0.embeddings.statistics.token_count").as_int(), 2);
    EXPECT_EQ(at(predicted, "predictions").items().size(), 2u);
    json::Value one = whole(question("/x/models/gemini-embedding-2:embedContent",
                                     R"({"content":{"parts":[{"text":"a b"}]}})"));
    EXPECT_EQ(at(one, "embedding.values").items().size(), 16u);
    EXPECT_EQ(at(one, "usageMetadata.promptTokenCount").as_int(), 2);
    json::Value batch = whole(question(
        "/v1beta/models/m:batchEmbedContents",
        R"({"requests":[{"content":{"parts":[{"text":"a"}]},"outputDimensionality":4}]})"));
    EXPECT_EQ(at(batch, "embeddings.0.values").items().size(), 4u);
    json::Value counted =
        whole(question("/v1beta/models/m:countTokens", contents("one two three")));
    EXPECT_EQ(at(counted, "totalTokens").as_int(), 4) << "three words and a role";
    json::Value ranked = whole(question(
        "/v2/rerank",
        R"({"model":"rerank-v3.5","query":"red fox","documents":["a dog","a red fox",{"text":"a red car"}],"top_n":2})"));
    EXPECT_EQ(at(ranked, "results.0.index").as_int(), 1);
    EXPECT_EQ(at(ranked, "results.1.index").as_int(), 2);
    EXPECT_EQ(at(ranked, "results").items().size(), 2u);
    EXPECT_EQ(at(ranked, "meta.tokens.input_tokens").as_int(), 2 + 2 + 3 + 3);
    json::Value embedded =
        whole(question("/model/cohere.embed-v4:0/invoke", R"({"texts":["a","b"]})"));
    EXPECT_EQ(at(embedded, "embeddings.float").items().size(), 2u);
}

TEST(MockAnswerTest, GoogleRefusesInItsOwnWords) {
    EXPECT_EQ(error_shape(kGenerate, false), dialect::Dialect::gemini);
    EXPECT_EQ(render_error(dialect::Dialect::gemini, 429, "slow down"),
              R"({"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED"}})");
    EXPECT_EQ(render_error(dialect::Dialect::cohere, 400, "no"), R"({"message":"no"})");
    auto destination = find_destination("POST", kGenerate, false);
    ASSERT_TRUE(destination);
    EXPECT_FALSE(read_question(*destination, kGenerate, R"({"contents":[]})"));
}

}  // namespace
}  // namespace weir::mock
