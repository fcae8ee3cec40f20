/// Google Cloud: access tokens for a service account.
///
/// From its JSON key file by a signed assertion (RFC 7523 grant at the file's token_uri), or from
/// the metadata server of the machine that Weir runs on. Sources: Google Cloud, "Using OAuth 2.0
/// for Server to Server Applications", AIP-4112 (service account files), AIP-4115 (metadata).
/// Threads: parsing is pure; issuers live on the desk's loop.
#pragma once
#include <memory>
#include <string>

#include "credential/token_source.h"
#include "json/value.h"

namespace weir::credential {

struct ServiceAccount {
    std::string email;
    std::string key_id;
    Secret private_key;
    std::string token_uri;
};

/// The JSON of a service account's key file. `source` names the file or Secret in errors, which
/// never show a value. Fails with credential.invalid or credential.missing.
Result<ServiceAccount> parse_service_account(std::string_view text, std::string_view source);

/// What the assertion claims at `now`.
json::Value assertion_claims(const ServiceAccount& account, WallTime now);

std::unique_ptr<Issuer> service_account_issuer(ServiceAccount account);

/// The default service account of this machine. `host` is GCE_METADATA_HOST, or empty.
std::unique_ptr<Issuer> metadata_issuer(std::string_view host);

}  // namespace weir::credential
