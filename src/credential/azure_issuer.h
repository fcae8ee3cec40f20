/// Microsoft Entra ID: access tokens of an application, by its client secret.
///
/// Source: Microsoft identity platform, "OAuth 2.0 client credentials flow", first case. The
/// authority is AZURE_AUTHORITY_HOST, as for Azure's SDKs. Threads: the desk's loop.
#pragma once
#include <memory>
#include <string>

#include "credential/token_source.h"

namespace weir::credential {

/// What Azure OpenAI's tokens are for.
inline constexpr std::string_view kAzureScope = "https://cognitiveservices.azure.com/.default";

/// The token endpoint of a tenant at `authority` ("https://login.microsoftonline.com" if empty; a
/// host alone is https). Fails with credential.invalid.
Result<std::string> azure_token_url(std::string_view authority, std::string_view tenant);

struct AzureApplication {
    std::string tenant;
    std::string client;
    Secret client_secret;
    std::string authority;  ///< "https://login.microsoftonline.com" if empty
};

/// Fails with credential.invalid if the authority cannot be a token endpoint, credential.missing
/// if the secret is empty. `source` names where the secret is from.
Result<std::unique_ptr<Issuer>> azure_issuer(AzureApplication application, std::string_view source);

}  // namespace weir::credential
