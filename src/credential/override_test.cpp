#include "credential/override.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "base/ascii.h"
#include "credential/aws_credentials.h"

namespace weir::credential {
namespace {

using testing::HasSubstr;

class Sent final : public HeaderSink {
public:
    void add(std::string_view name, std::string_view value) override {
        fields.insert_or_assign(std::string(name), std::string(value));
    }
    std::map<std::string, std::string> fields;
};

class Client final : public ClientHeaders {
public:
    explicit Client(std::vector<std::pair<std::string, std::string>> fields)
        : fields_(std::move(fields)) {}
    std::string_view value(std::string_view name) const override {
        for (const auto& [field, value] : fields_)
            if (iequals(field, name)) return value;
        return {};
    }

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

Result<void> apply(const Credential& credential, Sent& sent,
                   std::vector<std::pair<std::string, std::string>> headers) {
    const Client client(std::move(headers));
    return credential.apply(
        {"POST", "bedrock-runtime.eu-west-1.amazonaws.com", "/model/m/converse", "{}",
         std::chrono::system_clock::time_point(std::chrono::seconds(1'440'938'160)), &client},
        sent);
}

std::unique_ptr<Credential> configured() {
    return *api_key(Secret("sk-configured"), "Secret default/k key apiKey");
}

TEST(OverrideTest, EachKindPutsTheTenantsValueWhereItsProviderLooks) {
    struct {
        OverrideKind kind;
        std::string header, value;
    } cases[] = {
        {OverrideKind::bearer, "authorization", "Bearer tenant-1"},
        {OverrideKind::anthropic_key, "x-api-key", "tenant-1"},
        {OverrideKind::azure_key, "api-key", "tenant-1"},
        {OverrideKind::google_key, "x-goog-api-key", "tenant-1"},
    };
    for (const auto& c : cases) {
        auto credential = overridable({c.kind, "x-tenant", true, {}}, configured());
        Sent sent;
        ASSERT_TRUE(apply(*credential, sent, {{"X-Tenant", " tenant-1\t"}}));
        EXPECT_EQ(sent.fields, (std::map<std::string, std::string>{{c.header, c.value}}));
        EXPECT_TRUE(credential->takes("X-TENANT"));
        EXPECT_FALSE(credential->takes("x-tenant-2"));
    }
}

TEST(OverrideTest, WithoutOneTheConfiguredCredentialOrARefusal) {
    auto falls_back = overridable({OverrideKind::bearer, "x-tenant", true, {}}, configured());
    for (const char* empty : {"", " \t"}) {
        Sent sent;
        ASSERT_TRUE(apply(*falls_back, sent, {{"x-tenant", empty}}));
        EXPECT_EQ(sent.fields["authorization"], "Bearer sk-configured");
    }
    for (bool has_own : {true, false}) {
        auto strict = overridable({OverrideKind::bearer, "x-tenant", false, {}},
                                  has_own ? configured() : nullptr);
        Sent sent;
        auto refused = apply(*strict, sent, {{"x-other", "tenant-1"}});
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().status(), 401);
        EXPECT_THAT(refused.error().detail(), HasSubstr("missing upstream credential"));
        EXPECT_TRUE(sent.fields.empty());
    }
}

TEST(OverrideTest, AwsKeysSignTheRequestAndTheirHeadersAreTaken) {
    auto credential =
        overridable({OverrideKind::aws, "x-aigw-aws-", true, "us-east-1"}, configured());
    EXPECT_TRUE(credential->needs_body());
    Sent sent;
    ASSERT_TRUE(apply(*credential, sent,
                      {{"x-aigw-aws-access-key-id", "ASIATENANT"},
                       {"X-Aigw-Aws-Secret-Access-Key", "tenant-secret"},
                       {"x-aigw-aws-session-token", "tenant-token"}}));
    EXPECT_THAT(sent.fields["authorization"],
                HasSubstr("Credential=ASIATENANT/20150830/us-east-1/bedrock/aws4_request"));
    EXPECT_EQ(sent.fields["x-amz-security-token"], "tenant-token");
    for (const char* part : {"access-key-id", "secret-access-key", "session-token"})
        EXPECT_TRUE(credential->takes(std::string("x-aigw-aws-") + part));
    EXPECT_FALSE(credential->takes("x-aigw-aws-"));

    // The same keys, configured, sign the same.
    auto own =
        aws_sigv4({Secret("ASIATENANT"), Secret("tenant-secret"), Secret("tenant-token"), ""},
                  "us-east-1", "environment");
    Sent by_own;
    ASSERT_TRUE(apply(**own, by_own, {}));
    EXPECT_EQ(sent.fields, by_own.fields);
}

TEST(OverrideTest, HalfAnAwsCredentialIsNeverCompleted) {
    auto credential = overridable({OverrideKind::aws, "x-aigw-aws-", true, ""}, configured());
    std::vector<std::pair<std::string, std::string>> halves[] = {
        {{"x-aigw-aws-access-key-id", "planted"}},
        {{"x-aigw-aws-secret-access-key", "planted"}},
        {{"x-aigw-aws-session-token", "planted"}},
        {{"x-aigw-aws-access-key-id", "planted"}, {"x-aigw-aws-session-token", "planted"}},
    };
    for (const auto& half : halves) {
        Sent sent;
        auto refused = apply(*credential, sent, half);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().status(), 401);
        EXPECT_THAT(refused.error().detail(), HasSubstr("incomplete"));
        EXPECT_THAT(refused.error().detail(), testing::Not(HasSubstr("planted")));
        EXPECT_TRUE(sent.fields.empty());
    }
}

TEST(OverrideTest, AnOverrideWithAControlCharacterIsRefusedByItsHeadersName) {
    auto credential = overridable({OverrideKind::bearer, "x-tenant", true, {}}, configured());
    Sent sent;
    auto refused = apply(*credential, sent, {{"x-tenant", "planted\x01"}});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().detail(), HasSubstr("x-tenant"));
    EXPECT_THAT(refused.error().detail(), testing::Not(HasSubstr("planted")));
}

TEST(OverrideTest, TheDescriptionNamesHeaderAndFallback) {
    EXPECT_EQ(overridable({OverrideKind::aws, "x-aws-", true, {}}, configured())->description(),
              "the client's, from headers x-aws-*; without it APIKey from Secret default/k key "
              "apiKey");
    EXPECT_EQ(overridable({OverrideKind::bearer, "x-t", false, {}}, nullptr)->description(),
              "the client's, from header x-t; without it the request is refused");
}

}  // namespace
}  // namespace weir::credential
