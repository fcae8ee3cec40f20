/// A tenant's own credential, sent along with a request.
///
/// A policy may let clients bring their own key in request headers (credentialOverride). Such a
/// Credential looks there first; without an override it applies the policy's own credential, or
/// refuses with auth.missing where the policy says that every tenant has to bring one. Half an AWS
/// credential is refused, never completed from the policy's. The headers are this credential's and
/// never reach a provider, whether or not they were used (`takes`).
///
/// Nothing of a tenant's credential is kept: a signing key is derived for the one request.
/// Threads: immutable after construction, as every Credential.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "credential/credential.h"

namespace weir::credential {

enum class OverrideKind { bearer, anthropic_key, azure_key, google_key, aws };

struct Override {
    OverrideKind kind = OverrideKind::bearer;
    /// The header's name; for `aws` the prefix of three: access-key-id, secret-access-key and
    /// session-token.
    std::string header;
    bool fall_back = true;  ///< without an override the policy's own credential is used
    std::string region;     ///< `aws` only; empty: the one in the host name
};

/// `configured` is the policy's own credential; null if it has none.
std::unique_ptr<Credential> overridable(Override override, std::unique_ptr<Credential> configured);

}  // namespace weir::credential
