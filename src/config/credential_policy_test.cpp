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

TEST(CredentialPolicyTest, AnExchangeIsRead) {
    const std::string oidc =
        "{aud: a, grantType: g, oidc: {clientID: c, clientSecret: {name: s}, scopes: [x, y], "
        "resources: [r], provider: {issuer: https://i.example, tokenEndpoint: "
        "https://i.example/t}}}";
    Loaded aws =
        load_text(policy("type: AWSCredentials\n  awsCredentials: {region: r, oidcExchangeToken: " +
                         oidc.substr(0, oidc.size() - 1) + ", awsRoleArn: role}}"));
    ASSERT_TRUE(aws.may_run()) << messages(aws);
    auto found = aws.configuration.credential_for(aws.configuration.backends.front());
    ASSERT_TRUE(found && found->oidc && found->value);
    EXPECT_EQ(found->entry, "client-secret");
    EXPECT_EQ(found->oidc->issuer, "https://i.example");
    EXPECT_EQ(found->oidc->token_endpoint, "https://i.example/t");
    EXPECT_EQ(found->oidc->client_id, "c");
    EXPECT_EQ(found->oidc->scopes, (std::vector<std::string>{"x", "y"}));
    EXPECT_EQ(found->oidc->resources, (std::vector<std::string>{"r"}));
    EXPECT_EQ(found->oidc->audience, "a");
    EXPECT_EQ(found->oidc->grant_type, "g");
    EXPECT_EQ(found->oidc->aws_role, "role");
    Loaded gcp = load_text(
        policy("type: GCPCredentials\n  gcpCredentials: {projectName: p, region: r, "
               "workloadIdentityFederationConfig: {projectID: '12', workloadIdentityPoolName: "
               "pool, workloadIdentityProviderName: prov, serviceAccountImpersonation: "
               "{serviceAccountName: robot}, oidcExchangeToken: " +
               oidc + "}}"));
    ASSERT_TRUE(gcp.may_run()) << messages(gcp);
    found = gcp.configuration.credential_for(gcp.configuration.backends.front());
    EXPECT_EQ(found->oidc->gcp_project, "12");
    EXPECT_EQ(found->oidc->gcp_pool, "pool");
    EXPECT_EQ(found->oidc->gcp_provider, "prov");
    EXPECT_EQ(found->oidc->gcp_service_account, "robot@p.iam.gserviceaccount.com");
}

TEST(CredentialPolicyTest, AnExchangesClientMayBeNamedByASecret) {
    const std::string spec =
        "type: AzureCredentials\n  azureCredentials: {clientID: c, tenantID: t, oidcExchangeToken: "
        "{oidc: {clientIDRef: {name: id}, clientSecret: {name: s}, cookieDomain: a.example, "
        "provider: {issuer: https://i.example}}}}";
    const std::string id =
        "---\napiVersion: v1\nkind: Secret\nmetadata: {name: id}\nstringData: "
        "{client-id: from-secret}\n";
    Loaded loaded = load_text(policy(spec) + id);
    ASSERT_TRUE(loaded.may_run()) << messages(loaded);
    auto found = loaded.configuration.credential_for(loaded.configuration.backends.front());
    EXPECT_EQ(found->oidc->client_id, "from-secret");
    ASSERT_TRUE(found->secret);
    EXPECT_EQ(found->secret->name, "s");
    EXPECT_THAT(messages(loaded), HasSubstr("oidc.cookieDomain"));
    EXPECT_FALSE(load_text(policy(spec)).ok()) << "the Secret of the client's ID does not exist";
}

TEST(CredentialPolicyTest, WhatIsNotInForceIsNotStarted) {
    Loaded loaded =
        load_text(policy("type: APIKey\n  apiKey: {secretRef: {name: s}}\n  credentialOverride: "
                         "{fromDynamicMetadata: {namespace: n}}"));
    EXPECT_TRUE(loaded.ok()) << messages(loaded);
    EXPECT_FALSE(loaded.may_run());
    EXPECT_THAT(messages(loaded), HasSubstr("BackendSecurityPolicy"));
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
