#include "credential/google_issuers.h"

#include <fmt/format.h>

#include "credential/oauth.h"

namespace weir::credential {
namespace {

constexpr std::string_view kTokenUri = "https://oauth2.googleapis.com/token";
constexpr std::string_view kScope = "https://www.googleapis.com/auth/cloud-platform";
constexpr std::string_view kGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr std::string_view kMetadataHost = "metadata.google.internal";
constexpr std::chrono::seconds kAssertionLife{3600};  // the longest that Google accepts

class ServiceAccountIssuer final : public Issuer {
public:
    explicit ServiceAccountIssuer(ServiceAccount account) : account_(std::move(account)) {}
    net::Task<Result<Issued>> fetch(HttpCaller& http, WallTime now) override {
        WEIR_CO_TRY(const Secret assertion, signed_jwt(assertion_claims(account_, now),
                                                       account_.key_id, account_.private_key));
        HttpCall call = form_call(
            account_.token_uri, form({{"grant_type", kGrant}, {"assertion", assertion.reveal()}}));
        WEIR_CO_TRY(const HttpReply reply, co_await http.call(std::move(call)));
        co_return oauth_token(reply, account_.token_uri, now);
    }

private:
    ServiceAccount account_;
};

class MetadataIssuer final : public Issuer {
public:
    explicit MetadataIssuer(std::string_view host)
        : url_(fmt::format("http://{}/computeMetadata/v1/instance/service-accounts/default/token",
                           host.empty() ? kMetadataHost : host)) {}
    net::Task<Result<Issued>> fetch(HttpCaller& http, WallTime now) override {
        HttpCall call;
        call.method = "GET";
        call.url = url_;
        call.headers.emplace_back("metadata-flavor", Secret("Google"));
        WEIR_CO_TRY(const HttpReply reply, co_await http.call(std::move(call)));
        co_return oauth_token(reply, "the metadata server", now);
    }

private:
    std::string url_;
};

}  // namespace

Result<ServiceAccount> parse_service_account(std::string_view text, std::string_view source) {
    auto wrong = [&](const Code& code, std::string_view why) {
        return fail(code, fmt::format("{}: {}", source, why));
    };
    auto object = json::parse(text, {.depth = 16});
    if (!object || !object->is_object())
        return wrong(codes::credential_invalid, "is no JSON object; paste the whole key file");
    if (object->string_at("type") != "service_account")
        return wrong(codes::credential_invalid,
                     "\"type\" is not \"service_account\"; other kinds of Google credentials are "
                     "not read from files");
    ServiceAccount account;
    account.email = object->string_at("client_email");
    account.key_id = object->string_at("private_key_id");
    account.private_key = Secret(std::string(object->string_at("private_key")));
    account.token_uri = object->string_at("token_uri");
    if (account.token_uri.empty()) account.token_uri = kTokenUri;
    if (account.email.empty()) return wrong(codes::credential_missing, "has no client_email");
    if (account.private_key.empty()) return wrong(codes::credential_missing, "has no private_key");
    if (auto key = check_rsa_key(account.private_key); !key)
        return wrong(codes::credential_invalid, key.error().detail());
    if (auto url = parse_endpoint(account.token_uri, "token_uri"); !url)
        return wrong(codes::credential_invalid, url.error().detail());
    return account;
}

json::Value assertion_claims(const ServiceAccount& account, WallTime now) {
    const int64_t seconds =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    json::Value claims = json::Value::object();
    claims.set("iss", json::Value::string(account.email));
    claims.set("scope", json::Value::string(std::string(kScope)));
    claims.set("aud", json::Value::string(account.token_uri));
    claims.set("iat", json::Value::integer(seconds));
    claims.set("exp", json::Value::integer(seconds + kAssertionLife.count()));
    return claims;
}

std::unique_ptr<Issuer> service_account_issuer(ServiceAccount account) {
    return std::make_unique<ServiceAccountIssuer>(std::move(account));
}

std::unique_ptr<Issuer> metadata_issuer(std::string_view host) {
    return std::make_unique<MetadataIssuer>(host);
}

}  // namespace weir::credential
