#include "credential/sigv4_client.h"

#include <gtest/gtest.h>

namespace weir::credential {
namespace {

using namespace std::chrono_literals;

const std::chrono::system_clock::time_point kNow =
    std::chrono::sys_days(std::chrono::year(2026) / 11 / 27) + 21h;

AwsCredentials keys_of(const char* id, const char* secret, const char* token = "") {
    return {.access_key_id = Secret(id),
            .secret_access_key = Secret(secret),
            .session_token = Secret(token)};
}

const std::vector<AwsCredentials>& known() {
    static const std::vector<AwsCredentials> keys = [] {
        std::vector<AwsCredentials> out;
        out.push_back(keys_of("AKID1", "one"));
        out.push_back(keys_of("AKID2", "two"));
        out.push_back(keys_of("ASIA3", "three", "token"));
        return out;
    }();
    return keys;
}

/// A request and the fields that its signature adds.
struct Signed {
    std::string method = "POST";
    std::string target = "/model/us.anthropic.claude%3A0/converse?b=2&a=1";
    std::string host = "weir.example:8080";
    std::string body = R"({"messages":[]})";
    std::vector<std::pair<std::string, std::string>> fields = {{"Content-Type", "application/json"},
                                                               {"User-Agent", "Boto3/1"}};

    void sign_with(const AwsCredentials& credentials, std::chrono::system_clock::time_point time,
                   SigningOptions options = {}) {
        const std::vector<SignedHeader> covered{{"host", host}, {"content-type", fields[0].second}};
        const SigningScope scope{"us-east-1", "bedrock"};
        const std::string timestamp = amz_timestamp(time);
        auto made =
            sign({method, target, covered, body}, credentials,
                 derive_signing_key(credentials, std::string_view(timestamp).substr(0, 8), scope),
                 scope, timestamp, options);
        for (auto& [name, value] : made.headers)
            fields.emplace_back(name, value);
    }
    std::string& field(std::string_view name) {
        for (auto& [key, value] : fields)
            if (key == name) return value;
        throw std::runtime_error("no such field");
    }
    Result<size_t> verify(std::chrono::system_clock::time_point now = kNow) const {
        std::vector<SignedHeader> headers;
        for (const auto& [name, value] : fields)
            headers.push_back({name, value});
        return verify_client({method, target, host, headers, body}, known(), now);
    }
};

Signed good(size_t key = 0, SigningOptions options = {}) {
    Signed out;
    out.sign_with(known()[key], kNow, options);
    return out;
}

TEST(SigV4ClientTest, SaysWhoseSignatureItIs) {
    EXPECT_EQ(good(0).verify().value(), 0u);
    EXPECT_EQ(good(1).verify().value(), 1u);
    EXPECT_EQ(good(2).verify().value(), 2u);
    EXPECT_EQ(good(0, {.content_sha256 = true}).verify().value(), 0u);
    EXPECT_TRUE(good().verify(kNow + 15min));
    EXPECT_TRUE(good().verify(kNow - 15min));
    Signed more = good();  // what is not signed may be added on the way
    more.fields.emplace_back("x-forwarded-for", "10.0.0.1");
    EXPECT_TRUE(more.verify());
}

TEST(SigV4ClientTest, AnyChangeIsRefused) {
    auto refused = [](auto change) {
        Signed request = good();
        change(request);
        auto result = request.verify();
        return !result && result.error().code().name == codes::auth_denied.name;
    };
    EXPECT_TRUE(refused([](Signed& r) { r.body += " "; }));
    EXPECT_TRUE(refused([](Signed& r) { r.method = "PUT"; }));
    EXPECT_TRUE(refused([](Signed& r) { r.target += "0"; }));
    EXPECT_TRUE(refused([](Signed& r) { r.target.replace(7, 2, "eu"); }));
    EXPECT_TRUE(refused([](Signed& r) { r.host = "other"; }));
    EXPECT_TRUE(refused([](Signed& r) { r.field("Content-Type") = "text/plain"; }));
    EXPECT_TRUE(refused([](Signed& r) { r.fields.emplace_back("content-type", "x"); }));
    EXPECT_TRUE(refused([](Signed& r) { r.field("x-amz-date")[13] ^= 1; }));
    EXPECT_TRUE(refused([](Signed& r) { r.fields.pop_back(); }));
    EXPECT_TRUE(refused([](Signed& r) { r.field("authorization").back() ^= 1; }));
    EXPECT_TRUE(refused([](Signed& r) { r.field("authorization").pop_back(); }));
    EXPECT_FALSE(good().verify(kNow + 15min + 1s));
    EXPECT_FALSE(good().verify(kNow - 15min - 1s));
}

TEST(SigV4ClientTest, AnotherKeyIsRefused) {
    Signed wrong;
    wrong.sign_with(keys_of("AKID1", "two"), kNow);
    EXPECT_EQ(wrong.verify().error().detail(),
              "the signature does not fit the request and the key");
    Signed stranger;
    stranger.sign_with(keys_of("AKID9", "one"), kNow);
    EXPECT_EQ(stranger.verify().error().detail(), "the access key is not known here");
    Signed other_token;
    other_token.sign_with(keys_of("ASIA3", "three", "another"), kNow);
    EXPECT_FALSE(other_token.verify());
}

TEST(SigV4ClientTest, WhatIsNotCoveredIsRefused) {
    Signed unsigned_payload = good(0, {.content_sha256 = true});
    unsigned_payload.field("x-amz-content-sha256") = "UNSIGNED-PAYLOAD";
    EXPECT_EQ(unsigned_payload.verify().error().detail(),
              "the signature does not cover the body; sign its hash");
    for (std::string_view text :
         {"Bearer x", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=AKID1/20261127/r/s",
          "AWS4-HMAC-SHA256 Credential=AKID1/20261127/r/s/aws4_request, SignedHeaders=host, "
          "Signature=00",
          "AWS4-HMAC-SHA256 Credential=AKID1/20261127/r/s/aws4_request, SignedHeaders=, Signature="
          "0000000000000000000000000000000000000000000000000000000000000000",
          "AWS4-HMAC-SHA256 Credential=AKID1/20261127/r/s/aws4_request, SignedHeaders=x-amz-date, "
          "Signature=0000000000000000000000000000000000000000000000000000000000000000",
          "AWS4-HMAC-SHA256 Credential=AKID1/20261127/r/s/aws4_request, SignedHeaders=host, "
          "Signature=0000000000000000000000000000000000000000000000000000000000000000"}) {
        Signed request = good();
        request.field("authorization") = text;
        EXPECT_FALSE(request.verify()) << text;
    }
    for (std::string_view date : {"", "20261127", "20261127T210000", "20269927T210000Z",
                                  "2026-127T210000Z", "20261127T216000Z", "20261126T210000Z"}) {
        Signed request = good();
        request.field("x-amz-date") = date;
        EXPECT_FALSE(request.verify()) << date;
    }
}

TEST(SigV4ClientTest, AllProfilesOfAFileAreClients) {
    auto all = parse_all_aws_credentials(
        "[a]\naws_access_key_id = A\naws_secret_access_key = x\n\n[b] # second\n"
        "aws_access_key_id = B\naws_secret_access_key = y\n",
        "Secret keys");
    ASSERT_TRUE(all) << all.error().to_string();
    ASSERT_EQ(all->size(), 2u);
    EXPECT_EQ((*all)[1].access_key_id.reveal(), "B");
    EXPECT_FALSE(parse_all_aws_credentials("", "Secret keys"));
    EXPECT_FALSE(parse_all_aws_credentials("[a]\naws_access_key_id = A\n", "Secret keys"));
}

}  // namespace
}  // namespace weir::credential
