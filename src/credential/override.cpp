#include "credential/override.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "credential/aws_credentials.h"
#include "credential/bedrock_signature.h"

namespace weir::credential {
namespace {

constexpr std::string_view kAccessKeyId = "access-key-id";
constexpr std::string_view kSecretAccessKey = "secret-access-key";
constexpr std::string_view kSessionToken = "session-token";

std::string describe(const Override& override, const Credential* configured) {
    std::string_view plural = override.kind == OverrideKind::aws ? "headers " : "header ";
    std::string otherwise = override.fall_back && configured
                                ? configured->description()
                                : std::string("the request is refused");
    return fmt::format("the client's, from {}{}{}; without it {}", plural, override.header,
                       override.kind == OverrideKind::aws ? "*" : "", otherwise);
}

class Overridable final : public Credential {
public:
    Overridable(Override override, std::unique_ptr<Credential> configured)
        : Credential(describe(override, configured.get())),
          override_(std::move(override)),
          configured_(std::move(configured)) {
        if (override_.kind != OverrideKind::aws) return;
        access_key_id_ = override_.header + std::string(kAccessKeyId);
        secret_access_key_ = override_.header + std::string(kSecretAccessKey);
        session_token_ = override_.header + std::string(kSessionToken);
    }

    bool needs_body() const override {
        return override_.kind == OverrideKind::aws || (configured_ && configured_->needs_body());
    }

    bool takes(std::string_view header) const override {
        if (override_.kind != OverrideKind::aws) return iequals(header, override_.header);
        return iequals(header, access_key_id_) || iequals(header, secret_access_key_) ||
               iequals(header, session_token_);
    }

    Result<void> apply(const RequestToSign& request, HeaderSink& headers) const override {
        if (override_.kind == OverrideKind::aws) return apply_aws(request, headers);
        WEIR_TRY(auto value, brought(request, override_.header));
        if (!value) return otherwise(request, headers);
        switch (override_.kind) {
            case OverrideKind::bearer:
                add_bearer(*value, headers);
                break;
            case OverrideKind::anthropic_key:
                headers.add("x-api-key", *value);
                break;
            case OverrideKind::azure_key:
                headers.add("api-key", *value);
                break;
            case OverrideKind::google_key:
                headers.add("x-goog-api-key", *value);
                break;
            case OverrideKind::aws:
                break;
        }
        return {};
    }

private:
    static Result<std::optional<std::string_view>> brought(const RequestToSign& request,
                                                           std::string_view name) {
        if (!request.client) return std::nullopt;
        std::string_view value = trim(request.client->value(name), " \t");
        if (value.empty()) return std::nullopt;
        if (std::ranges::any_of(value, is_control))
            return fail(
                codes::auth_missing,
                fmt::format("the upstream credential in header {} has a control character", name));
        return std::optional(value);
    }

    static void add_bearer(std::string_view token, HeaderSink& headers) {
        constexpr std::string_view kScheme = "Bearer ";
        std::string text;
        text.reserve(kScheme.size() + token.size());
        text.append(kScheme).append(token);
        Secret value(std::move(text));
        headers.add("authorization", value.reveal());
    }

    Result<void> apply_aws(const RequestToSign& request, HeaderSink& headers) const {
        WEIR_TRY(auto id, brought(request, access_key_id_));
        WEIR_TRY(auto secret, brought(request, secret_access_key_));
        WEIR_TRY(auto token, brought(request, session_token_));
        if (!id && !secret && !token) return otherwise(request, headers);
        if (!id || !secret)
            return fail(codes::auth_missing,
                        fmt::format("the upstream credential is incomplete: header {} is missing",
                                    id ? secret_access_key_ : access_key_id_));
        AwsCredentials brought{Secret(std::string(*id)),
                               Secret(std::string(*secret)),
                               Secret(std::string(token.value_or(""))),
                               {}};
        return sign_bedrock(brought, override_.region, nullptr, description(), request, headers);
    }

    Result<void> otherwise(const RequestToSign& request, HeaderSink& headers) const {
        if (override_.fall_back && configured_) return configured_->apply(request, headers);
        return fail(
            codes::auth_missing,
            fmt::format(
                "missing upstream credential: send it in header {}{}", override_.header,
                override_.kind == OverrideKind::aws
                    ? fmt::format("{} and {}{}", kAccessKeyId, override_.header, kSecretAccessKey)
                    : std::string()));
    }

    Override override_;
    std::unique_ptr<Credential> configured_;
    std::string access_key_id_;
    std::string secret_access_key_;
    std::string session_token_;
};

}  // namespace

std::unique_ptr<Credential> overridable(Override override, std::unique_ptr<Credential> configured) {
    return std::make_unique<Overridable>(std::move(override), std::move(configured));
}

}  // namespace weir::credential
