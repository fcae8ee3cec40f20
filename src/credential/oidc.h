/// The token that an OpenID Connect provider gives to Weir itself, for a cloud to exchange.
///
/// OAuth 2.0 client credentials at the provider's token endpoint, which its discovery document
/// names unless the configuration does. The client authenticates with HTTP Basic, or in the form if
/// the provider wants that. Sources: RFC 6749 §2.3.1, §4.4; OpenID Connect Discovery 1.0 §4.
/// Threads: the desk's loop.
#pragma once
#include <string>
#include <vector>

#include "credential/token_source.h"

namespace weir::credential {

struct OidcClient {
    std::string issuer;          ///< URL
    std::string token_endpoint;  ///< URL; empty: what the issuer's discovery document names
    std::string client_id;
    Secret client_secret;
    std::vector<std::string> scopes;     ///< none: all that the discovery document names
    std::vector<std::string> resources;  ///< resource indicators (RFC 8707)
    std::string audience;                ///< sent as `audience` if not empty
    std::string grant_type;              ///< "client_credentials" if empty
};

/// Where a federated identity comes from: a token that another issuer will judge.
class IdentityToken {
public:
    virtual ~IdentityToken() = default;
    IdentityToken(const IdentityToken&) = delete;
    IdentityToken& operator=(const IdentityToken&) = delete;
    /// Fails as an Issuer does.
    virtual net::Task<Result<Secret>> fetch(HttpCaller& http) = 0;

protected:
    IdentityToken() = default;
};

/// Fails with credential.invalid if a URL cannot be an issuer's, credential.missing without a
/// client or its secret. `source` names where the secret is from.
Result<std::unique_ptr<IdentityToken>> oidc_token(OidcClient client, std::string_view source);

/// What tells one OidcClient from another: the fields that decide which token it gets.
std::vector<std::string_view> identity_of(const OidcClient& client);

/// At AWS: AssumeRoleWithWebIdentity (STS API Reference). `sts` is a URL, empty for the region's.
/// Fails with credential.invalid.
Result<std::unique_ptr<Issuer>> aws_role_issuer(std::string sts, std::string_view region,
                                                std::string role, std::string session,
                                                std::unique_ptr<IdentityToken> token);

/// At Microsoft Entra ID: a federated credential in place of a client secret (client credentials
/// flow, third case). `authority` as in azure_issuer.h. Fails with credential.invalid.
Result<std::unique_ptr<Issuer>> azure_federated_issuer(std::string_view tenant, std::string client,
                                                       std::string_view authority,
                                                       std::unique_ptr<IdentityToken> token);

/// At Google: workload identity federation. The pool's provider exchanges the token (RFC 8693);
/// with a service account its access token is asked for next (IAM Credentials API,
/// generateAccessToken).
struct WorkloadIdentity {
    std::string project;  ///< number of the project that has the pool
    std::string pool;
    std::string provider;
    std::string service_account;  ///< e-mail address; empty: the federated token itself is used
    std::string sts;              ///< base URL; "https://sts.googleapis.com" if empty
    std::string iam;              ///< base URL; "https://iamcredentials.googleapis.com" if empty
};
/// Fails with credential.invalid.
Result<std::unique_ptr<Issuer>> workload_identity_issuer(WorkloadIdentity identity,
                                                         std::unique_ptr<IdentityToken> token);

}  // namespace weir::credential
