#include "credential/oidc.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/encoding.h"
#include "credential/bedrock_signature.h"
#include "credential/oauth.h"

namespace weir::credential {
namespace {

constexpr std::string_view kDiscovery = "/.well-known/openid-configuration";

/// How the client says its secret (OpenID Connect Core 1.0 §9).
enum class Method : uint8_t { basic, post };

class OidcToken final : public IdentityToken {
public:
    explicit OidcToken(OidcClient client) : client_(std::move(client)) {}

    net::Task<Result<Secret>> fetch(HttpCaller& http) override {
        Provider provider{client_.token_endpoint, client_.scopes, method_};
        if (provider.endpoint.empty()) {
            WEIR_CO_TRY(provider, co_await discover(http));
        }
        WEIR_CO_TRY(HttpReply reply, co_await http.call(request(provider)));
        if (provider.method == Method::basic && (reply.status == 401 || reply.status == 400)) {
            // Some providers read the form only, and do not say so (RFC 6749 §2.3.1 allows it).
            provider.method = Method::post;
            WEIR_CO_TRY(reply, co_await http.call(request(provider)));
        }
        WEIR_CO_TRY(json::Value object, answer_object(reply, provider.endpoint));
        Secret token(std::string(object.string_at("access_token")));
        if (token.empty() || std::ranges::any_of(token.reveal(), is_control))
            co_return fail(codes::credential_invalid,
                           fmt::format("{} answers without an access_token", provider.endpoint));
        method_ = provider.method;
        co_return token;
    }

private:
    struct Provider {
        std::string endpoint;
        std::vector<std::string> scopes;
        Method method = Method::basic;
    };

    net::Task<Result<Provider>> discover(HttpCaller& http) {
        std::string url = client_.issuer;
        while (url.ends_with('/'))
            url.pop_back();
        HttpCall call;
        call.method = "GET";
        call.url = url + std::string(kDiscovery);
        std::string where = call.url;
        WEIR_CO_TRY(HttpReply reply, co_await http.call(std::move(call)));
        WEIR_CO_TRY(json::Value document, answer_object(reply, where));
        Provider found{std::string(document.string_at("token_endpoint")), client_.scopes, method_};
        if (auto judged = parse_endpoint(found.endpoint, "token_endpoint"); !judged)
            co_return fail(codes::credential_invalid,
                           fmt::format("{}: {}", where, judged.error().detail()));
        if (found.scopes.empty())
            for (const json::Value& scope : list(document, "scopes_supported"))
                found.scopes.emplace_back(scope.text());
        const auto& methods = list(document, "token_endpoint_auth_methods_supported");
        auto takes = [&](std::string_view name) {
            return std::ranges::any_of(methods, [&](const auto& m) { return m.text() == name; });
        };
        if (takes("client_secret_post") && !takes("client_secret_basic"))
            found.method = Method::post;
        co_return found;
    }

    static const std::vector<json::Value>& list(const json::Value& object, std::string_view name) {
        static const std::vector<json::Value> kNone;
        const json::Value* found = object.find(name);
        return found ? found->items() : kNone;
    }

    HttpCall request(const Provider& provider) const {
        std::string scopes;
        for (const std::string& scope : provider.scopes)
            scopes.append(scopes.empty() ? "" : " ").append(scope);
        const std::string_view grant = client_.grant_type.empty()
                                           ? std::string_view("client_credentials")
                                           : client_.grant_type;
        std::vector<std::pair<std::string_view, std::string_view>> fields{{"grant_type", grant}};
        if (!scopes.empty()) fields.emplace_back("scope", scopes);
        for (const std::string& resource : client_.resources)
            fields.emplace_back("resource", resource);
        if (!client_.audience.empty()) fields.emplace_back("audience", client_.audience);
        if (provider.method == Method::post) {
            fields.emplace_back("client_id", client_.client_id);
            fields.emplace_back("client_secret", client_.client_secret.reveal());
        }
        HttpCall call = form_call(provider.endpoint, form(fields));
        if (provider.method == Method::basic) {
            const Secret secret(percent_encode(client_.client_secret.reveal()));
            const Secret pair(
                fmt::format("{}:{}", percent_encode(client_.client_id), secret.reveal()));
            call.headers.emplace_back("authorization",
                                      Secret("Basic " + base64_encode(pair.reveal())));
        }
        return call;
    }

    OidcClient client_;
    Method method_ = Method::basic;  // what worked last
};

}  // namespace

Result<std::unique_ptr<IdentityToken>> oidc_token(OidcClient client, std::string_view source) {
    client.client_secret = Secret(std::string(trim(client.client_secret.reveal(), " \t\r\n")));
    if (client.client_secret.empty())
        return fail(codes::credential_missing, fmt::format("{} is empty", source));
    if (client.client_id.empty())
        return fail(codes::credential_missing, "the OIDC client has no ID");
    if (client.token_endpoint.empty()) {
        WEIR_CHECK(parse_endpoint(client.issuer, "oidc.provider.issuer"));
    } else {
        WEIR_CHECK(parse_endpoint(client.token_endpoint, "oidc.provider.tokenEndpoint"));
    }
    return std::make_unique<OidcToken>(std::move(client));
}

std::vector<std::string_view> identity_of(const OidcClient& client) {
    std::vector<std::string_view> parts{client.issuer,    client.token_endpoint,
                                        client.client_id, client.client_secret.reveal(),
                                        client.audience,  client.grant_type};
    parts.insert(parts.end(), client.scopes.begin(), client.scopes.end());
    parts.emplace_back("resources");
    parts.insert(parts.end(), client.resources.begin(), client.resources.end());
    return parts;
}

}  // namespace weir::credential
