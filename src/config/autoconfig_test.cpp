#include "config/test_support.h"

namespace weir::config {
namespace {

TEST(EnvironmentTest, OpenAiServesEveryModel) {
    Loaded loaded =
        from_environment(environment({{"OPENAI_API_KEY", "sk-planted"},
                                      {"OPENAI_BASE_URL", "http://localhost:11434/api/v1"},
                                      {"OPENAI_ORG_ID", "org"}}));
    ASSERT_TRUE(loaded.may_run()) << messages(loaded);
    const Backend& openai = backend(loaded, "openai");
    EXPECT_EQ(openai.schema.prefix, "api/v1");
    EXPECT_EQ(openai.url->endpoint.port, 11434);
    EXPECT_FALSE(openai.url->tls);
    EXPECT_EQ(openai.headers.set.at(0).name, "openai-organization");
    EXPECT_EQ(loaded.configuration.credential_for(openai)->value->reveal(), "sk-planted");
    EXPECT_EQ(loaded.configuration.routes.at(0).rules.at(0).matches.at(0).headers.at(0).value,
              ".*");
}

TEST(EnvironmentTest, AnthropicStandsBesideOpenAi) {
    Loaded loaded =
        from_environment(environment({{"OPENAI_API_KEY", "a"}, {"ANTHROPIC_API_KEY", "b"}}));
    ASSERT_TRUE(loaded.may_run()) << messages(loaded);
    EXPECT_EQ(loaded.configuration.routes.at(0).rules.size(), 2u);
    EXPECT_EQ(loaded.configuration.credential_for(backend(loaded, "anthropic"))->type,
              CredentialType::anthropic_api_key);
}

TEST(EnvironmentTest, AzureNeedsItsEndpointAndVersion) {
    EXPECT_NE(errors(from_environment(environment({{"AZURE_OPENAI_API_KEY", "a"}})))
                  .find("AZURE_OPENAI_ENDPOINT is not"),
              std::string::npos);
    Loaded loaded =
        from_environment(environment({{"AZURE_OPENAI_API_KEY", "a"},
                                      {"OPENAI_API_KEY", "b"},
                                      {"AZURE_OPENAI_ENDPOINT", "https://r.openai.azure.com"},
                                      {"OPENAI_API_VERSION", "2024-02-15-preview"}}));
    ASSERT_TRUE(loaded.may_run()) << messages(loaded);
    ASSERT_EQ(loaded.configuration.backends.size(), 1u);
    EXPECT_EQ(loaded.configuration.backends[0].schema.version, "2024-02-15-preview");
    EXPECT_EQ(loaded.configuration.credential_for(loaded.configuration.backends[0])->type,
              CredentialType::azure_api_key);
}

TEST(EnvironmentTest, NothingSetSaysWhatToSet) {
    EXPECT_NE(errors(from_environment({})).find("OPENAI_API_KEY"), std::string::npos);
}

}  // namespace
}  // namespace weir::config
