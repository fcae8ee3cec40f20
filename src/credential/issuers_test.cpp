// What each issuer asks and what it makes of the answers, without a network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "credential/aws_issuers.h"
#include "credential/azure_issuer.h"
#include "credential/fake_http.h"
#include "credential/google_issuers.h"

namespace weir::credential {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr WallTime kNow = FakeIssuing::kNow;
using Case = FakeIssuing;

Environment environment(std::map<std::string, std::string, std::less<>> values) {
    return [values = std::move(values)](std::string_view name) -> std::optional<std::string> {
        auto found = values.find(name);
        return found == values.end() ? std::nullopt : std::optional(found->second);
    };
}

Result<std::string> read_token_file(const std::string& path) {
    if (path == "/token") return std::string("file-token\n");
    return fail(codes::config_io, "no such file");
}

constexpr std::string_view kSessionJson =
    R"({"AccessKeyId":"ASIA1","SecretAccessKey":"planted-secret","Token":"planted-token",)"
    R"("Expiration":"2023-11-14T23:13:20Z"})";

void expect_session(const Result<Issued>& issued) {
    ASSERT_TRUE(issued) << issued.error().to_string();
    ASSERT_TRUE(issued->keys);
    EXPECT_EQ(issued->keys->access_key_id.reveal(), "ASIA1");
    EXPECT_EQ(issued->keys->secret_access_key.reveal(), "planted-secret");
    EXPECT_EQ(issued->keys->session_token.reveal(), "planted-token");
    EXPECT_EQ(issued->expires, kNow + std::chrono::hours(1));
}

TEST(IssuersTest, AzureAsksTheTenantsEndpoint) {
    Case c;
    auto issuer = azure_issuer(
        {"tenant-1", "client-1", Secret("planted&secret\n"), "http://127.0.0.1:9/"}, "S");
    ASSERT_TRUE(issuer) << issuer.error().to_string();
    c.http.answers.emplace_back(200, R"({"access_token":"t","expires_in":60})");
    auto issued = c.fetch(**issuer);
    ASSERT_TRUE(issued);
    EXPECT_EQ(issued->authorization.reveal(), "Bearer t");
    EXPECT_EQ(c.http.calls[0].url, "http://127.0.0.1:9/tenant-1/oauth2/v2.0/token");
    EXPECT_EQ(c.http.calls[0].body.reveal(),
              "client_id=client-1&client_secret=planted%26secret&grant_type=client_credentials&"
              "scope=https%3A%2F%2Fcognitiveservices.azure.com%2F.default");
    c.http.answers.emplace_back(401, R"({"error":"invalid_client"})");
    auto refused = c.fetch(**issuer);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().detail(), HasSubstr("invalid_client"));
    EXPECT_THAT(refused.error().detail(), Not(HasSubstr("planted")));
    EXPECT_FALSE(azure_issuer({"t", "c", Secret("s"), "http://evil.example"}, "S"));
    EXPECT_FALSE(azure_issuer({"t", "c", Secret(" "), ""}, "S"));
}

TEST(IssuersTest, GooglesMetadataServer) {
    Case c;
    auto issuer = metadata_issuer("127.0.0.1:9");
    c.http.answers.emplace_back(200, R"({"access_token":"t","expires_in":60})");
    ASSERT_TRUE(c.fetch(*issuer));
    EXPECT_EQ(c.http.calls[0].url,
              "http://127.0.0.1:9/computeMetadata/v1/instance/service-accounts/default/token");
    EXPECT_EQ(c.http.header(0, "metadata-flavor"), "Google");
}

TEST(IssuersTest, AWebIdentityTokenIsExchangedAtSts) {
    Case c;
    auto choice = aws_chain(environment({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"},
                                         {"AWS_ROLE_ARN", "arn:aws:iam::1:role/r"}}),
                            "eu-west-1", read_token_file);
    ASSERT_TRUE(choice);
    c.http.answers.emplace_back(
        200,
        "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
        "<SessionToken>planted-token</SessionToken><SecretAccessKey>planted-secret"
        "</SecretAccessKey><Expiration>2023-11-14T23:13:20Z</Expiration><AccessKeyId>ASIA1"
        "</AccessKeyId></Credentials></AssumeRoleWithWebIdentityResult>"
        "</AssumeRoleWithWebIdentityResponse>");
    expect_session(c.fetch(*choice->issuer));
    EXPECT_EQ(c.http.calls[0].url, "https://sts.eu-west-1.amazonaws.com/");
    EXPECT_THAT(std::string(c.http.calls[0].body.reveal()),
                HasSubstr("RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=weir&"
                          "WebIdentityToken=file-token"));
    c.http.answers.emplace_back(
        403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>");
    EXPECT_EQ(c.fetch(*choice->issuer).error().detail(),
              "STS refuses with status 403: AccessDenied");
    for (const char* bad : {"", "<AccessKeyId>", "<AccessKeyId>a</AccessKeyId>", "{}"}) {
        c.http.answers.emplace_back(200, bad);
        EXPECT_FALSE(c.fetch(*choice->issuer)) << bad;
    }
    auto lost =
        aws_chain(environment({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/gone"}, {"AWS_ROLE_ARN", "r"}}),
                  "", read_token_file);
    EXPECT_EQ(c.fetch(*lost->issuer).error().detail(), "token file /gone: no such file");
}

TEST(IssuersTest, TheContainersEndpoint) {
    Case c;
    auto pod = aws_chain(
        environment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"},
                     {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/token"}}),
        "", read_token_file);
    ASSERT_TRUE(pod);
    c.http.answers.emplace_back(200, kSessionJson);
    expect_session(c.fetch(*pod->issuer));
    EXPECT_EQ(c.http.header(0, "authorization"), "file-token");
    auto ecs = aws_chain(environment({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x"}}), "",
                         read_token_file);
    ASSERT_TRUE(ecs);
    c.http.answers.emplace_back(200, kSessionJson);
    expect_session(c.fetch(*ecs->issuer));
    EXPECT_EQ(c.http.calls[1].url, "http://169.254.170.2/v2/x");
    EXPECT_EQ(c.http.header(1, "authorization"), "-");
    EXPECT_FALSE(
        aws_chain(environment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://evil.example/"}}), "",
                  read_token_file));
}

TEST(IssuersTest, TheInstancesRole) {
    Case c;
    auto choice = aws_chain(environment({}), "", read_token_file);
    ASSERT_TRUE(choice);
    c.http.answers = {{200, "session"}, {200, "role-1\nrole-2"}, {200, std::string(kSessionJson)}};
    expect_session(c.fetch(*choice->issuer));
    ASSERT_EQ(c.http.calls.size(), 3u);
    EXPECT_EQ(c.http.calls[0].method, "PUT");
    EXPECT_EQ(c.http.calls[0].url, "http://169.254.169.254/latest/api/token");
    EXPECT_EQ(c.http.calls[2].url,
              "http://169.254.169.254/latest/meta-data/iam/security-credentials/role-1");
    EXPECT_EQ(c.http.header(2, "x-aws-ec2-metadata-token"), "session");
    c.http.answers = {{200, "session"}, {404, "none"}};
    EXPECT_EQ(c.fetch(*choice->issuer).error().code().name, "credential.missing");
    c.http.answers = {{403, "no"}};
    EXPECT_FALSE(c.fetch(*choice->issuer));
    EXPECT_FALSE(
        aws_chain(environment({{"AWS_EC2_METADATA_DISABLED", "true"}}), "", read_token_file));
}

}  // namespace
}  // namespace weir::credential
