// The token of an OpenID Connect provider, and what each cloud gives for it.
#include "credential/oidc.h"

#include <gmock/gmock.h>

#include "credential/fake_http.h"

namespace weir::credential {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kDocument =
    R"({"issuer":"https://i.example","token_endpoint":"https://i.example/t",)"
    R"("scopes_supported":["openid","models"]})";
constexpr std::string_view kToken = R"({"access_token":"planted-identity","expires_in":60})";

OidcClient client() {
    OidcClient out;
    out.issuer = "https://i.example/";
    out.client_id = "weir:1";
    out.client_secret = Secret("planted secret\n");
    return out;
}

struct Oidc : testing::Test {
    FakeIssuing fake;
    FakeHttp& http = fake.http;

    Result<Secret> fetch(OidcClient from) {
        auto token = oidc_token(std::move(from), "Secret a/b");
        if (!token) return std::unexpected(std::move(token).error());
        return fake.loop.run((*token)->fetch(http));
    }
    /// A source whose provider answers at once, for the exchanges.
    std::unique_ptr<IdentityToken> identity() {
        OidcClient from = client();
        from.token_endpoint = "https://i.example/t";
        http.answers.emplace_back(200, kToken);
        return std::move(*oidc_token(std::move(from), "S"));
    }
};

TEST_F(Oidc, TheEndpointIsDiscoveredAndAskedForEveryScopeItNames) {
    http.answers = {{200, std::string(kDocument)}, {200, std::string(kToken)}};
    auto token = fetch(client());
    ASSERT_TRUE(token) << token.error().to_string();
    EXPECT_EQ(token->reveal(), "planted-identity");
    EXPECT_EQ(http.calls[0].url, "https://i.example/.well-known/openid-configuration");
    EXPECT_EQ(http.calls[1].url, "https://i.example/t");
    EXPECT_EQ(http.body(1), "grant_type=client_credentials&scope=openid%20models");
    // "weir%3A1:planted%20secret": each part is encoded first (RFC 6749 §2.3.1).
    EXPECT_EQ(http.header(1, "authorization"), "Basic d2VpciUzQTE6cGxhbnRlZCUyMHNlY3JldA==");
}

TEST_F(Oidc, WhatTheConfigurationNamesIsNotDiscovered) {
    OidcClient from = client();
    from.token_endpoint = "https://other.example/token";
    from.scopes = {"a", "b"};
    from.resources = {"urn:r"};
    from.audience = "aud";
    from.grant_type = "urn:own";
    http.answers = {{200, std::string(kToken)}};
    ASSERT_TRUE(fetch(std::move(from)));
    ASSERT_EQ(http.calls.size(), 1u);
    EXPECT_EQ(http.calls[0].url, "https://other.example/token");
    EXPECT_EQ(http.body(0), "grant_type=urn%3Aown&scope=a%20b&resource=urn%3Ar&audience=aud");
}

TEST_F(Oidc, TheSecretGoesIntoTheFormWhereTheProviderWantsIt) {
    http.answers = {
        {200,
         R"({"token_endpoint":"https://i.example/t","token_endpoint_auth_methods_supported":["client_secret_post"]})"},
        {200, std::string(kToken)}};
    ASSERT_TRUE(fetch(client()));
    EXPECT_EQ(http.header(1, "authorization"), "-");
    EXPECT_THAT(http.body(1), HasSubstr("client_id=weir%3A1&client_secret=planted%20secret"));
    // One that does not say so, but refuses the other way.
    OidcClient quiet = client();
    quiet.token_endpoint = "https://i.example/t";
    http.answers = {{401, R"({"error":"invalid_client"})"}, {200, std::string(kToken)}};
    ASSERT_TRUE(fetch(std::move(quiet)));
    EXPECT_THAT(http.body(3), HasSubstr("client_secret="));
}

TEST_F(Oidc, RefusalsSayWhyAndNothingElse) {
    OidcClient from = client();
    from.token_endpoint = "https://i.example/t";
    for (const auto& [status, body, why] : std::vector<std::tuple<int, std::string, std::string>>{
             {500, "", "refuses with status 500"},
             {200, "[]", "no JSON object"},
             {200, "{}", "without an access_token"},
             {200, R"({"access_token":"a\nb"})", "without an access_token"},
             {403, R"({"error":"access_denied"})", "access_denied"}}) {
        http.answers = {{status, body}, {status, body}};
        auto token = fetch(from);
        ASSERT_FALSE(token) << body;
        EXPECT_THAT(token.error().detail(), HasSubstr(why));
        EXPECT_THAT(token.error().detail(), Not(HasSubstr("planted")));
    }
    for (const char* document :
         {"{}", R"({"token_endpoint":"http://evil.example/"})", R"({"token_endpoint":7})"}) {
        http.answers = {{200, document}};
        auto token = fetch(client());
        ASSERT_FALSE(token) << document;
        EXPECT_THAT(token.error().detail(), HasSubstr("token_endpoint"));
    }
}

TEST_F(Oidc, WhatCannotBeAskedIsRefusedAtOnce) {
    OidcClient plain = client();
    plain.issuer = "http://i.example";
    OidcClient unnamed = client();
    unnamed.client_id = "";
    OidcClient empty = client();
    empty.client_secret = Secret(" \n");
    for (auto* bad : {&plain, &unnamed, &empty})
        EXPECT_FALSE(oidc_token(*bad, "Secret a/b"));
}

TEST_F(Oidc, ClientsAreToldApartByWhatTheyGet) {
    OidcClient one = client(), two = client();
    EXPECT_EQ(identity_of(one), identity_of(two));
    two.scopes = {"a"};
    one.resources = {"a"};
    EXPECT_NE(identity_of(one), identity_of(two));
}

TEST_F(Oidc, AwsGivesKeysOfARole) {
    auto issuer = aws_role_issuer("", "eu-west-1", "arn:aws:iam::1:role/r", "weir-p", identity());
    ASSERT_TRUE(issuer);
    http.answers.emplace_back(
        200,
        "<R><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>planted-secret</SecretAccessKey>"
        "<SessionToken>planted-token</SessionToken><Expiration>2023-11-14T23:13:20Z</Expiration>"
        "</R>");
    auto issued = fake.fetch(**issuer);
    ASSERT_TRUE(issued) << issued.error().to_string();
    EXPECT_EQ(issued->keys->access_key_id.reveal(), "ASIA1");
    EXPECT_EQ(http.calls[1].url, "https://sts.eu-west-1.amazonaws.com/");
    EXPECT_THAT(http.body(1),
                HasSubstr("RoleSessionName=weir-p&WebIdentityToken=planted-identity"));
    EXPECT_FALSE(aws_role_issuer("http://evil.example", "", "r", "s", identity()));
}

TEST_F(Oidc, AzureTakesTheTokenForTheClientsSecret) {
    auto issuer = azure_federated_issuer("tenant", "client", "", identity());
    ASSERT_TRUE(issuer);
    http.answers.emplace_back(200, R"({"access_token":"t","expires_in":60})");
    auto issued = fake.fetch(**issuer);
    ASSERT_TRUE(issued);
    EXPECT_EQ(issued->authorization.reveal(), "Bearer t");
    EXPECT_EQ(http.calls[1].url, "https://login.microsoftonline.com/tenant/oauth2/v2.0/token");
    EXPECT_EQ(http.body(1),
              "client_id=client&client_assertion=planted-identity&client_assertion_type="
              "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&grant_type="
              "client_credentials&scope=https%3A%2F%2Fcognitiveservices.azure.com%2F.default");
}

TEST_F(Oidc, GoogleExchangesTheTokenAndThenLendsAServiceAccount) {
    auto issuer = workload_identity_issuer({"12", "pool", "prov", "robot@p", "", ""}, identity());
    ASSERT_TRUE(issuer);
    http.answers.emplace_back(200, R"({"access_token":"federated","expires_in":60})");
    http.answers.emplace_back(200,
                              R"({"accessToken":"robots","expireTime":"2023-11-14T23:13:20Z"})");
    auto issued = fake.fetch(**issuer);
    ASSERT_TRUE(issued) << issued.error().to_string();
    EXPECT_EQ(issued->authorization.reveal(), "Bearer robots");
    EXPECT_EQ(issued->expires, FakeIssuing::kNow + std::chrono::hours(1));
    EXPECT_EQ(http.calls[1].url, "https://sts.googleapis.com/v1/token");
    EXPECT_THAT(http.body(1),
                HasSubstr("audience=%2F%2Fiam.googleapis.com%2Fprojects%2F12%2Flocations%2Fglobal%"
                          "2FworkloadIdentityPools%2Fpool%2Fproviders%2Fprov"));
    EXPECT_EQ(http.calls[2].url,
              "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"
              "robot@p:generateAccessToken");
    EXPECT_EQ(http.header(2, "authorization"), "Bearer federated");
    EXPECT_EQ(http.body(2),
              R"({"scope":["https://www.googleapis.com/auth/cloud-platform"],"lifetime":"3600s"})");
}

TEST_F(Oidc, GoogleWithoutAServiceAccountAndWithRefusals) {
    auto alone = workload_identity_issuer({"12", "pool", "prov", "", "", ""}, identity());
    http.answers.emplace_back(200, R"({"access_token":"federated","expires_in":60})");
    auto issued = fake.fetch(**alone);
    ASSERT_TRUE(issued);
    EXPECT_EQ(issued->authorization.reveal(), "Bearer federated");
    auto robot = workload_identity_issuer({"12", "pool", "prov", "r@p", "", ""}, identity());
    http.answers.emplace_back(200, R"({"access_token":"federated","expires_in":60})");
    http.answers.emplace_back(403,
                              R"({"error":{"status":"PERMISSION_DENIED","message":"no robot"}})");
    auto refused = fake.fetch(**robot);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().detail(), HasSubstr("PERMISSION_DENIED: no robot"));
    EXPECT_FALSE(
        workload_identity_issuer({"1", "p", "p", "", "http://evil.example", ""}, identity()));
}

}  // namespace
}  // namespace weir::credential
