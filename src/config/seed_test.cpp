// The configuration that the multi-agent article prints (testdata/seed.yaml).
#include "config/test_support.h"

namespace weir::config {
namespace {

constexpr std::string_view kKeys = R"(
---
apiVersion: v1
kind: Secret
metadata: {name: api-keys}
stringData:
  reasoning-agent: sk-planted-one
  anthropic: sk-planted-two
  apiKey: "[default]\naws_access_key_id = planted"
)";

Loaded load_seed(std::string_view more = {}, bool mock = false) {
    Options options;
    options.mock = mock;
    return load_text(read_text(test_data() / "seed.yaml") + std::string(more), options);
}

TEST(SeedTest, BothHalvesOfTheRouteAreOneRoute) {
    Loaded loaded = load_seed(kKeys);
    ASSERT_TRUE(loaded.ok()) << messages(loaded);
    ASSERT_EQ(loaded.configuration.routes.size(), 1u);
    const Route& route = loaded.configuration.routes[0];
    ASSERT_EQ(route.rules.size(), 3u);
    EXPECT_EQ(route.rules[1].matches.at(0).path->value, "/v1/data");
    EXPECT_EQ(route.rules[1].matches.at(0).path->type, PathMatch::Type::prefix);
    EXPECT_EQ(route.rules[1].backends.at(0).name.name, "data-agent");
    EXPECT_EQ(route.rules[1].backends.at(0).weight, 100u);
    EXPECT_EQ(route.costs.size(), 3u);
}

TEST(SeedTest, ProvidersNameDialectsAndEndpoints) {
    Loaded loaded = load_seed(kKeys);
    const Backend& openai = backend(loaded, "reasoning-agent");
    EXPECT_EQ(openai.schema.name, SchemaName::openai);
    EXPECT_EQ(openai.schema.prefix, "v1");
    EXPECT_EQ(loaded.configuration.endpoints_of(openai).at(0).host, "api.openai.com");
    EXPECT_EQ(loaded.configuration.endpoints_of(openai).at(0).port, 443);
    EXPECT_EQ(loaded.configuration.tls_of(openai)->server_name, "api.openai.com");
    EXPECT_EQ(backend(loaded, "data-agent").schema.name, SchemaName::anthropic);
    const Backend& bedrock = backend(loaded, "planning-agent");
    EXPECT_EQ(bedrock.schema.name, SchemaName::aws_bedrock);
    EXPECT_EQ(bedrock.region, "us-west-2");
    EXPECT_EQ(bedrock.url->endpoint.host, "bedrock-runtime.us-west-2.amazonaws.com");
    EXPECT_NE(messages(loaded).find("control plane"), std::string::npos);
}

TEST(SeedTest, TheSecretsKeyIsTheBackendThenTheProviderThenApiKey) {
    Loaded loaded = load_seed(kKeys);
    auto credential = [&](const char* name) {
        return *loaded.configuration.credential_for(backend(loaded, name));
    };
    EXPECT_EQ(credential("reasoning-agent").entry, "reasoning-agent");
    EXPECT_EQ(credential("reasoning-agent").type, CredentialType::api_key);
    EXPECT_EQ(credential("data-agent").entry, "anthropic");
    EXPECT_EQ(credential("data-agent").type, CredentialType::anthropic_api_key);
    EXPECT_EQ(credential("data-agent").value->reveal(), "sk-planted-two");
    EXPECT_EQ(credential("planning-agent").entry, "apiKey");
    EXPECT_EQ(credential("planning-agent").type, CredentialType::aws);
    EXPECT_EQ(credential("planning-agent").aws_region, "us-west-2");
}

TEST(SeedTest, AMissingSecretIsAnErrorAndWithMockAWarning) {
    EXPECT_NE(
        errors(load_seed()).find("spec.authenticationRefs[0]: Secret \"api-keys\" does not exist"),
        std::string::npos);
    Loaded mock = load_seed({}, true);
    EXPECT_TRUE(mock.ok()) << messages(mock);
    EXPECT_NE(messages(mock).find("Secret \"api-keys\" does not exist"), std::string::npos);
    EXPECT_EQ(mock.configuration.credential_for(backend(mock, "data-agent"))->value, nullptr);
}

TEST(SeedTest, OneImplicitGatewayStandsForEveryName) {
    Loaded loaded = load_seed(kKeys);
    ASSERT_EQ(loaded.configuration.gateways.size(), 1u);
    EXPECT_TRUE(loaded.configuration.gateways[0].implicit);
    EXPECT_EQ(loaded.configuration.gateways[0].listeners.at(0).port, 1975);
    EXPECT_TRUE(loaded.configuration.gateway({"default", "ai-gateway"}));
    EXPECT_TRUE(loaded.configuration.gateway({"default", "envoy-ai-gateway"}));
    std::string said = messages(loaded);
    auto first =
        said.find("default/ai-gateway, default/envoy-ai-gateway all mean one implicit Gateway");
    EXPECT_NE(first, std::string::npos) << said;
    EXPECT_EQ(said.find("implicit Gateway", first + 80), std::string::npos) << "said once";
}

TEST(SeedTest, ALoadedGatewayMustBeTheOneThatIsNamed) {
    Loaded loaded = load_seed(std::string(kKeys) + R"(
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ai-gatewai}
spec: {gatewayClassName: x, listeners: [{name: http, port: 80, protocol: HTTP}]}
)");
    EXPECT_NE(errors(loaded).find(
                  "spec.parentRefs[0]: Gateway \"ai-gateway\" does not exist; did you mean "
                  "\"ai-gatewai\"?"),
              std::string::npos)
        << errors(loaded);
}

TEST(SeedTest, RunsWholeAndWithoutAWordAboutWhatIsNotInForce) {
    Loaded loaded = beside_pending(load_seed(kKeys));
    EXPECT_TRUE(loaded.may_run()) << messages(loaded);
    EXPECT_EQ(messages(loaded).find("not in force"), std::string::npos) << messages(loaded);
}

TEST(SeedTest, AProtectionThatIsNotEnforcedRefusesToRun) {
    const std::string text = read_text(test_data() / "seed.yaml") + std::string(kKeys) + R"(
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: {name: keys}
spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: ai-gateway}]}
)";
    Loaded loaded = load_text(text);
    EXPECT_TRUE(loaded.ok()) << errors(loaded);
    EXPECT_FALSE(loaded.may_run());
    Options options;
    options.allow_unenforced = {"SecurityPolicy"};
    Loaded allowed = beside_pending(load_text(text, options));
    EXPECT_TRUE(allowed.may_run()) << messages(allowed);
    EXPECT_NE(messages(allowed).find("SecurityPolicy/keys: kind protects"), std::string::npos)
        << "still said";
}

TEST(SeedTest, HalvesThatDisagreeNameBothPlaces) {
    Loaded loaded = load_seed(std::string(kKeys) + R"(
---
apiVersion: ai.gateway.envoyproxy.io/v1alpha1
kind: AIServiceBackend
metadata: {name: data-agent}
spec: {endpoint: "https://other.example.com"}
)");
    std::string said = errors(loaded);
    EXPECT_NE(said.find("spec.endpoint: differs from the value at test.yaml:48:13;"),
              std::string::npos)
        << said;
}

}  // namespace
}  // namespace weir::config
