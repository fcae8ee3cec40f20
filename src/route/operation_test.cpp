#include "route/operation.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::route {
namespace {

std::string identified(std::string_view method, std::string_view path,
                       std::string_view prefix = "") {
    Operation operation = identify(method, path, prefix.size());
    switch (operation.outcome) {
        case Identified::found:
            return std::string(operation.row.dialect).append(" ").append(operation.row.name);
        case Identified::bare_prefix:
            return "bare";
        case Identified::method_not_allowed:
            return "405 " + std::string(operation.allow);
        case Identified::unknown_path:
            return "404";
    }
    return "";
}

TEST(OperationTest, RootPaths) {
    const std::pair<const char*, const char*> cases[] = {
        {"/v1/chat/completions", "openai chat"},
        {"/v1/completions", "openai completion"},
        {"/v1/embeddings", "openai embeddings"},
        {"/v1/responses", "openai responses"},
        {"/v1/responses/input_tokens", "openai responses_input_tokens"},
        {"/v1/images/generations", "openai image_generation"},
        {"/v1/audio/speech", "openai speech"},
        {"/v1/audio/transcriptions", "openai transcription"},
        {"/v1/audio/translations", "openai translation"},
        {"/v1/moderations", "openai moderation"},
        {"/tokenize", "openai tokenize"},
        {"/cohere/v2/rerank", "cohere rerank"},
        {"/cohere/v2/chat", "cohere chat"},
        {"/v2/chat", "cohere chat"},
        {"/v2/embed", "cohere embeddings"},
        {"/v1/chat", "404"},
        {"/v1/embed", "404"},
        {"/v1beta/models/gemini-2.5-flash:generateContent", "gemini chat"},
        {"/v1beta/models/gemini-2.5-flash:streamGenerateContent", "gemini chat"},
        {"/gemini/v1beta/models/m:countTokens", "gemini count_tokens"},
        {"/v1/models/m:embedContent", "gemini embeddings"},
        {"/v1beta/models/m:batchEmbedContents", "gemini embeddings"},
        {"/v1/projects/p/locations/l/publishers/google/models/m:predict", "gemini embeddings"},
        {"/v1/projects/p/locations/l/publishers/anthropic/models/m:predict", "404"},
        {"/v1/projects/p/locations/l/publishers/google/models/m:generateContent", "gemini chat"},
        {"/v1beta1/publishers/google/models/m:countTokens", "gemini count_tokens"},
        {"/v1/projects/p/locations/l/publishers/google/chat/completions", "404"},
        {"/v1/projects/p/publishers/anthropic/models/m:generateContent", "404"},
        {"/v1beta/models/:generateContent", "404"},
        {"/v1beta/models/m:explain", "404"},
        {"/v1beta/chat/completions", "404"},
        {"/model/anthropic.claude%3A0/converse", "bedrock chat"},
        {"/bedrock/model/m/converse-stream", "bedrock chat"},
        {"/model/m/invoke", "bedrock messages"},
        {"/model/m/invoke-with-response-stream", "bedrock messages"},
        {"/model//converse", "404"},
        {"/v2/model/m/converse", "404"},
        {"/v2/rerank", "cohere rerank"},
        {"/anthropic/v1/messages", "anthropic messages"},
        {"/v1/messages", "anthropic messages"},
        {"/anthropic/v1/messages/count_tokens", "anthropic count_tokens"},
        {"/v1/messages/batches", "anthropic message_batches"},
        {"/v1/files", "openai files"},
        {"/v1/batches/b_1/cancel", "openai batches"},
        {"/v1/unknown", "404"},
        {"/anthropic/v1/chat/completions", "404"},
        {"/cohere/v1/messages", "404"},
        {"/v2/chat/completions", "404"},
        {"/v3/chat/completions", "404"},
        {"/v1/chat/completions/", "404"},
        {"/v1//chat/completions", "404"},
        {"/V1/chat/completions", "404"},
        {"/", "404"},
        {"", "404"},
        {"/v1", "404"},
        {"/anthropic", "404"},
    };
    for (auto [path, expected] : cases)
        EXPECT_EQ(identified("POST", path), expected) << path;
    EXPECT_EQ(identified("GET", "/v1/models"), "openai models");
    EXPECT_EQ(identified("GET", "/anthropic/v1/models"), "anthropic models");
    EXPECT_EQ(identified("GET", "/v1/models/ft:gpt-4o"), "openai model");
    EXPECT_EQ(identified("GET", "/v1beta/models"), "gemini models");
    EXPECT_EQ(identified("GET", "/gemini/v1/models"), "gemini models");
    EXPECT_EQ(identified("GET", "/v1beta/models/m:generateContent"), "405 POST");
    EXPECT_EQ(identified("GET", "/v1/files/f_1/content"), "openai files");
    EXPECT_EQ(identified("DELETE", "/v1/responses/r_1"), "openai stored_responses");
}

TEST(OperationTest, OtherMethods) {
    EXPECT_EQ(identified("GET", "/v1/chat/completions"), "405 POST");
    EXPECT_EQ(identified("POST", "/v1/models"), "405 GET");
    EXPECT_EQ(identified("DELETE", "/v1/files"), "405 GET, POST");
    EXPECT_EQ(identified("PUT", "/v1/files/f_1"), "405 GET, DELETE");
    EXPECT_EQ(identified("get", "/v1/models"), "405 GET");
}

TEST(OperationTest, APrefixIsABaseUrl) {
    const std::string_view prefix = "/v1/reasoning";
    auto below = [&](std::string_view method, std::string_view rest) {
        return identified(method, std::string(prefix).append(rest), prefix);
    };
    EXPECT_EQ(below("POST", "/chat/completions"), "openai chat");
    EXPECT_EQ(below("POST", "/v1/chat/completions"), "openai chat");
    EXPECT_EQ(below("POST", "/messages"), "anthropic messages");
    EXPECT_EQ(below("POST", "/v1/messages"), "anthropic messages");
    EXPECT_EQ(below("POST", "/anthropic/v1/messages"), "anthropic messages");
    EXPECT_EQ(below("POST", "/v2/chat"), "cohere chat");
    EXPECT_EQ(below("POST", "/cohere/v2/embed"), "cohere embeddings");
    EXPECT_EQ(below("POST", "/v1beta/models/m:generateContent"), "gemini chat");
    EXPECT_EQ(below("POST", "/model/m/converse"), "bedrock chat");
    EXPECT_EQ(below("GET", "/v1/models"), "openai models");
    EXPECT_EQ(below("GET", "/models"), "openai models");
    EXPECT_EQ(below("GET", "/chat/completions"), "405 POST");
    EXPECT_EQ(below("POST", ""), "bare");
    EXPECT_EQ(below("POST", "/"), "bare");
    EXPECT_EQ(below("POST", "/other"), "404");
}

TEST(OperationTest, APrefixMayBePartOfAnOperation) {
    EXPECT_EQ(identified("POST", "/v1/chat/completions", "/v1/chat/completions"), "openai chat");
    EXPECT_EQ(identified("GET", "/v1/chat/completions", "/v1/chat/completions"), "405 POST");
    EXPECT_EQ(identified("POST", "/v1/chat/completions", "/v1/chat"), "openai chat");
    EXPECT_EQ(identified("POST", "/v1/chat/completions", "/v1"), "openai chat");
    EXPECT_EQ(identified("GET", "/v1/files/f_1", "/v1/files"), "openai files");
    EXPECT_EQ(identified("POST", "/files/messages", "/files"), "anthropic messages");
    EXPECT_EQ(identified("POST", "/anthropic/v1/messages", "/anthropic"), "anthropic messages");
}

TEST(OperationTest, RowsAreFoundUnderTheirOwnSuffix) {
    for (const EndpointRow& row : endpoints()) {
        std::string path(row.dialect == "openai" ? "" : "/" + std::string(row.dialect));
        path.append(row.dialect == "cohere" ? "/v2" : "/v1").append(row.suffix);
        Operation operation = identify(row.method, path, 0);
        ASSERT_EQ(operation.outcome, Identified::found) << path;
        EXPECT_EQ(operation.row.name, row.name) << path;
        EXPECT_EQ(operation.row.dialect, row.dialect) << path;
        EXPECT_EQ(operation.row.streams, row.streams) << path;
        EXPECT_EQ(model_in_path(path), row.names_model() ? "{model}" : "") << path;
    }
}

TEST(OperationTest, ThePathNamesTheModel) {
    EXPECT_EQ(model_in_path("/v1/agent/v1beta/models/gemini-2.5-flash:generateContent"),
              "gemini-2.5-flash");
    EXPECT_EQ(model_in_path("/models/a:b:countTokens"), "a:b");
    EXPECT_EQ(model_in_path("/model/arn%3Aaws%2Fx/converse-stream"), "arn%3Aaws%2Fx");
    EXPECT_EQ(model_in_path("/v1/chat/completions"), "");
    EXPECT_EQ(model_in_path("/v1/models/gpt-4o"), "");
    EXPECT_EQ(model_in_path("/xmodels/m:generateContent"), "");
    EXPECT_EQ(model_in_path("/models/:generateContent"), "");
    EXPECT_EQ(model_in_path("models:generateContent"), "");
    EXPECT_EQ(model_in_path(""), "");
}

}  // namespace
}  // namespace weir::route
