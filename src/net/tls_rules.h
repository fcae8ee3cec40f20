/// What either side of a TLS connection offers. Plain values; any thread.
#pragma once
#include <openssl/ssl.h>

#include <string>
#include <vector>

#include "base/error.h"

namespace weir::net {

/// Empty lists mean Weir's own choice: only ciphers with forward secrecy and authenticated
/// encryption, curves X25519, P-256 and P-384.
struct TlsRules {
    int min = TLS1_2_VERSION;
    int max = TLS1_3_VERSION;
    std::vector<std::string> ciphers;  ///< of TLS 1.2, OpenSSL's names
    std::vector<std::string> curves;
    std::vector<std::string> signature_algorithms;
    friend bool operator==(const TlsRules&, const TlsRules&) = default;
};

/// For every connection of `context`. Fails with config.invalid, naming the list that OpenSSL does
/// not take.
Result<void> apply(const TlsRules& rules, SSL_CTX* context);

/// The curves as OpenSSL wants them: "X25519:P-256".
std::string curve_list(const TlsRules& rules);
/// Adds the certificates of `pem` to what `context` trusts; false if there is none.
bool add_trust(SSL_CTX* context, const std::string& pem);
/// Certificate, chain and key for `context` to present. Fails with config.invalid.
Result<void> use_certificate(SSL_CTX* context, std::string_view chain_pem,
                             std::string_view key_pem);
/// The last error of OpenSSL in its words, else `fallback`; none is left behind.
std::string openssl_error(std::string_view fallback);

}  // namespace weir::net
