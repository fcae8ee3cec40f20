// OpenAI Responses clients: their requests to providers of other kinds, and the answers to them.
#include "dialect/stream.h"
#include "dialect/test_support.h"
#include "dialect/translate.h"

namespace weir::dialect {
namespace {

using test::expect_golden;

Result<ProviderRequest> send(std::string_view body, Schema schema) {
    return translate_request({.operation = Operation::responses, .body = body},
                             {.schema = schema, .version = default_version(schema)});
}

TEST(ResponsesRequest, MatchesTheGoldenFiles) {
    const std::pair<Schema, std::string_view> targets[] = {{Schema::Anthropic, "anthropic"},
                                                           {Schema::AWSBedrock, "bedrock"},
                                                           {Schema::Gemini, "gemini"}};
    const auto inputs = test::files(test::testdata() / "responses", ".json");
    EXPECT_GE(inputs.size(), 3u);
    for (const auto& file : inputs)
        for (const auto& [schema, name] : targets) {
            auto golden = file;
            golden.replace_extension("." + std::string(name) + ".golden.json");
            expect_golden(golden, test::outcome(send(test::read_file(file), schema)));
        }
}

TEST(ResponsesRequest, RefusesWhatNeedsAStore) {
    constexpr std::string_view kBodies[] = {
        R"({"model":"m","input":"x","previous_response_id":"resp_1"})",
        R"({"model":"m","input":"x","conversation":"conv_1"})",
        R"({"model":"m","input":"x","prompt":{"id":"p"}})",
        R"({"model":"m","input":"x","store":true})",
        R"({"model":"m","input":"x","background":true})",
        R"({"model":"m","input":[{"type":"item_reference","id":"msg_1"}]})",
        R"({"model":"m","input":[{"role":"user","content":[{"type":"input_file","file_id":"f"}]}]})",
        R"({"model":"m","input":"x","tools":[{"type":"file_search"}]})",
    };
    for (std::string_view body : kBodies) {
        auto sent = send(body, Schema::Anthropic);
        ASSERT_FALSE(sent) << body;
        EXPECT_EQ(sent.error().status(), 422) << body << sent.error().to_string();
    }
}

TEST(ResponsesRequest, RefusesWhatItCannotRead) {
    constexpr std::string_view kBodies[] = {
        R"([])",
        R"({"model":"m"})",
        R"({"model":"m","input":[1]})",
        R"({"model":"m","input":[{"role":"robot","content":"x"}]})",
        R"({"model":"m","input":[{"role":"user","content":[{"type":"input_text"}]}]})",
        R"({"model":"m","input":[{"type":"function_call"}]})",
        R"({"model":"m","input":[{"type":"function_call_output","output":"x"}]})",
        R"({"model":"m","input":"x","stream":1})",
        R"({"model":"m","input":"x","max_output_tokens":"9"})",
        R"({"model":"m","input":"x","tools":[{"type":"function"}]})",
        R"({"model":"m","input":"x","tool_choice":"some"})",
        R"({"model":"m","input":"x","text":{"format":{"type":"xml"}}})",
    };
    for (std::string_view body : kBodies) {
        auto sent = send(body, Schema::Anthropic);
        ASSERT_FALSE(sent) << body;
        EXPECT_EQ(sent.error().status(), 400) << body;
    }
}

TEST(ResponsesResponse, MatchesTheGoldenFiles) {
    const std::pair<Schema, std::string_view> providers[] = {{Schema::Anthropic, ".anthropic.json"},
                                                             {Schema::AWSBedrock, ".bedrock.json"}};
    for (const auto& [schema, ending] : providers)
        for (const auto& file : test::files(test::testdata() / "replies", ending)) {
            const Context context{.operation = Operation::responses,
                                  .schema = schema,
                                  .model = "asked",
                                  .created = 123,
                                  .request_id = "req-1"};
            auto golden = file;
            expect_golden(golden.replace_extension(".responses.golden.json"),
                          test::outcome(translate_response(context, test::read_file(file))));
        }
}

TEST(ResponsesStream, AFailureOfAStreamThatPassedIsAnEventOfItsOwn) {
    std::string out;
    append_stream_error(Dialect::openai, Operation::responses,
                        Error(codes::upstream_truncated, "x"), out);
    EXPECT_TRUE(out.starts_with("event: response.failed\ndata: {")) << out;
    const json::Value event = test::parse(std::string_view(out).substr(29));
    EXPECT_EQ(event.find("response")->string_at("status"), "failed");
    EXPECT_FALSE(event.find("response")->find("error")->string_at("message").empty());
}

}  // namespace
}  // namespace weir::dialect
