#include "snapshot/compile_credential.h"

#include <fmt/format.h>

#include "credential/aws_credentials.h"
#include "credential/aws_issuers.h"
#include "credential/azure_issuer.h"
#include "credential/google_issuers.h"
#include "credential/oidc.h"
#include "credential/override.h"

namespace weir::snapshot {
namespace {

using Own = Result<std::unique_ptr<credential::Credential>>;

credential::OverrideKind override_kind(config::CredentialType type) {
    using Kind = credential::OverrideKind;
    switch (type) {
        case config::CredentialType::api_key:
        case config::CredentialType::azure:
        case config::CredentialType::gcp:
            return Kind::bearer;
        case config::CredentialType::azure_api_key:
            return Kind::azure_key;
        case config::CredentialType::anthropic_api_key:
            return Kind::anthropic_key;
        case config::CredentialType::gemini_api_key:
            return Kind::google_key;
        case config::CredentialType::aws:
            return Kind::aws;
    }
    return Kind::bearer;
}

class OwnCredential {
public:
    OwnCredential(const config::Credential& found, const std::optional<config::ForwardProxy>& proxy,
                  const CompileOptions& options)
        : found_(found),
          proxy_(proxy),
          options_(options),
          origin_(found.secret
                      ? fmt::format("Secret {} key {}", found.secret->to_string(), found.entry)
                      : std::string("environment")) {}

    Own make() {
        using Type = config::CredentialType;
        if (found_.secret && !found_.value) return credential::none();  // --mock
        if (found_.oidc) return federated();
        switch (found_.type) {
            case Type::api_key:
                return credential::api_key(*found_.value, origin_);
            case Type::azure_api_key:
                return credential::azure_api_key(*found_.value, origin_);
            case Type::anthropic_api_key:
                return credential::anthropic_api_key(*found_.value, origin_);
            case Type::gemini_api_key:
                return credential::gemini_api_key(*found_.value, origin_);
            case Type::aws:
                return aws();
            case Type::azure:
                return azure();
            case Type::gcp:
                return gcp();
        }
        return credential::none();
    }

private:
    Own aws() {
        if (found_.value) {
            WEIR_TRY(auto keys, credential::parse_aws_credentials(found_.value->reveal(),
                                                                  found_.aws_profile, origin_));
            return static_aws(std::move(keys));
        }
        if (auto keys = credential::aws_credentials_from(options_.env))
            return static_aws(std::move(*keys));
        if (options_.mock) return credential::none();
        // Half a key is a mistake, not a wish for the next link of the chain.
        for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"})
            if (!variable(name).empty())
                return std::unexpected(credential::aws_credentials_from(options_.env).error());
        WEIR_TRY(auto choice,
                 credential::aws_chain(options_.env, found_.aws_region, options_.read_file));
        auto source = token(credential::source_key({"aws", choice.key}),
                            fmt::format("AWS SigV4 from {}", choice.description), choice.issuer);
        return credential::sigv4_from(std::move(source), found_.aws_region);
    }

    Own static_aws(credential::AwsCredentials keys) {
        std::string region = found_.aws_region.empty() ? keys.region : found_.aws_region;
        return credential::aws_sigv4(std::move(keys), std::move(region), origin_);
    }

    Own azure() {
        if (!found_.value || options_.mock) return credential::none();
        std::string authority = variable("AZURE_AUTHORITY_HOST");
        const std::string key = credential::source_key(
            {"azure", authority, found_.azure_tenant, found_.azure_client, found_.value->reveal()});
        WEIR_TRY(auto issuer, credential::azure_issuer({found_.azure_tenant, found_.azure_client,
                                                        *found_.value, std::move(authority)},
                                                       origin_));
        return credential::bearer_from(token(
            key, fmt::format("Azure token of client {} from {}", found_.azure_client, origin_),
            issuer));
    }

    Own gcp() {
        if (options_.mock) return credential::none();
        if (found_.value) return service_account(found_.value->reveal());
        if (std::string path = variable("GOOGLE_APPLICATION_CREDENTIALS"); !path.empty()) {
            origin_ = fmt::format("file {} of GOOGLE_APPLICATION_CREDENTIALS", path);
            if (!options_.read_file) return credential::none();
            auto text = options_.read_file(path);
            if (!text)
                return fail(codes::credential_missing,
                            fmt::format("{}: {}", origin_, text.error().detail()));
            const Secret whole(std::move(*text));
            return service_account(whole.reveal());
        }
        std::string host = variable("GCE_METADATA_HOST");
        auto issuer = credential::metadata_issuer(host);
        return credential::bearer_from(token(credential::source_key({"gcp metadata", host}),
                                             "GCP token of the machine's service account", issuer));
    }

    /// A token of an OpenID Connect provider, exchanged for the cloud's.
    Own federated() {
        if (options_.mock || !found_.value) return credential::none();
        const config::OidcExchange& from = *found_.oidc;
        const credential::OidcClient client{from.issuer,   from.token_endpoint, from.client_id,
                                            *found_.value, from.scopes,         from.resources,
                                            from.audience, from.grant_type};
        std::vector<std::string_view> parts = credential::identity_of(client);
        WEIR_TRY(auto token_of, credential::oidc_token(client, origin_));
        const std::string who = fmt::format("by client {} of {}", from.client_id, from.issuer);
        switch (found_.type) {
            case config::CredentialType::aws:
                return aws_role(parts, who, std::move(token_of));
            case config::CredentialType::azure:
                return azure_federated(parts, who, std::move(token_of));
            default:
                return workload_identity(parts, who, std::move(token_of));
        }
    }

    Own aws_role(std::vector<std::string_view> parts, std::string_view who,
                 std::unique_ptr<credential::IdentityToken> identity) {
        constexpr std::size_t kLongestSession = 64;  // STS API Reference, RoleSessionName
        const std::string& role = found_.oidc->aws_role;
        const std::string sts = variable("AWS_ENDPOINT_URL_STS");
        const std::string session = ("weir-" + found_.policy.name).substr(0, kLongestSession);
        parts.insert(parts.end(), {"aws", sts, found_.aws_region, role, session});
        WEIR_TRY(auto issuer, credential::aws_role_issuer(sts, found_.aws_region, role, session,
                                                          std::move(identity)));
        return credential::sigv4_from(
            token(credential::source_key(parts), fmt::format("AWS SigV4 as role {} {}", role, who),
                  issuer),
            found_.aws_region);
    }

    Own azure_federated(std::vector<std::string_view> parts, std::string_view who,
                        std::unique_ptr<credential::IdentityToken> identity) {
        const std::string authority = variable("AZURE_AUTHORITY_HOST");
        parts.insert(parts.end(), {"azure", authority, found_.azure_tenant, found_.azure_client});
        WEIR_TRY(auto issuer,
                 credential::azure_federated_issuer(found_.azure_tenant, found_.azure_client,
                                                    authority, std::move(identity)));
        return credential::bearer_from(
            token(credential::source_key(parts),
                  fmt::format("Azure token of client {} {}", found_.azure_client, who), issuer));
    }

    Own workload_identity(std::vector<std::string_view> parts, std::string_view who,
                          std::unique_ptr<credential::IdentityToken> identity) {
        const config::OidcExchange& from = *found_.oidc;
        credential::WorkloadIdentity pool{
            from.gcp_project,
            from.gcp_pool,
            from.gcp_provider,
            from.gcp_service_account,
            variable("CLOUDSDK_API_ENDPOINT_OVERRIDES_STS"),
            variable("CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS")};
        parts.insert(parts.end(), {"gcp", pool.project, pool.pool, pool.provider,
                                   pool.service_account, pool.sts, pool.iam});
        const std::string key = credential::source_key(parts);
        WEIR_TRY(auto issuer,
                 credential::workload_identity_issuer(std::move(pool), std::move(identity)));
        return credential::bearer_from(
            token(key, fmt::format("GCP token of pool {} {}", from.gcp_pool, who), issuer));
    }

    Own service_account(std::string_view text) {
        WEIR_TRY(auto account, credential::parse_service_account(text, origin_));
        const std::string key = credential::source_key(
            {"gcp", account.email, account.token_uri, account.private_key.reveal()});
        std::string description =
            fmt::format("GCP token of service account {} from {}", account.email, origin_);
        auto issuer = credential::service_account_issuer(std::move(account));
        return credential::bearer_from(token(key, std::move(description), issuer));
    }

    std::shared_ptr<credential::TokenSource> token(std::string key, std::string description,
                                                   std::unique_ptr<credential::Issuer>& issuer) {
        credential::TunnelTo through;
        if (proxy_) {
            std::vector<std::string_view> parts{key, proxy_->host, proxy_->credentials.reveal()};
            const std::string port = std::to_string(proxy_->port);
            parts.push_back(port);
            parts.insert(parts.end(), proxy_->no_proxy.begin(), proxy_->no_proxy.end());
            key = credential::source_key(parts);
            through = [proxy = *proxy_, tunnel = std::make_shared<const net::Tunnel>(net::Tunnel{
                                            proxy_->host, proxy_->port, proxy_->credentials})](
                          std::string_view host) {
                return config::bypasses(proxy, host) ? nullptr : tunnel;
            };
        }
        auto make = [&] {
            return std::make_shared<credential::TokenSource>(key, std::move(description),
                                                             std::move(issuer), std::move(through));
        };
        return options_.tokens ? options_.tokens->source(key, make) : make();
    }

    std::string variable(std::string_view name) const {
        return options_.env ? options_.env(name).value_or("") : std::string();
    }

    const config::Credential& found_;
    const std::optional<config::ForwardProxy>& proxy_;
    const CompileOptions& options_;
    std::string origin_;  // where the secret is from, for descriptions and errors
};

}  // namespace

Result<std::shared_ptr<const credential::Credential>> compile_credential(
    const std::optional<config::Credential>& found,
    const std::optional<config::ForwardProxy>& proxy, const CompileOptions& options) {
    using Made = std::shared_ptr<const credential::Credential>;
    if (!found) return Made(credential::none());
    std::unique_ptr<credential::Credential> made;
    if (!found->override_only) {
        WEIR_TRY(made, OwnCredential(*found, proxy, options).make());
    }
    if (found->override)
        made = credential::overridable({override_kind(found->type), found->override->header,
                                        found->override->fall_back, found->aws_region},
                                       std::move(made));
    return Made(std::move(made));
}

}  // namespace weir::snapshot
