#include "credential/credential.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "credential/aws_credentials.h"
#include "credential/bedrock_signature.h"

namespace weir::credential {
namespace {

/// One header whose value never changes.
class StaticHeader final : public Credential {
public:
    StaticHeader(std::string description, std::string_view name, Secret value)
        : Credential(std::move(description)), name_(name), value_(std::move(value)) {}
    Result<void> apply(const RequestToSign&, HeaderSink& headers) const override {
        headers.add(name_, value_.reveal());
        return {};
    }

private:
    std::string_view name_;
    Secret value_;
};

class NoCredential final : public Credential {
public:
    NoCredential() : Credential("no credential") {}
    Result<void> apply(const RequestToSign&, HeaderSink&) const override { return {}; }
};

class SigV4 final : public Credential {
public:
    SigV4(std::string description, AwsCredentials credentials, std::string region)
        : Credential(std::move(description)),
          credentials_(std::move(credentials)),
          region_(std::move(region)) {}

    bool needs_body() const override { return true; }

    Result<void> apply(const RequestToSign& request, HeaderSink& headers) const override {
        return sign_bedrock(credentials_, region_, &keys_, description(), request, headers);
    }

private:
    AwsCredentials credentials_;
    std::string region_;
    SigningKeys keys_;
};

/// The key without outer white space, ready to be a header value.
Result<std::string_view> checked(const Secret& key, std::string_view source) {
    std::string_view value = trim(key.reveal(), " \t\r\n\v\f");
    if (value.empty()) return fail(codes::credential_missing, fmt::format("{} is empty", source));
    if (std::any_of(value.begin(), value.end(), is_control))
        return fail(codes::credential_invalid,
                    fmt::format("{}: a control character or line break inside the value", source));
    return value;
}

Result<std::unique_ptr<Credential>> static_header(std::string_view type, const Secret& key,
                                                  std::string_view source, std::string_view name,
                                                  std::string_view prefix) {
    WEIR_TRY(std::string_view value, checked(key, source));
    std::string rendered;
    rendered.reserve(prefix.size() + value.size());  // one buffer: nothing is left behind unwiped
    rendered.append(prefix).append(value);
    return std::make_unique<StaticHeader>(fmt::format("{} from {}", type, source), name,
                                          Secret(std::move(rendered)));
}

}  // namespace

Result<std::unique_ptr<Credential>> api_key(const Secret& key, std::string_view source) {
    return static_header("APIKey", key, source, "authorization", "Bearer ");
}

Result<std::unique_ptr<Credential>> anthropic_api_key(const Secret& key, std::string_view source) {
    return static_header("AnthropicAPIKey", key, source, "x-api-key", "");
}

Result<std::unique_ptr<Credential>> gemini_api_key(const Secret& key, std::string_view source) {
    return static_header("GeminiAPIKey", key, source, "x-goog-api-key", "");
}

Result<std::unique_ptr<Credential>> azure_api_key(const Secret& key, std::string_view source) {
    return static_header("AzureAPIKey", key, source, "api-key", "");
}

Result<std::unique_ptr<Credential>> aws_sigv4(AwsCredentials credentials, std::string region,
                                              std::string_view source) {
    for (Secret* part :
         {&credentials.access_key_id, &credentials.secret_access_key, &credentials.session_token}) {
        if (part == &credentials.session_token && part->empty()) continue;
        WEIR_TRY(std::string_view value, checked(*part, source));
        *part = Secret(std::string(value));
    }
    std::string where = region.empty() ? "region of the host name" : "region " + region;
    return std::make_unique<SigV4>(fmt::format("AWS SigV4 from {}, {}", source, where),
                                   std::move(credentials), std::move(region));
}

std::unique_ptr<Credential> none() {
    return std::make_unique<NoCredential>();
}

std::string_view bedrock_region(std::string_view host) {
    host = host.substr(0, host.find(':'));
    constexpr std::array<std::string_view, 2> kServices{"bedrock-runtime.",
                                                        "bedrock-runtime-fips."};
    constexpr std::array<std::string_view, 3> kDomains{".vpce.amazonaws.com", ".amazonaws.com",
                                                       ".api.aws"};
    for (std::string_view service : kServices) {
        if (!istarts_with(host, service)) continue;
        for (std::string_view domain : kDomains) {
            if (host.size() <= service.size() + domain.size()) continue;
            size_t dot = host.size() - domain.size();
            if (!iequals(host.substr(dot), domain)) continue;
            std::string_view region = host.substr(service.size(), dot - service.size());
            return region.find('.') == std::string_view::npos ? region : std::string_view();
        }
    }
    return {};
}

}  // namespace weir::credential
