// What clouds give in exchange for an IdentityToken.
#include <fmt/format.h>

#include "base/encoding.h"
#include "credential/aws_issuers.h"
#include "credential/azure_issuer.h"
#include "credential/oauth.h"
#include "credential/oidc.h"

namespace weir::credential {
namespace {

constexpr std::string_view kCloudScope = "https://www.googleapis.com/auth/cloud-platform";
constexpr std::string_view kServiceAccountLife = "3600s";  // what every project allows

class AwsRoleIssuer final : public Issuer {
public:
    AwsRoleIssuer(std::string url, std::string role, std::string session,
                  std::unique_ptr<IdentityToken> token)
        : url_(std::move(url)),
          role_(std::move(role)),
          session_(std::move(session)),
          token_(std::move(token)) {}
    net::Task<Result<Issued>> fetch(HttpCaller& http, WallTime) override {
        WEIR_CO_TRY(const Secret token, co_await token_->fetch(http));
        WEIR_CO_TRY(const HttpReply reply,
                    co_await http.call(assume_role_call(url_, role_, session_, token)));
        co_return parse_sts_answer(reply);
    }

private:
    std::string url_, role_, session_;
    std::unique_ptr<IdentityToken> token_;
};

class AzureFederatedIssuer final : public Issuer {
public:
    AzureFederatedIssuer(std::string url, std::string client, std::unique_ptr<IdentityToken> token)
        : url_(std::move(url)), client_(std::move(client)), token_(std::move(token)) {}
    net::Task<Result<Issued>> fetch(HttpCaller& http, WallTime now) override {
        WEIR_CO_TRY(const Secret token, co_await token_->fetch(http));
        HttpCall call =
            form_call(url_, form({{"client_id", client_},
                                  {"client_assertion", token.reveal()},
                                  {"client_assertion_type",
                                   "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
                                  {"grant_type", "client_credentials"},
                                  {"scope", kAzureScope}}));
        WEIR_CO_TRY(const HttpReply reply, co_await http.call(std::move(call)));
        co_return oauth_token(reply, url_, now);
    }

private:
    std::string url_, client_;
    std::unique_ptr<IdentityToken> token_;
};

class WorkloadIdentityIssuer final : public Issuer {
public:
    WorkloadIdentityIssuer(WorkloadIdentity identity, std::unique_ptr<IdentityToken> token)
        : identity_(std::move(identity)), token_(std::move(token)) {}

    net::Task<Result<Issued>> fetch(HttpCaller& http, WallTime now) override {
        WEIR_CO_TRY(const Secret token, co_await token_->fetch(http));
        const std::string url = identity_.sts + "/v1/token";
        WEIR_CO_TRY(const HttpReply reply, co_await http.call(exchange_call(url, token)));
        WEIR_CO_TRY(Issued federated, oauth_token(reply, url, now));
        if (identity_.service_account.empty()) co_return federated;
        co_return co_await impersonate(http, federated);
    }

private:
    HttpCall exchange_call(const std::string& url, const Secret& token) const {
        const std::string audience = fmt::format(
            "//iam.googleapis.com/projects/{}/locations/global/workloadIdentityPools/{}/providers/"
            "{}",
            identity_.project, identity_.pool, identity_.provider);
        return form_call(
            url, form({{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                       {"audience", audience},
                       {"scope", kCloudScope},
                       {"requested_token_type", "urn:ietf:params:oauth:token-type:access_token"},
                       {"subject_token", token.reveal()},
                       {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"}}));
    }

    net::Task<Result<Issued>> impersonate(HttpCaller& http, const Issued& federated) const {
        HttpCall call;
        call.method = "POST";
        call.url = fmt::format("{}/v1/projects/-/serviceAccounts/{}:generateAccessToken",
                               identity_.iam, percent_encode(identity_.service_account, "@"));
        call.headers.emplace_back("authorization", federated.authorization);
        call.headers.emplace_back("content-type", Secret("application/json"));
        call.body = Secret(
            fmt::format(R"({{"scope":["{}"],"lifetime":"{}"}})", kCloudScope, kServiceAccountLife));
        const std::string url = call.url;
        WEIR_CO_TRY(const HttpReply reply, co_await http.call(std::move(call)));
        WEIR_CO_TRY(const json::Value object, answer_object(reply, url));
        auto expires = parse_utc(object.string_at("expireTime"));
        if (!expires)
            co_return fail(codes::credential_invalid,
                           fmt::format("{}: {}", url, expires.error().detail()));
        co_return bearer(object.string_at("accessToken"), *expires);
    }

    WorkloadIdentity identity_;
    std::unique_ptr<IdentityToken> token_;
};

/// A base URL without the slash at its end, or what stands in for an empty one.
Result<std::string> base_url(std::string_view given, std::string_view usual,
                             std::string_view what) {
    std::string url(given.empty() ? usual : given);
    while (url.ends_with('/'))
        url.pop_back();
    WEIR_CHECK(parse_endpoint(url, what));
    return url;
}

}  // namespace

Result<std::unique_ptr<Issuer>> aws_role_issuer(std::string sts, std::string_view region,
                                                std::string role, std::string session,
                                                std::unique_ptr<IdentityToken> token) {
    WEIR_TRY(std::string url, sts_url(std::move(sts), region));
    return std::make_unique<AwsRoleIssuer>(std::move(url), std::move(role), std::move(session),
                                           std::move(token));
}

Result<std::unique_ptr<Issuer>> azure_federated_issuer(std::string_view tenant, std::string client,
                                                       std::string_view authority,
                                                       std::unique_ptr<IdentityToken> token) {
    WEIR_TRY(std::string url, azure_token_url(authority, tenant));
    return std::make_unique<AzureFederatedIssuer>(std::move(url), std::move(client),
                                                  std::move(token));
}

Result<std::unique_ptr<Issuer>> workload_identity_issuer(WorkloadIdentity identity,
                                                         std::unique_ptr<IdentityToken> token) {
    WEIR_TRY(identity.sts, base_url(identity.sts, "https://sts.googleapis.com",
                                    "CLOUDSDK_API_ENDPOINT_OVERRIDES_STS"));
    WEIR_TRY(identity.iam, base_url(identity.iam, "https://iamcredentials.googleapis.com",
                                    "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS"));
    return std::make_unique<WorkloadIdentityIssuer>(std::move(identity), std::move(token));
}

}  // namespace weir::credential
