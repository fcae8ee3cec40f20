#include "credential/credential.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "credential/aws_credentials.h"

namespace weir::credential {
namespace {

using testing::HasSubstr;

class Headers final : public HeaderSink {
public:
    void add(std::string_view name, std::string_view value) override {
        list.emplace_back(name, value);
    }
    std::string get(std::string_view name) const {
        for (const auto& [n, v] : list)
            if (n == name) return v;
        return "-";
    }
    std::vector<std::pair<std::string, std::string>> list;
};

RequestToSign request(std::string_view host) {
    return {"POST", host, "/model/anthropic.claude%3A0/converse", "{}",
            std::chrono::system_clock::time_point(std::chrono::seconds(1'440'938'160))};
}

AwsCredentials aws(std::string token = "") {
    return {Secret("AKIDEXAMPLE"), Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            Secret(std::move(token)), ""};
}

TEST(CredentialTest, StaticKeysAreOneHeader) {
    const std::string_view source = "Secret default/api-keys key openai";
    struct {
        Result<std::unique_ptr<Credential>> credential;
        std::string header, value, description;
    } cases[] = {
        {api_key(Secret(" sk-1\n"), source), "authorization", "Bearer sk-1",
         "APIKey from Secret default/api-keys key openai"},
        {anthropic_api_key(Secret("sk-2"), source), "x-api-key", "sk-2",
         "AnthropicAPIKey from Secret default/api-keys key openai"},
        {azure_api_key(Secret("sk-3"), source), "api-key", "sk-3",
         "AzureAPIKey from Secret default/api-keys key openai"},
        {gemini_api_key(Secret("sk-4"), source), "x-goog-api-key", "sk-4",
         "GeminiAPIKey from Secret default/api-keys key openai"},
    };
    for (const auto& c : cases) {
        ASSERT_TRUE(c.credential);
        Headers headers;
        ASSERT_TRUE((*c.credential)->apply(request("h"), headers));
        ASSERT_EQ(headers.list.size(), 1u);
        EXPECT_EQ(headers.get(c.header), c.value);
        EXPECT_EQ((*c.credential)->description(), c.description);
        EXPECT_FALSE((*c.credential)->needs_body());
    }
    Headers headers;
    ASSERT_TRUE(none()->apply(request("h"), headers));
    EXPECT_TRUE(headers.list.empty());
}

TEST(CredentialTest, BadKeysAreRefusedByNameOnly) {
    for (std::string_view bad :
         {"sk-\nplanted", "sk-\x01planted", "planted\x7F.", "planted\r\nx: y"}) {
        auto credential = api_key(Secret(std::string(bad)), "Secret default/k key apiKey");
        ASSERT_FALSE(credential);
        EXPECT_EQ(&credential.error().code(), &codes::credential_invalid);
        EXPECT_THAT(credential.error().detail(), HasSubstr("Secret default/k key apiKey"));
        EXPECT_THAT(credential.error().detail(), testing::Not(HasSubstr("planted")));
    }
    for (std::string_view empty : {"", " \n"})
        EXPECT_EQ(api_key(Secret(std::string(empty)), "S").error().to_string(),
                  "credential.missing: S is empty");
}

TEST(CredentialTest, SigV4TakesTheRegionFromConfigurationOrHost) {
    auto from_host = aws_sigv4(aws("token"), "", "Secret a/b key credentials");
    ASSERT_TRUE(from_host);
    EXPECT_TRUE((*from_host)->needs_body());
    Headers headers;
    ASSERT_TRUE((*from_host)->apply(request("bedrock-runtime.eu-west-1.amazonaws.com"), headers));
    EXPECT_EQ(headers.get("x-amz-date"), "20150830T123600Z");
    EXPECT_EQ(headers.get("x-amz-security-token"), "token");
    EXPECT_THAT(headers.get("authorization"),
                HasSubstr("Credential=AKIDEXAMPLE/20150830/eu-west-1/bedrock/aws4_request, "
                          "SignedHeaders=host;x-amz-date;x-amz-security-token, Signature="));
    auto refused = (*from_host)->apply(request("localhost:8080"), headers);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().detail(), HasSubstr("localhost:8080"));

    auto fixed = aws_sigv4(aws(), "us-east-2", "environment");
    Headers fixed_headers;
    ASSERT_TRUE((*fixed)->apply(request("localhost:8080"), fixed_headers));
    EXPECT_THAT(fixed_headers.get("authorization"), HasSubstr("/us-east-2/bedrock/"));
    EXPECT_EQ((*fixed)->description(), "AWS SigV4 from environment, region us-east-2");
}

TEST(CredentialTest, SigV4IsTheSameWithACachedKeyAndChangesWithTheDay) {
    auto credential = aws_sigv4(aws(), "us-east-1", "environment");
    auto signature = [&](std::chrono::seconds later) {
        RequestToSign r = request("h");
        r.now += later;
        Headers headers;
        EXPECT_TRUE((*credential)->apply(r, headers));
        return headers.get("authorization");
    };
    std::string first = signature({});
    std::string tomorrow = signature(std::chrono::hours(24));
    EXPECT_NE(first, tomorrow);
    EXPECT_EQ(signature({}), first);
    EXPECT_EQ(signature(std::chrono::hours(24)), tomorrow);
}

TEST(CredentialTest, BedrockRegion) {
    EXPECT_EQ(bedrock_region("bedrock-runtime.us-east-1.amazonaws.com"), "us-east-1");
    EXPECT_EQ(bedrock_region("bedrock-runtime-fips.us-gov-west-1.amazonaws.com:443"),
              "us-gov-west-1");
    EXPECT_EQ(bedrock_region("bedrock-runtime.eu-west-1.vpce.amazonaws.com"), "eu-west-1");
    EXPECT_EQ(bedrock_region("Bedrock-Runtime.eu-west-1.api.aws"), "eu-west-1");
    EXPECT_EQ(bedrock_region("bedrock.us-east-1.amazonaws.com"), "");
    EXPECT_EQ(bedrock_region("bedrock-runtime.amazonaws.com"), "");
    EXPECT_EQ(bedrock_region("bedrock-runtime.a.b.amazonaws.com"), "");
    EXPECT_EQ(bedrock_region("bedrock-runtime.us-east-1.amazonaws.com.evil.test"), "");
    EXPECT_EQ(bedrock_region("evil-bedrock-runtime.us-east-1.amazonaws.com"), "");
    EXPECT_EQ(bedrock_region(""), "");
}

}  // namespace
}  // namespace weir::credential
