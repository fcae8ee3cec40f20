#include "dialect/usage.h"

#include "dialect/test_support.h"

namespace weir::dialect {
namespace {

using test::parse;

TEST(Usage, MeansTheSameInEveryDialect) {
    const Usage want{
        .input = 18, .cached_input = 5, .cache_creation = 3, .output = 20, .total = 38};
    EXPECT_EQ(decode_usage(Dialect::anthropic, parse(R"({"input_tokens":10,"output_tokens":20,
        "cache_read_input_tokens":5,"cache_creation_input_tokens":3})")),
              want);
    EXPECT_EQ(decode_usage(Dialect::bedrock,
                           parse(R"({"inputTokens":10,"outputTokens":20,"totalTokens":38,
        "cacheReadInputTokens":5,"cacheWriteInputTokens":3})")),
              want);
    EXPECT_EQ(decode_usage(Dialect::openai,
                           parse(R"({"prompt_tokens":18,"completion_tokens":20,"total_tokens":38,
        "prompt_tokens_details":{"cached_tokens":5,"cache_creation_tokens":3}})")),
              want);
}

TEST(Usage, ReadsResponsesAndReasoning) {
    const Usage usage = decode_usage(
        Dialect::openai, parse(R"({"input_tokens":16,"input_tokens_details":{"cached_tokens":5},
        "output_tokens":6,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":22})"));
    EXPECT_EQ(usage,
              (Usage{.input = 16, .cached_input = 5, .output = 6, .reasoning = 2, .total = 22}));
    EXPECT_EQ(
        decode_usage(
            Dialect::gemini,
            parse(
                R"({"promptTokenCount":7,"candidatesTokenCount":3,"thoughtsTokenCount":2,"totalTokenCount":12})")),
        (Usage{.input = 7, .output = 5, .reasoning = 2, .total = 12}));
}

TEST(Usage, ToleratesWhatProvidersWrite) {
    EXPECT_EQ(decode_usage(Dialect::anthropic, parse(R"({"output_tokens":12.5})")).output, 12);
    EXPECT_TRUE(
        decode_usage(Dialect::openai, parse(R"({"prompt_tokens":"7","completion_tokens":null})"))
            .empty());
    EXPECT_TRUE(decode_usage(Dialect::openai, parse("null")).empty());
    EXPECT_TRUE(decode_usage(Dialect::openai, parse(R"({"prompt_tokens":-1})")).empty());
    EXPECT_TRUE(extract_usage(Dialect::openai, "<html>").empty());
}

TEST(Usage, AStreamCorrectsItsCounts) {
    AnthropicUsage counts;
    counts.read(parse(R"({"input_tokens":10,"cache_read_input_tokens":90,"output_tokens":1})"));
    counts.read(parse(R"({"output_tokens":7})"));
    EXPECT_EQ(
        counts.usage(),
        (Usage{.input = 100, .cached_input = 90, .cache_creation = 0, .output = 7, .total = 107}));
    counts.read(parse(R"({"input_tokens":12})"));
    EXPECT_EQ(counts.usage().input, 102);
}

TEST(Usage, FactsOfWholeBodies) {
    const BodyFacts facts =
        extract_facts(Dialect::openai, R"({"id":"x","model":"gpt-4o-2024","choices":[
        {"finish_reason":"stop"},{"finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}})");
    EXPECT_EQ(facts.id, "x");
    EXPECT_EQ(facts.model, "gpt-4o-2024");
    EXPECT_EQ(facts.finish_reasons, (std::vector<std::string>{"stop", "length"}));
    EXPECT_EQ(facts.usage.total, 7);
}

}  // namespace
}  // namespace weir::dialect
