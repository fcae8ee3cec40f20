/// Ranges of IP addresses in CIDR notation (RFC 4632, RFC 4291 §2.3).
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::config {

struct AddressRange {
    std::array<uint8_t, 16>
        network{};  ///< bits outside the prefix are zero; IPv4 in the first four
    uint8_t prefix = 0;
    bool v6 = false;
    /// Canonical: "10.0.0.0/8", "2001:db8:0:0:0:0:0:0/32".
    std::string to_string() const;
};

/// "10.0.0.0/8", "2001:db8::/32", "192.0.2.1/32". Nothing if malformed; a prefix is required.
std::optional<AddressRange> parse_cidr(std::string_view text);

}  // namespace weir::config
