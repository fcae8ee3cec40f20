/// Certificates and TLS settings as text, judged before anybody relies on them.
///
/// PEM as Secrets and ConfigMaps hold it. The answers are words for whoever wrote the
/// configuration; key material is in none of them. Threads: any; no shared state.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace weir {

/// What a chain's first certificate says.
struct CertificateFacts {
    std::vector<std::string> dns_names;  ///< lower case; may begin "*."; the subject's common name
                                         ///< where there is no subjectAltName
    int64_t not_before = 0;              ///< Unix seconds
    int64_t not_after = 0;
    std::string key_type;  ///< "RSA", "EC"
};

/// A chain (the server's certificate first) and its key. Fails with config.invalid, the detail
/// saying what is wrong: unreadable, encrypted, too weak, or a key of another certificate.
Result<CertificateFacts> inspect_certificate(std::string_view chain_pem, std::string_view key_pem);

/// How many certificates a bundle holds. Fails with config.invalid if one of them is unreadable or
/// there is none.
Result<std::size_t> inspect_bundle(std::string_view pem);

/// "2027-03-01 12:00 UTC".
std::string utc_minute(int64_t unix_seconds);

/// Names that TLS settings may hold.
enum class TlsTerm { cipher, curve, signature_algorithm };
/// Whether the library can offer `name`. A cipher may be a group of equals: "[A|B]".
bool known_tls_term(TlsTerm kind, const std::string& name);
/// The names in a list of ciphers, groups opened.
std::vector<std::string> single_ciphers(const std::vector<std::string>& ciphers);

}  // namespace weir
