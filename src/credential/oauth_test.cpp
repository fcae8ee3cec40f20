#include "credential/oauth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/encoding.h"
#include "credential/google_issuers.h"

namespace weir::credential {
namespace {

using testing::HasSubstr;
using testing::Not;

const WallTime kNow(std::chrono::seconds(1'700'000'000));

HttpReply reply(int status, std::string body) {
    HttpReply out;
    out.status = status;
    out.body = Secret(std::move(body));
    return out;
}

std::string pem_of(EVP_PKEY* key) {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
    char* data = nullptr;
    long size = BIO_get_mem_data(bio, &data);
    std::string out(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return out;
}

struct Key {
    explicit Key(unsigned bits = 2048) : key(EVP_RSA_gen(bits)), pem(pem_of(key)) {}
    ~Key() { EVP_PKEY_free(key); }
    Key(const Key&) = delete;
    Key& operator=(const Key&) = delete;
    EVP_PKEY* key;
    std::string pem;
};

std::string decode_url(std::string text) {
    for (char& c : text)
        c = c == '-' ? '+' : c == '_' ? '/' : c;
    return base64_decode(text).value_or("not base64");
}

TEST(OauthTest, AnAssertionIsASignedTokenWithGooglesClaims) {
    const Key key;
    const ServiceAccount account{"a@b.iam.gserviceaccount.com", "key-1", Secret(key.pem),
                                 "https://oauth2.googleapis.com/token"};
    auto jwt = signed_jwt(assertion_claims(account, kNow), account.key_id, account.private_key);
    ASSERT_TRUE(jwt) << jwt.error().to_string();
    std::string text(jwt->reveal());
    auto first = text.find('.');
    auto second = text.rfind('.');
    ASSERT_NE(first, second);
    EXPECT_EQ(decode_url(text.substr(0, first)), R"({"alg":"RS256","typ":"JWT","kid":"key-1"})");
    EXPECT_EQ(decode_url(text.substr(first + 1, second - first - 1)),
              R"({"iss":"a@b.iam.gserviceaccount.com",)"
              R"("scope":"https://www.googleapis.com/auth/cloud-platform",)"
              R"("aud":"https://oauth2.googleapis.com/token","iat":1700000000,"exp":1700003600})");
    const std::string signature = decode_url(text.substr(second + 1));
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key.key);
    EXPECT_EQ(EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()),
                               signature.size(),
                               reinterpret_cast<const unsigned char*>(text.data()), second),
              1);
    EVP_MD_CTX_free(context);
}

TEST(OauthTest, AServiceAccountFileIsReadOrRefusedByName) {
    const Key key;
    json::Value file = json::Value::object();
    auto set = [&](std::string_view name, std::string value) {
        file.set(name, json::Value::string(std::move(value)));
    };
    set("type", "service_account");
    set("client_email", "a@b");
    set("private_key_id", "key-1");
    set("private_key", key.pem);
    auto account = parse_service_account(json::serialize(file), "Secret d/g key k");
    ASSERT_TRUE(account) << account.error().to_string();
    EXPECT_EQ(account->token_uri, "https://oauth2.googleapis.com/token");

    auto refused = [&](std::string_view why) {
        auto read = parse_service_account(json::serialize(file), "Secret d/g key k");
        ASSERT_FALSE(read) << why;
        EXPECT_THAT(read.error().detail(), HasSubstr("Secret d/g key k"));
        EXPECT_THAT(read.error().detail(), HasSubstr(std::string(why)));
        EXPECT_THAT(read.error().detail(), Not(HasSubstr("planted")));
    };
    set("token_uri", "http://planted.example/token");
    refused("https");
    set("token_uri", "http://127.0.0.1:8080/token");
    set("private_key", "planted");
    refused("not readable PEM");
    const Key small(1024);
    set("private_key", small.pem);
    refused("2048 bits");
    set("private_key", key.pem);
    set("client_email", "");
    refused("client_email");
    set("type", "authorized_user");
    refused("service_account");
    EXPECT_FALSE(parse_service_account("{planted", "S"));
    EXPECT_FALSE(parse_service_account("[]", "S"));
}

TEST(OauthTest, TokenAnswers) {
    auto good = oauth_token(reply(200, R"({"access_token":"t","expires_in":3599})"), "I", kNow);
    ASSERT_TRUE(good);
    EXPECT_EQ(good->authorization.reveal(), "Bearer t");
    EXPECT_EQ(good->expires, kNow + std::chrono::seconds(3599));
    auto text = oauth_token(reply(200, R"({"access_token":"t","expires_in":"60"})"), "I", kNow);
    ASSERT_TRUE(text);
    EXPECT_EQ(text->expires, kNow + std::chrono::seconds(60));
    auto none = oauth_token(reply(200, R"({"access_token":"t"})"), "I", kNow);
    ASSERT_TRUE(none);
    EXPECT_EQ(none->expires, kNow + std::chrono::hours(1));
    for (const char* bad :
         {"", "{}", "[]", "planted", R"({"access_token":""})", R"({"access_token":"a\nplanted"})",
          R"({"access_token":"planted","expires_in":0})",
          R"({"access_token":"planted","expires_in":"soon"})"}) {
        auto refused = oauth_token(reply(200, bad), "I", kNow);
        ASSERT_FALSE(refused) << bad;
        EXPECT_THAT(refused.error().detail(), Not(HasSubstr("planted")));
    }
}

TEST(OauthTest, ARefusalRepeatsTheIssuersReason) {
    auto said = [](int status, std::string body) {
        return oauth_token(reply(status, std::move(body)), "I", kNow).error().detail();
    };
    EXPECT_EQ(said(400, R"({"error":"invalid_grant","error_description":"Invalid\nJWT"})"),
              "I refuses with status 400: invalid_grant: Invalid JWT");
    EXPECT_EQ(said(403, R"({"error":{"status":"DENIED","message":"no"}})"),
              "I refuses with status 403: DENIED: no");
    EXPECT_EQ(said(502, "<html>"), "I refuses with status 502");
    EXPECT_EQ(said(302, "{}"), "I refuses with status 302");
}

TEST(OauthTest, EndpointsAreHttpsOrOnThisMachine) {
    struct {
        std::string_view url, host;
        uint16_t port;
        std::string_view target;
    } good[] = {
        {"https://Login.example/t/oauth2?x=1", "login.example", 443, "/t/oauth2?x=1"},
        {"https://a:8443", "a", 8443, "/"},
        {"http://127.0.0.1:80/x", "127.0.0.1", 80, "/x"},
        {"http://[::1]:9/x", "::1", 9, "/x"},
        {"http://169.254.170.2/v2", "169.254.170.2", 80, "/v2"},
        {"http://metadata.google.internal/x", "metadata.google.internal", 80, "/x"},
    };
    for (const auto& c : good) {
        auto url = parse_endpoint(c.url, "U");
        ASSERT_TRUE(url) << c.url << ": " << url.error().detail();
        EXPECT_EQ(url->host, c.host);
        EXPECT_EQ(url->port, c.port);
        EXPECT_EQ(url->target, c.target);
    }
    for (std::string_view bad :
         {"", "a", "ftp://a", "https://", "https://:80", "https://u@a/", "https://a:0",
          "https://a:x", "https://a b", "https://a/\r\nx", "https://a/#f", "http://a.example/",
          "http://127.evil.example/", "http://169.254.evil.example/", "http://10.0.0.1/"})
        EXPECT_FALSE(parse_endpoint(bad, "U")) << bad;
}

TEST(OauthTest, FormsAndTimes) {
    EXPECT_EQ(form({{"a", "x y&z"}, {"b", "1=2"}}).reveal(), "a=x%20y%26z&b=1%3D2");
    EXPECT_EQ(base64url("\xff\xfe\xfd\xfc"), "__79_A");
    for (const char* text : {"2023-11-14T22:13:20Z", "2023-11-14T22:13:20.123Z"}) {
        auto time = parse_utc(text);
        ASSERT_TRUE(time) << text;
        EXPECT_EQ(*time, kNow);
    }
    for (const char* bad : {"", "2023-11-14", "2023-13-14T22:13:20Z", "2023-11-14T25:13:20Z",
                            "2023-11-14T22:13:20+01:00", "2023-11-14_22:13:20Z"})
        EXPECT_FALSE(parse_utc(bad)) << bad;
}

}  // namespace
}  // namespace weir::credential
