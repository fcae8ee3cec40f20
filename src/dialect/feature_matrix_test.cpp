// What each client's API can ask of each provider, feature by feature: testdata/features.json holds
// one request for each, and docs/dialects.md the outcome, between two marks. `./dev golden` writes
// it; a codec that can say more or less than the document says fails here.
#include <gtest/gtest.h>

#include "dialect/test_support.h"

namespace weir::dialect {
namespace {

constexpr std::string_view kBegin = "<!-- begin of what ./dev golden writes -->\n";
constexpr std::string_view kEnd = "<!-- end of what ./dev golden writes -->\n";

std::string body_of(const json::Value& client, const json::Value& feature, std::string_view model) {
    json::Value body = json::Value::object();
    const std::string_view dialect = client.string_at("dialect");
    if (dialect != "gemini" && dialect != "bedrock")  // theirs stands in the path
        body.set("model", json::Value::string(std::string(model)));
    for (const json::Value* part : {client.find("base"), feature.find("with")})
        for (const json::Member& member : part->members())
            body.set(member.key, member.value);
    return json::serialize(body);
}

/// One cell of the table.
std::string cell(const json::Value& client, const json::Value& feature,
                 const json::Value& provider) {
    const auto operation = operation_from_string(client.string_at("operation"));
    const auto dialect = dialect_from_string(client.string_at("dialect"));
    const auto schema = schema_from_string(provider.string_at("schema"));
    if (!operation || !dialect || !schema) {
        ADD_FAILURE() << "a name that nobody knows in features.json";
        return "?";
    }
    Target target;
    target.schema = *schema;
    target.version = provider.string_at("version");
    if (provider.string_at("api") == "responses") target.api = ConversationApi::responses;
    if (provider.string_at("api") == "chat_completions")
        target.api = ConversationApi::chat_completions;
    if (passes_through(*operation, *dialect, *schema, target.api)) return "=";
    const std::string_view model = provider.string_at("model");
    const std::string body = body_of(client, feature, model);
    const json::Value* streams = feature.find("with")->find("stream");
    auto sent = translate_request(
        {*operation, *dialect, body, model, streams && streams->as_bool()}, target);
    if (!sent) return &sent.error().code() == &codes::dialect_no_translation ? "–" : "refused";
    if (sent->dropped.empty()) return "yes";
    std::string out = "without";
    for (const std::string& pointer : sent->dropped)
        out += " `" + pointer + "`";
    return out;
}

std::string table(const json::Value& client, const json::Value& providers) {
    std::string out = "\n### " + std::string(client.string_at("title")) + "\n\n| |";
    std::string rule = "|---|";
    for (const json::Value& provider : providers.items()) {
        out += " " + std::string(provider.string_at("title")) + " |";
        rule += "---|";
    }
    out += "\n" + rule + "\n";
    for (const json::Value& feature : client.find("features")->items()) {
        out += "| " + std::string(feature.string_at("name")) + " |";
        for (const json::Value& provider : providers.items())
            out += " " + cell(client, feature, provider) + " |";
        out += "\n";
    }
    return out;
}

TEST(FeatureMatrixTest, IsWhatTheDocumentSays) {
    const json::Value features = test::parse(test::read_file(test::testdata() / "features.json"));
    ASSERT_TRUE(features.find("clients") && features.find("providers"));
    std::string tables;
    for (const json::Value& client : features.find("clients")->items())
        tables += table(client, *features.find("providers"));
    tables += "\n";
    const std::filesystem::path path = std::filesystem::path(WEIR_SOURCE_DIR) / "docs/dialects.md";
    std::string document = test::read_file(path);
    const std::size_t begin = document.find(kBegin);
    const std::size_t end = document.find(kEnd);
    ASSERT_TRUE(begin != std::string::npos && end != std::string::npos && begin < end)
        << path << " has lost its marks";
    const std::size_t from = begin + kBegin.size();
    const std::string written = document.substr(from, end - from);
    if (test::update_golden() && written != tables)
        test::write_file(path, document.replace(from, end - from, tables));
    else
        EXPECT_EQ(written, tables) << "./dev golden writes it";
}

}  // namespace
}  // namespace weir::dialect
