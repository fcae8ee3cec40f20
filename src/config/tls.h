/// What TLS settings say, towards clients and towards providers. Plain values; any thread.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace weir::config {

enum class TlsVersion { v1_2, v1_3 };

/// What is offered in a handshake. Empty lists: Weir's choice.
struct TlsSettings {
    TlsVersion min = TlsVersion::v1_2;
    TlsVersion max = TlsVersion::v1_3;
    std::vector<std::string> ciphers;  ///< of TLS 1.2, OpenSSL's names
    std::vector<std::string> curves;
    std::vector<std::string> signature_algorithms;
    /// Offered or agreed to by ALPN, best first; none said: what suits the side. Empty: no ALPN.
    std::optional<std::vector<std::string>> alpn;
};

}  // namespace weir::config
