// Bodies of every dialect: what counts as input, what does not, and what is said of the output.
#include "tokens/estimate.h"

#include "base/encoding.h"
#include "tokens/test_support.h"
#include "tokens/token_counter.h"

namespace weir::tokens {
namespace {

using test::estimate;

constexpr Question kGpt4o{.dialect = "openai", .operation = "chat", .model = "gpt-4o"};
constexpr Question kClaude{
    .dialect = "anthropic", .operation = "messages", .model = "claude-sonnet-4-5"};
constexpr Question kGemini{.dialect = "gemini", .operation = "chat", .model = "gemini-2.5-pro"};
constexpr Question kNova{
    .dialect = "bedrock", .operation = "chat", .model = "us.amazon.nova-pro-v1:0"};

/// A PNG of that size as far as its header goes.
std::string png(uint32_t width, uint32_t height) {
    std::string bytes("\x89PNG\r\n\x1A\n\0\0\0\rIHDR", 16);
    for (const uint32_t v : {width, height})
        for (int shift = 24; shift >= 0; shift -= 8)
            bytes.push_back(static_cast<char>(v >> shift));
    return base64_encode(bytes + std::string(5000, 'x'));
}

TEST(Estimate, ChatInThePublishedFraming) {
    // 3 + role + text per message, 1 + text for a name, 3 for the answer.
    const Estimate e = estimate(kGpt4o, R"({"messages":[
        {"role":"system","content":"You are a helpful assistant."},
        {"role":"user","content":"Hello!","name":"bob"}],"max_tokens":50})");
    EXPECT_TRUE(e.exact);
    EXPECT_EQ(e.input, (4 + 6) + (4 + 2 + 1 + 1) + 3);
    EXPECT_EQ(e.output, 50);
    EXPECT_TRUE(e.output_bounded);
}

TEST(Estimate, EscapesAreUndone) {
    const Estimate plain =
        estimate(kGpt4o, R"({"messages":[{"role":"user","content":"a b é 😀"}]})");
    const Estimate escaped = estimate(
        kGpt4o, R"({"messages":[{"role":"user","content":"\u0061\u0020b \u00e9 \ud83d\ude00"}]})");
    EXPECT_EQ(plain.input, escaped.input);
}

TEST(Estimate, WhatIsNotKnownIsNotCalledExact) {
    for (
        const char* body :
        {R"({"messages":[{"role":"user","content":[{"type":"text","text":"a"}]}]})",
         R"({"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}]})",
         R"({"messages":[{"role":"user","content":"a"}],"tools":[{"type":"function","function":{"name":"f"}}]})",
         R"({"messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"}}}})"})
        EXPECT_FALSE(estimate(kGpt4o, body).exact) << body;
    const char* plain =
        R"({"messages":[{"role":"user","content":"a"}],"temperature":1,"stop":["x y z"]})";
    EXPECT_TRUE(estimate(kGpt4o, plain).exact);
    EXPECT_FALSE(estimate({.dialect = "openai", .operation = "chat", .model = "o3"}, plain).exact);
    const Estimate by_ratio = estimate(kGpt4o, plain, test::nothing_loaded());
    EXPECT_FALSE(by_ratio.exact);
    EXPECT_EQ(by_ratio.missing, Encoding::o200k_base);
    EXPECT_EQ(estimate(kGpt4o, plain).missing, Encoding::none);
    EXPECT_EQ(estimate(kClaude, plain, test::nothing_loaded()).missing, Encoding::none);
}

TEST(Estimate, TokenNumbersAreCounted) {
    const Question embeddings{
        .dialect = "openai", .operation = "embeddings", .model = "text-embedding-3-small"};
    const Estimate e = estimate(embeddings, R"({"input":[[1,2,3],[4,5]]})");
    EXPECT_EQ(e.input, 5);
    EXPECT_EQ(e.output, 0);
    EXPECT_TRUE(e.output_bounded);
    EXPECT_TRUE(e.exact);
}

TEST(Estimate, AboveTheLimitTheRatioOfWhatWasCountedGoesOn) {
    std::string text;
    while (text.size() < 40'000)
        text += "All work and no play makes Jack a dull boy. ";
    const std::string body = R"({"messages":[{"role":"user","content":")" + text + R"("}]})";
    const Estimate whole = estimate(kGpt4o, body);
    const Estimate part =
        estimate(kGpt4o, body, test::loaded(), Calibration(8), {.exact_limit = 4096});
    EXPECT_TRUE(whole.exact);
    EXPECT_FALSE(part.exact);
    EXPECT_NEAR(static_cast<double>(part.input), static_cast<double>(whole.input),
                0.02 * static_cast<double>(whole.input));
}

struct BodyCase {
    const char* name;
    Question question;
    const char* body;
    int64_t least, most;
};

/// 400 characters of text stand where %T is: about 100 tokens, 115 for Claude.
constexpr BodyCase kBodies[] = {
    {"chat parts", kGpt4o,
     R"({"messages":[{"role":"user","content":[{"type":"text","text":"%T"}]}]})", 90, 125},
    {"tool result", kGpt4o,
     R"({"messages":[{"role":"tool","tool_call_id":"call_0123456789","content":"%T"}]})", 90, 125},
    {"call arguments", kGpt4o,
     R"({"messages":[{"role":"assistant","tool_calls":[{"id":"call_0123456789","type":"function","function":{"name":"f","arguments":"{\"a\":\"%T\"}"}}]}]})",
     95, 135},
    {"responses text", {"openai", "responses", "gpt-4.1"}, R"({"input":"%T"})", 90, 125},
    {"responses items",
     {"openai", "responses", "gpt-4.1"},
     R"({"instructions":"Be brief.","input":[{"role":"user","content":[{"type":"input_text","text":"%T"}]}]})",
     90,
     130},
    {"anthropic", kClaude, R"({"system":"Be brief.","messages":[{"role":"user","content":"%T"}]})",
     105, 140},
    {"anthropic blocks", kClaude,
     R"({"system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":[{"type":"text","text":"%T"}]}]})",
     105, 140},
    {"anthropic tool use", kClaude,
     R"({"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"toolu_012345","name":"f","input":{"a":"%T","b":[1,2]}}]}]})",
     105, 145},
    {"anthropic tool result", kClaude,
     R"({"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_012345","content":[{"type":"text","text":"%T"}]}]}]})",
     105, 140},
    {"anthropic text document", kClaude,
     R"({"messages":[{"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"%T"}}]}]})",
     105, 140},
    {"redacted thinking", kClaude,
     R"({"messages":[{"role":"assistant","content":[{"type":"redacted_thinking","data":"%B"},{"type":"text","text":"%T"}]}]})",
     105, 140},
    {"thinking signature", kClaude,
     R"({"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"%T","signature":"%B"}]}]})",
     105, 140},
    {"gemini", kGemini,
     R"({"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[{"role":"user","parts":[{"text":"%T"}]}]})",
     90, 130},
    {"gemini counts",
     {"gemini", "count_tokens", "gemini-2.5-pro"},
     R"({"generateContentRequest":{"model":"models/m","systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[{"role":"user","parts":[{"text":"%T"}]}]}})",
     90,
     130},
    {"gemini function", kGemini,
     R"({"contents":[{"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":"%T"}}}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"b":1}}}]}]})",
     90, 140},
    {"bedrock", kNova,
     R"({"system":[{"text":"Be brief."}],"messages":[{"role":"user","content":[{"text":"%T"}]}]})",
     90, 130},
    {"bedrock tool result", kNova,
     R"({"messages":[{"role":"user","content":[{"toolResult":{"toolUseId":"tooluse_0123","content":[{"json":{"a":"%T"}}],"status":"success"}}]}]})",
     90, 130},
    {"cohere chat",
     {"cohere", "chat", "command-a-03-2025"},
     R"({"messages":[{"role":"user","content":"%T"}],"documents":[{"id":"1","data":{"title":"t"}}]})",
     90,
     130},
    {"cohere rerank",
     {"cohere", "rerank", "rerank-v3.5"},
     R"({"query":"q","documents":["%T"]})",
     90,
     125},
    {"titan",
     {"bedrock", "embeddings", "amazon.titan-embed-text-v2:0"},
     R"({"inputText":"%T"})",
     90,
     125},
    {"search results", kClaude,
     R"({"messages":[{"role":"user","content":[{"type":"search_result","source":"https://a.example/b","title":"t","content":[{"type":"text","text":"%T"}]},{"type":"web_search_tool_result","tool_use_id":"t","content":[{"type":"web_search_result","url":"https://a.example/b","title":"t","encrypted_content":"%B"}]}]}]})",
     105, 160},
    {"escaped names", kGpt4o, R"({"m\u0065ssages":[{"role":"user","c\u006fntent":"%T"}]})", 90,
     125},
    {"settings are no input", kGpt4o,
     R"({"messages":[{"role":"user","content":"%T"}],"user":"%T","metadata":{"a":"%T"},"stop":["%T"]})",
     90, 125},
};

std::string fill(std::string body) {
    std::string text, data = png(10, 10);
    while (text.size() < 400)
        text += "The gateway counts before it asks. ";
    text.resize(400);
    for (const auto& [mark, value] :
         {std::pair<const char*, std::string>{"%T", text}, {"%B", data}})
        for (size_t at; (at = body.find(mark)) != std::string::npos;)
            body.replace(at, 2, value);
    return body;
}

TEST(Estimate, TextIsFoundInEveryDialect) {
    for (const BodyCase& c : kBodies) {
        const Estimate e = estimate(c.question, fill(c.body), test::nothing_loaded());
        EXPECT_GE(e.input, c.least) << c.name;
        EXPECT_LE(e.input, c.most) << c.name;
        EXPECT_FALSE(e.exact) << c.name;
    }
}

TEST(Estimate, ImagesCostWhatTheProvidersSay) {
    const std::string data = png(1024, 1024);
    const auto input = [](const Question& q, std::string body) {
        return estimate(q, body, test::nothing_loaded()).input;
    };
    const auto openai = [&](const char* rest) {
        return R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,)" +
               data + "\"" + rest + "}}]}]}";
    };
    EXPECT_EQ(input(kGpt4o, openai("")), 765 + 7);
    EXPECT_EQ(input(kGpt4o, openai(R"(,"detail":"low")")), 85 + 7);
    EXPECT_EQ(input({.dialect = "openai", .operation = "chat", .model = "gpt-4o-mini"}, openai("")),
              2833 + 4 * 5667 + 7);
    EXPECT_EQ(input({.dialect = "openai", .operation = "chat", .model = "gpt-5-mini"}, openai("")),
              (1024 * 162 + 99) / 100 + 6);
    EXPECT_EQ(
        input(
            {.dialect = "openai", .operation = "responses", .model = "gpt-4o"},
            R"({"input":[{"role":"user","content":[{"type":"input_image","detail":"high","image_url":"data:image/png;base64,)" +
                data + R"("}]}]})"),
        765 + 7);
    EXPECT_EQ(
        input(
            kClaude,
            R"({"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":")" +
                data + R"("}}]}]})"),
        1399 + 7);
    EXPECT_EQ(
        input(
            kClaude,
            R"({"messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://a.example/b.png"}}]}]})"),
        1600 + 7);
    EXPECT_EQ(input(kGemini, R"({"contents":[{"parts":[{"inlineData":{"data":")" + png(960, 540) +
                                 R"(","mimeType":"image/png"}}]}]})"),
              6 * 258 + 7);
    EXPECT_EQ(
        input(
            {.dialect = "bedrock", .operation = "chat", .model = "anthropic.claude-3-haiku"},
            R"({"messages":[{"role":"user","content":[{"image":{"format":"png","source":{"bytes":")" +
                data + R"("}}}]}]})"),
        1399 + 7);
    // Members in alphabetical order: `source` before `type`.
    EXPECT_EQ(
        input(
            kClaude,
            R"({"messages":[{"content":[{"source":{"type":"url","url":"https://a.example/b.png"},"type":"image"}],"role":"user"}]})"),
        1600 + 7);
    // PHP escapes slashes; the header is read all the same.
    std::string escaped = openai("");
    for (size_t at = 0; (at = escaped.find('/', at)) != std::string::npos; at += 2)
        escaped.insert(at, "\\");
    EXPECT_EQ(input(kGpt4o, escaped), 765 + 7);
}

TEST(Estimate, ToolsFollowThePublishedRecipe) {
    // The cookbook's example: 9 for the question's chat but for its text, 7 + 3 + 12 and so on.
    const char* body =
        R"({"messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{
        "name":"f","description":"Get it.","parameters":{"type":"object","properties":{
        "unit":{"type":"string","description":"Which unit","enum":["a","b"]}}}}}]})";
    TokenCounter counter;
    const Vocabulary& words = *test::loaded().find(Encoding::o200k_base);
    const int64_t texts = counter.count(words, "f:Get it").tokens +
                          counter.count(words, "unit:string:Which unit").tokens + 1 + 1;
    EXPECT_EQ(estimate(kGpt4o, body).input, 4 + 1 + 3 + 7 + 3 + 3 - 3 + 3 + 3 + 12 + texts);
}

TEST(Estimate, OutputOfEveryDialect) {
    struct Row {
        Question question;
        const char* body;
        int64_t output;
        bool bounded;
    };
    const Row rows[] = {
        {kGpt4o, R"({"messages":[],"max_completion_tokens":7})", 7, true},
        {kGpt4o, R"({"messages":[],"max_tokens":7,"n":3})", 21, true},
        {kGpt4o, R"({"messages":[],"max_tokens":null})", 1024, false},
        {kGpt4o, R"({"messages":[],"n":2})", 2048, false},
        {kClaude, R"({"messages":[],"max_tokens":7})", 7, true},
        {kNova, R"({"messages":[],"inferenceConfig":{"maxTokens":7,"temperature":0}})", 7, true},
        {kGemini, R"({"contents":[],"generationConfig":{"maxOutputTokens":7,"candidateCount":2}})",
         14, true},
        {{"openai", "responses", "gpt-4o"}, R"({"input":"a","max_output_tokens":7})", 7, true},
        {{"openai", "completion", "babbage-002"},
         R"({"prompt":["a","b"],"max_tokens":7,"n":2})",
         28,
         true},
        {{"openai", "completion", "babbage-002"}, R"({"prompt":[1,2,3],"max_tokens":7})", 7, true},
        {kGpt4o, R"({"messages":[],"max_tokens":1e300})", 1'000'000'000, true},
        {kGpt4o, R"({"messages":[],"max_tokens":-1})", 1024, false},
        {{"anthropic", "count_tokens", "claude-x"}, R"({"messages":[]})", 0, true},
        {{"cohere", "rerank", "rerank-v3.5"}, R"({"query":"a","documents":[]})", 0, true},
    };
    for (const Row& row : rows) {
        const Estimate e = estimate(row.question, row.body);
        EXPECT_EQ(e.output, row.output) << row.body;
        EXPECT_EQ(e.output_bounded, row.bounded) << row.body;
    }
}

TEST(Estimate, WhatWasSettledCorrectsTheNextEstimate) {
    Calibration calibration;
    const std::string body = fill(R"({"messages":[{"role":"user","content":"%T"}]})");
    const Estimate first = estimate(kClaude, body, test::nothing_loaded(), calibration);
    for (int i = 0; i < 100; ++i) {
        const Estimate e = estimate(kClaude, body, test::nothing_loaded(), calibration);
        calibration.settle(kClaude.model, e, first.input * 2, 300);
    }
    const Estimate last = estimate(kClaude, body, test::nothing_loaded(), calibration);
    EXPECT_NEAR(static_cast<double>(last.input), 2.0 * static_cast<double>(first.input),
                0.1 * static_cast<double>(first.input));
    EXPECT_EQ(last.uncorrected_input, first.uncorrected_input);
    EXPECT_EQ(last.output, 384);  // the end of the bucket of 300
    EXPECT_FALSE(last.output_bounded);
}

TEST(Estimate, UploadsAreEstimatedByTheirSize) {
    const Calibration calibration;
    const Estimator estimator(test::nothing_loaded(), calibration);
    const Estimate e = estimator.estimate_opaque(
        {.dialect = "openai", .operation = "transcription", .model = "gpt-4o-transcribe"}, 160'000);
    EXPECT_EQ(e.input, 100);
    EXPECT_FALSE(e.exact);
}

TEST(EncodingOf, ModelsByTheNamesTheyGoBy) {
    struct Row {
        const char* model;
        Encoding encoding;
    };
    using enum Encoding;
    for (const Row& row : {Row{"gpt-4o", o200k_base},
                           {"gpt-4o-2024-08-06", o200k_base},
                           {"gpt-4", cl100k_base},
                           {"gpt-4-0613", cl100k_base},
                           {"gpt-4-turbo", cl100k_base},
                           {"gpt-4.1-nano", o200k_base},
                           {"gpt-5", o200k_base},
                           {"gpt-5.1-codex", o200k_base},
                           {"gpt-3.5-turbo", cl100k_base},
                           {"gpt-35-turbo-16k", cl100k_base},
                           {"o1", o200k_base},
                           {"o3-mini", o200k_base},
                           {"o4-mini-2025-04-16", o200k_base},
                           {"openai/gpt-4o", o200k_base},
                           {"ft:gpt-4o-mini-2024-07-18:org::id", o200k_base},
                           {"openai.gpt-oss-120b-1:0", o200k_base},
                           {"GPT-4o", o200k_base},
                           {"text-embedding-3-large", cl100k_base},
                           {"gpt-4x", none},
                           {"o12", none},
                           {"claude-sonnet-4", none},
                           {"gemini-2.5-pro", none},
                           {"", none}})
        EXPECT_EQ(encoding_of(row.model), row.encoding) << row.model;
}

}  // namespace
}  // namespace weir::tokens
