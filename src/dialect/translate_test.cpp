#include "dialect/translate.h"

#include "dialect/openai/chat.h"
#include "dialect/test_support.h"

namespace weir::dialect {
namespace {

using test::parse;

using test::expect_golden;
using test::files;
using test::outcome;

TEST(TranslateRequest, MatchesTheGoldenFiles) {
    struct Row {
        Schema schema;
        std::string_view name;
        std::string_view model = {};  // where the schema's models differ
    };
    const Row targets[] = {{Schema::Anthropic, "anthropic"},
                           {Schema::AWSAnthropic, "awsanthropic"},
                           {Schema::AWSBedrock, "bedrock"},
                           {Schema::OpenAI, "openai"},
                           {Schema::GCPVertexAI, "vertex", "gemini-3-pro-preview"},
                           {Schema::Gemini, "gemini", "gemini-2.5-flash"},
                           {Schema::Gemini, "old_gemini", "gemini-1.5-pro"}};
    for (const auto& file : files(test::testdata() / "requests", ".json")) {
        const std::string body = test::read_file(file);
        for (const auto& [schema, name, model] : targets) {
            auto sent =
                translate_request({.body = body}, {.schema = schema, .model_override = model});
            auto golden = file;
            golden.replace_extension("." + std::string(name) + ".golden.json");
            expect_golden(golden, outcome(sent));
        }
    }
}

// The neutral model loses nothing of its own dialect.
TEST(TranslateRequest, OpenAiComesBackAsItWent) {
    for (std::string_view name : {"full.json", "minimal.json", "tool_choice_none.json",
                                  "image_by_url.json", "audio.json", "hot.json", "guided.json"}) {
        const std::string body = test::read_file(test::testdata() / "requests" / name);
        auto sent = translate_request({.body = body}, {.schema = Schema::OpenAI});
        ASSERT_TRUE(sent) << name;
        json::Value expected = parse(body);
        expected.erase("max_tokens");
        json::Value actual = parse(sent->body);
        actual.erase("max_tokens");
        const bool has_newer_name = actual.find("max_completion_tokens") != nullptr;
        EXPECT_EQ(has_newer_name, expected.find("max_completion_tokens") != nullptr);
        // Markers of tools move into the function there, and null members of messages may go.
        if (name != "full.json") {
            EXPECT_TRUE(actual == expected) << sent->body;
        }
    }
}

TEST(TranslateRequest, AnOverrideRenamesTheModelOnly) {
    const std::string body = test::read_file(test::testdata() / "requests/minimal.json");
    auto sent = translate_request({.body = body},
                                  {.schema = Schema::AWSBedrock, .model_override = "arn:aws:x/y"});
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->path, "/model/arn:aws:x%2Fy/converse");
    EXPECT_EQ(sent->model, "arn:aws:x/y");
}

TEST(TranslateRequest, RefusesWhatItCannotRead) {
    constexpr std::string_view kBodies[] = {
        R"([])",
        R"({"model":"m"})",
        R"({"model":"m","messages":{}})",
        R"({"model":"m","messages":[1]})",
        R"({"model":"m","messages":[{"role":"robot","content":"x"}]})",
        R"({"model":"m","messages":[{"content":"x"}]})",
        R"({"model":"m","messages":[{"role":"user"}]})",
        R"({"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]})",
        R"({"model":"m","messages":[{"role":"user","content":["x"]}]})",
        R"({"model":"m","messages":[{"role":"assistant","tool_calls":{}}]})",
        R"({"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"x"}]}]})",
        R"({"model":"m","messages":[],"temperature":"hot"})",
        R"({"model":"m","messages":[],"stream":"yes"})",
        R"({"model":"m","messages":[],"stop":[1]})",
        R"({"model":"m","messages":[],"tools":{}})",
        R"({"model":"m","messages":[],"tools":[{"type":"function","function":{}}]})",
        R"({"model":"m","messages":[],"thinking":{"type":"maybe"}})",
        R"({"model":"m","messages":[],"response_format":{"type":"xml"}})",
    };
    for (std::string_view body : kBodies) {
        auto sent = translate_request({.body = body}, {.schema = Schema::Anthropic});
        ASSERT_FALSE(sent) << body;
        EXPECT_EQ(sent.error().status(), 400) << body;
        EXPECT_FALSE(sent.error().detail().empty()) << body;
    }
    constexpr std::string_view kUnsupported[] = {
        R"({"model":"m","messages":[],"modalities":["text","audio"]})",
        R"({"model":"m","messages":[],"functions":[{"name":"f"}]})",
        R"({"model":"m","messages":[],"tools":[{"type":"custom","custom":{"name":"x"}}]})",
        R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/tiff;base64,AA=="}}]}]})",
    };
    for (std::string_view body : kUnsupported)
        for (Schema schema : {Schema::Anthropic, Schema::AWSBedrock}) {
            auto sent = translate_request({.body = body}, {.schema = schema});
            ASSERT_FALSE(sent) << body;
            EXPECT_EQ(sent.error().status(), 422) << body;
        }
    auto none = translate_request({.body = "{}"}, {.schema = Schema::GCPVertexAI});
    ASSERT_FALSE(none);
}

TEST(ProviderPath, KnowsPrefixesDeploymentsAndVersions) {
    struct Row {
        Target target;
        Operation operation;
        std::string_view path;
    };
    const Row rows[] = {
        {{.schema = Schema::OpenAI}, Operation::chat, "/v1/chat/completions"},
        {{.schema = Schema::OpenAI, .prefix = "/v1beta/openai/"},
         Operation::chat,
         "/v1beta/openai/chat/completions"},
        {{.schema = Schema::OpenAI, .prefix = "openai/v1"},
         Operation::embeddings,
         "/openai/v1/embeddings"},
        {{.schema = Schema::OpenAI, .prefix = "/"}, Operation::responses, "/responses"},
        {{.schema = Schema::AzureOpenAI, .version = "2025-01-01-preview"},
         Operation::chat,
         "/openai/deployments/m%20x/chat/completions?api-version=2025-01-01-preview"},
        {{.schema = Schema::AzureOpenAI, .version = "v"},
         Operation::responses,
         "/openai/responses?api-version=v"},
        {{.schema = Schema::Anthropic}, Operation::messages, "/v1/messages"},
        {{.schema = Schema::Anthropic}, Operation::count_tokens, "/v1/messages/count_tokens"},
        {{.schema = Schema::Cohere, .version = "v2"}, Operation::rerank, "/v2/rerank"},
        {{.schema = Schema::AWSAnthropic}, Operation::chat, "/model/m%20x/invoke"},
        {{.schema = Schema::GCPAnthropic, .prefix = "/v1/projects/p/locations/l"},
         Operation::chat,
         "/v1/projects/p/locations/l/publishers/anthropic/models/m%20x:rawPredict"},
        {{.schema = Schema::GCPVertexAI},
         Operation::chat,
         "/publishers/google/models/m%20x:generateContent"},
        {{.schema = Schema::Gemini}, Operation::chat, "/v1beta/models/m%20x:generateContent"},
        {{.schema = Schema::Gemini, .prefix = "/"},
         Operation::chat,
         "/v1beta/models/m%20x:generateContent"},
    };
    for (const auto& row : rows)
        EXPECT_EQ(provider_path(row.target, row.operation, "m x", false).value(), row.path);
    EXPECT_EQ(provider_path({.schema = Schema::AWSBedrock}, Operation::chat, "m", true).value(),
              "/model/m/converse-stream");
    EXPECT_FALSE(provider_path({.schema = Schema::AWSBedrock}, Operation::speech, "m", false));
    EXPECT_EQ(provider_prefix({.prefix = "/"}), "");
}

TEST(TranslateResponse, MatchesTheGoldenFiles) {
    const std::pair<Schema, std::string_view> providers[] = {{Schema::Anthropic, ".anthropic.json"},
                                                             {Schema::AWSBedrock, ".bedrock.json"},
                                                             {Schema::GCPVertexAI, ".gemini.json"},
                                                             {Schema::OpenAI, ".openai.json"}};
    int count = 0;
    for (const auto& [schema, ending] : providers)
        for (const auto& file : files(test::testdata() / "replies", ending)) {
            ++count;
            Context context{
                .schema = schema, .model = "asked", .created = 123, .request_id = "req-1"};
            auto answer = translate_response(context, test::read_file(file));
            auto golden = file;
            expect_golden(golden.replace_extension(".golden.json"), outcome(answer));
        }
    EXPECT_GE(count, 5);
}

TEST(TranslateResponse, RefusesGarbage) {
    for (Schema schema :
         {Schema::Anthropic, Schema::AWSBedrock, Schema::OpenAI, Schema::GCPVertexAI})
        for (std::string_view body : {"", "<html>", "[]", "{}", R"({"message":"no"})",
                                      R"({"content":1,"output":2,"choices":3,"candidates":4})"}) {
            // Gemini leaves out what is empty: nothing may be all there is to say.
            if (schema == Schema::GCPVertexAI && body == "{}") continue;
            auto answer = translate_response({.schema = schema}, body);
            ASSERT_FALSE(answer) << body;
            EXPECT_EQ(answer.error().status(), 502);
        }
}

TEST(TranslateError, KeepsStatusTypeAndMessage) {
    Context context{.schema = Schema::Anthropic};
    auto error = translate_error(
        context, 529, {},
        R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})");
    EXPECT_EQ(error.status, 529);
    EXPECT_EQ(error.type, "overloaded_error");
    EXPECT_EQ(
        error.body,
        R"({"type":"error","error":{"type":"overloaded_error","code":"529","message":"Overloaded"}})");
    EXPECT_EQ(
        translate_error(context, 503, {}, " \n").body,
        R"({"type":"error","error":{"type":"AnthropicBackendError","code":"503","message":"the provider answered with status 503"}})");
    // The same dialect passes unchanged, white space and all.
    context.schema = Schema::OpenAI;
    EXPECT_EQ(translate_error(context, 400, {}, R"({ "error" : {"message":"m"} })").body,
              R"({ "error" : {"message":"m"} })");
    // Every dialect a client may speak.
    context.schema = Schema::AWSBedrock;
    context.dialect = Dialect::anthropic;
    const HeaderView headers[] = {{"X-Amzn-ErrorType", "ThrottlingException"}};
    const auto slow = translate_error(context, 429, headers, R"({"message":"slow down"})");
    EXPECT_EQ(slow.type, "ThrottlingException");
    EXPECT_EQ(
        slow.body,
        R"({"type":"error","error":{"type":"rate_limit_error","message":"slow down"},"request_id":""})");
}

}  // namespace
}  // namespace weir::dialect
