/// Microsoft Entra ID: access tokens of an application, by its client secret.
///
/// Source: Microsoft identity platform, "OAuth 2.0 client credentials flow", first case. The
/// authority is AZURE_AUTHORITY_HOST, as for Azure's SDKs. Threads: the desk's loop.
#pragma once
#include <memory>
#include <string>

#include "credential/token_source.h"

namespace weir::credential {

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
