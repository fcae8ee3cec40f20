#include "credential/credential.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "base/ascii.h"
#include "credential/aws_credentials.h"
#include "credential/sigv4.h"

namespace weir::credential {
namespace {

constexpr std::string_view kBedrockService = "bedrock";

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

/// Derived signing keys, at most one a day and region for as long as the configuration lives.
/// Readers follow an append-only list without a lock; two workers that derive the same key at once
/// leave one entry too many, which is harmless.
class SigningKeys {
public:
    SigningKeys() = default;
    SigningKeys(const SigningKeys&) = delete;
    SigningKeys& operator=(const SigningKeys&) = delete;
    ~SigningKeys() {
        const Entry* entry = newest_.load(std::memory_order_acquire);
        while (entry) {
            const Entry* older = entry->older;
            delete entry;
            entry = older;
        }
    }

    const Secret& get(const AwsCredentials& credentials, std::string_view date,
                      const SigningScope& scope) const {
        const Entry* newest = newest_.load(std::memory_order_acquire);
        for (const Entry* entry = newest; entry; entry = entry->older)
            if (entry->date == date && entry->region == scope.region) return entry->key;
        auto* entry = new Entry{std::string(date), std::string(scope.region),
                                derive_signing_key(credentials, date, scope), newest};
        while (!newest_.compare_exchange_weak(entry->older, entry, std::memory_order_acq_rel)) {
        }
        return entry->key;
    }

private:
    struct Entry {
        std::string date;
        std::string region;
        Secret key;
        const Entry* older;
    };
    mutable std::atomic<const Entry*> newest_{nullptr};
};

class SigV4 final : public Credential {
public:
    SigV4(std::string description, AwsCredentials credentials, std::string region)
        : Credential(std::move(description)),
          credentials_(std::move(credentials)),
          region_(std::move(region)) {}

    bool needs_body() const override { return true; }

    Result<void> apply(const RequestToSign& request, HeaderSink& headers) const override {
        const SigningScope scope{region_.empty() ? bedrock_region(request.host) : region_,
                                 kBedrockService};
        if (scope.region.empty())
            return fail(codes::credential_invalid,
                        fmt::format("{}: no region is configured and host {} names none",
                                    description(), request.host));
        const std::string timestamp = amz_timestamp(request.now);
        const Secret& key = keys_.get(credentials_, timestamp.substr(0, 8), scope);
        const SignedHeader host{"host", request.host};
        const SignedRequest result =
            sign({request.method, request.target, std::span(&host, 1), request.body}, credentials_,
                 key, scope, timestamp);
        for (const auto& [name, value] : result.headers)
            headers.add(name, value);
        return {};
    }

private:
    AwsCredentials credentials_;
    std::string region_;
    SigningKeys keys_;
};

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

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
