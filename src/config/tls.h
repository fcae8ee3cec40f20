/// What TLS settings say, towards clients and towards providers. Plain values; any thread.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace weir::config {

enum class TlsVersion { v1_2, v1_3 };

/// What is offered in a handshake. Empty: Weir's choice.
struct TlsSettings {
    std::optional<TlsVersion> min, max;
    std::vector<std::string> ciphers;  ///< of TLS 1.2, OpenSSL's names
    std::vector<std::string> curves;
    std::vector<std::string> signature_algorithms;
    /// Offered or agreed to by ALPN, best first; none said: what suits the side. Empty: no ALPN.
    std::optional<std::vector<std::string>> alpn;

    TlsVersion least() const { return min.value_or(TlsVersion::v1_2); }
    TlsVersion most() const { return max.value_or(TlsVersion::v1_3); }
    void fill_from(const TlsSettings& other);
};

}  // namespace weir::config
