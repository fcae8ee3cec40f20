#include "credential/azure_issuer.h"

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/encoding.h"
#include "credential/oauth.h"

namespace weir::credential {
namespace {

constexpr std::string_view kAuthority = "https://login.microsoftonline.com";

class ClientSecretIssuer final : public Issuer {
public:
    ClientSecretIssuer(AzureApplication application, std::string url)
        : application_(std::move(application)), url_(std::move(url)) {}
    net::Task<Result<Issued>> fetch(HttpCaller& http, WallTime now) override {
        HttpCall call =
            form_call(url_, form({{"client_id", application_.client},
                                  {"client_secret", application_.client_secret.reveal()},
                                  {"grant_type", "client_credentials"},
                                  {"scope", kAzureScope}}));
        WEIR_CO_TRY(const HttpReply reply, co_await http.call(std::move(call)));
        co_return oauth_token(reply, url_, now);
    }

private:
    AzureApplication application_;
    std::string url_;
};

}  // namespace

Result<std::string> azure_token_url(std::string_view authority, std::string_view tenant) {
    if (authority.empty()) authority = kAuthority;
    while (authority.ends_with('/'))
        authority.remove_suffix(1);
    // Azure's SDKs also take the host alone.
    std::string url = fmt::format("{}{}/{}/oauth2/v2.0/token",
                                  authority.find("://") == std::string_view::npos ? "https://" : "",
                                  authority, percent_encode(tenant));
    WEIR_CHECK(parse_endpoint(url, "AZURE_AUTHORITY_HOST"));
    return url;
}

Result<std::unique_ptr<Issuer>> azure_issuer(AzureApplication application,
                                             std::string_view source) {
    application.client_secret =
        Secret(std::string(trim(application.client_secret.reveal(), " \t\r\n")));
    if (application.client_secret.empty())
        return fail(codes::credential_missing, fmt::format("{} is empty", source));
    WEIR_TRY(std::string url, azure_token_url(application.authority, application.tenant));
    return std::make_unique<ClientSecretIssuer>(std::move(application), std::move(url));
}

}  // namespace weir::credential
