#include "credential/aws_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace weir::credential {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kFile = R"(# comment
[default]
aws_access_key_id = AKID1
aws_secret_access_key=planted/secret=1 ; note
s3 =
  max_concurrent_requests = 20
  aws_access_key_id = nested

[profile  other]
AWS_ACCESS_KEY_ID = AKID2
aws_secret_access_key = planted2
aws_session_token = planted3
region = eu-west-1
[half] # half
aws_access_key_id = planted4
)";

TEST(AwsCredentialsTest, ReadsOneProfile) {
    auto first = parse_aws_credentials(kFile, "default", "S");
    ASSERT_TRUE(first) << first.error().to_string();
    EXPECT_EQ(first->access_key_id.reveal(), "AKID1");
    EXPECT_EQ(first->secret_access_key.reveal(), "planted/secret=1");
    EXPECT_TRUE(first->session_token.empty());
    EXPECT_EQ(first->region, "");
    auto other = parse_aws_credentials(kFile, "other", "S");
    ASSERT_TRUE(other);
    EXPECT_EQ(other->access_key_id.reveal(), "AKID2");
    EXPECT_EQ(other->session_token.reveal(), "planted3");
    EXPECT_EQ(other->region, "eu-west-1");
}

TEST(AwsCredentialsTest, LineEndsAndIndentationDoNotMatter) {
    auto read = parse_aws_credentials(
        "\xEF\xBB\xBF  [default]\r\n  aws_access_key_id = a\r\n\taws_secret_access_key = b",
        "default", "S");
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ(read->secret_access_key.reveal(), "b");
}

TEST(AwsCredentialsTest, ErrorsNameWhatIsMissingAndNoValue) {
    auto error = [](std::string_view text, std::string_view profile) {
        auto read = parse_aws_credentials(text, profile, "Secret a/b key credentials");
        EXPECT_FALSE(read);
        std::string message = read ? "" : read.error().to_string();
        EXPECT_THAT(message, Not(HasSubstr("planted")));
        return message;
    };
    EXPECT_EQ(error(kFile, "none"),
              "credential.missing: Secret a/b key credentials: no profile `none`");
    EXPECT_EQ(error(kFile, "half"),
              "credential.missing: Secret a/b key credentials: profile `half`: "
              "aws_secret_access_key not set");
    EXPECT_EQ(error("[default]\n", "default"),
              "credential.missing: Secret a/b key credentials: profile `default`: "
              "aws_access_key_id and aws_secret_access_key not set");
    EXPECT_THAT(error("[default]\nplanted\n", "default"),
                HasSubstr("credential.invalid: Secret a/b "
                          "key credentials: line 2: "));
    EXPECT_THAT(error("[planted\n", "default"), HasSubstr("line 1"));
    EXPECT_THAT(error("sk-planted", "default"), HasSubstr("line 1"));
    EXPECT_THAT(error("[default]\naws_access_key_id=a\x01planted", "default"),
                HasSubstr("control"));
}

TEST(AwsCredentialsTest, Environment) {
    std::map<std::string, std::string, std::less<>> variables{{"AWS_ACCESS_KEY_ID", "a\n"}};
    Environment lookup = [&](std::string_view name) -> std::optional<std::string> {
        auto it = variables.find(name);
        return it == variables.end() ? std::nullopt : std::optional(it->second);
    };
    EXPECT_EQ(aws_credentials_from(lookup).error().to_string(),
              "credential.missing: environment: AWS_SECRET_ACCESS_KEY not set");
    variables["AWS_SECRET_ACCESS_KEY"] = "b";
    variables["AWS_SESSION_TOKEN"] = "c";
    variables["AWS_DEFAULT_REGION"] = "eu-north-1";
    auto credentials = aws_credentials_from(lookup);
    ASSERT_TRUE(credentials);
    EXPECT_EQ(credentials->access_key_id.reveal(), "a");
    EXPECT_EQ(credentials->session_token.reveal(), "c");
    EXPECT_EQ(credentials->region, "eu-north-1");
}

}  // namespace
}  // namespace weir::credential
