// credentialOverride and the sources of tokens, as a policy writes them.
#include <gmock/gmock.h>

#include "config/test_support.h"

namespace weir::config {
namespace {

using testing::HasSubstr;

std::string policy(std::string_view spec, std::string_view version = "v1beta1") {
    return "apiVersion: aigateway.envoyproxy.io/" + std::string(version) +
           "\nkind: BackendSecurityPolicy\nmetadata: {name: p}\nspec:\n  targetRefs: [{group: "
           "aigateway.envoyproxy.io, kind: AIServiceBackend, name: b}]\n  " +
           std::string(spec) + R"(
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIServiceBackend
metadata: {name: b}
spec:
  schema: {name: OpenAI}
  backendRef: {name: b, kind: Backend, group: gateway.envoyproxy.io}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {name: b}
spec: {endpoints: [{fqdn: {hostname: api.example, port: 443}}]}
---
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {apiKey: planted, client-secret: planted, credentials: planted}
)";
}

TEST(CredentialPolicyTest, EachTypeHasItsOwnOverrideHeader) {
    struct {
        std::string spec, header;
    } cases[] = {
        {"{type: APIKey, apiKey: {secretRef: {name: s}}", "x-aigw-api-key"},
        {"{type: AnthropicAPIKey, anthropicAPIKey: {secretRef: {name: s}}",
         "x-aigw-anthropic-api-key"},
        {"{type: AzureAPIKey, azureAPIKey: {secretRef: {name: s}}", "x-aigw-azure-api-key"},
        {"{type: AzureCredentials, azureCredentials: {clientID: c, tenantID: t, clientSecretRef: "
         "{name: s}}",
         "x-aigw-azure-access-token"},
        {"{type: AWSCredentials, awsCredentials: {region: r}", "x-aigw-aws-"},
    };
    for (const auto& c : cases) {
        std::string fields = c.spec.substr(1);
        std::string text;  // flow style on one line: the policy's spec is a block map
        int depth = 0;
        for (char ch : fields) {
            depth += ch == '{' ? 1 : ch == '}' ? -1 : 0;
            text += ch == ',' && depth == 0 ? std::string("\n ") : std::string(1, ch);
        }
        Loaded loaded =
            load_text(policy(text + "\n  credentialOverride: {fromRequestHeaders: {}}"));
        ASSERT_TRUE(loaded.may_run()) << messages(loaded);
        auto found = loaded.configuration.credential_for(loaded.configuration.backends.front());
        ASSERT_TRUE(found && found->override) << text;
        EXPECT_EQ(found->override->header, c.header);
        EXPECT_TRUE(found->override->fall_back);
        EXPECT_FALSE(found->override_only);
    }
}

TEST(CredentialPolicyTest, AnOverrideAloneNeedsNoFallback) {
    const std::string gcp =
        "type: GCPCredentials\n  gcpCredentials: {projectName: p, region: r}\n  "
        "credentialOverride: {fromRequestHeaders: {header: X-Tenant, fallbackToConfigured: ";
    Loaded alone = load_text(policy(gcp + "false}}"));
    ASSERT_TRUE(alone.may_run()) << messages(alone);
    auto found = alone.configuration.credential_for(alone.configuration.backends.front());
    EXPECT_EQ(found->override->header, "x-tenant");
    EXPECT_TRUE(found->override_only);
    EXPECT_THAT(messages(load_text(policy(gcp + "true}}"))),
                HasSubstr("no credential of its own to fall back to"));
}

TEST(CredentialPolicyTest, WhatIsNotInForceIsNotStarted) {
    const std::string oidc =
        "{oidc: {clientID: c, clientSecret: {name: s}, provider: {issuer: https://i.example}}";
    for (const std::string& spec :
         {"type: AWSCredentials\n  awsCredentials: {region: r, oidcExchangeToken: " + oidc +
              ", awsRoleArn: a}}",
          "type: AzureCredentials\n  azureCredentials: {clientID: c, tenantID: t, "
          "oidcExchangeToken: " +
              oidc + "}}",
          std::string("type: APIKey\n  apiKey: {secretRef: {name: s}}\n  credentialOverride: "
                      "{fromDynamicMetadata: {namespace: n}}")}) {
        Loaded loaded = load_text(policy(spec));
        EXPECT_TRUE(loaded.ok()) << messages(loaded);
        EXPECT_FALSE(loaded.may_run());
        EXPECT_THAT(messages(loaded), HasSubstr("BackendSecurityPolicy"));
    }
}

TEST(CredentialPolicyTest, AHeaderThatCannotBeOneIsRefused) {
    Loaded loaded =
        load_text(policy("type: APIKey\n  apiKey: {secretRef: {name: s}}\n  credentialOverride: "
                         "{fromRequestHeaders: {header: 'a b'}}"));
    EXPECT_FALSE(loaded.ok());
    EXPECT_THAT(messages(loaded), HasSubstr("cannot be the name of a header"));
}

}  // namespace
}  // namespace weir::config
