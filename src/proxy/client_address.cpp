#include "proxy/client_address.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "net/address.h"

namespace weir::proxy {
namespace {

/// An address of X-Forwarded-For: bare, in brackets, or with a port.
std::optional<net::Address> read_address(std::string_view text) {
    text = trim(text);
    if (text.starts_with('[')) {
        auto end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        text = text.substr(1, end - 1);
    } else if (std::ranges::count(text, ':') == 1) {
        text = text.substr(0, text.find(':'));
    }
    return net::parse_address(text, 0);
}

std::optional<net::Address> read_peer(std::string_view peer) {
    return read_address(peer.starts_with('[') ? peer : peer.substr(0, peer.rfind(':')));
}

/// Its bytes; IPv4 in IPv6 (RFC 4291 §2.5.5.2) counts as IPv4.
std::string_view bytes_of(const net::Address& address) {
    if (address.storage.ss_family == AF_INET)
        return {reinterpret_cast<const char*>(
                    &reinterpret_cast<const sockaddr_in&>(address.storage).sin_addr),
                4};
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address.storage).sin6_addr;
    std::string_view bytes(reinterpret_cast<const char*>(&v6), 16);
    return IN6_IS_ADDR_V4MAPPED(&v6) ? bytes.substr(12) : bytes;
}

bool lies_in(const net::Address& address, const config::AddressRange& range) {
    std::string_view bytes = bytes_of(address);
    if (bytes.size() != (range.v6 ? 16u : 4u)) return false;
    unsigned bits = range.prefix;
    for (std::size_t i = 0; i < bytes.size() && bits > 0; ++i) {
        unsigned taken = std::min(bits, 8u);
        auto mask = static_cast<uint8_t>(0xff << (8 - taken));
        if ((static_cast<uint8_t>(bytes[i]) & mask) != (range.network[i] & mask)) return false;
        bits -= taken;
    }
    return true;
}

bool trusted(const net::Address& address, const config::AddressDetection& rules) {
    return std::ranges::any_of(rules.trusted,
                               [&](const auto& range) { return lies_in(address, range); });
}

/// The addresses of all X-Forwarded-For fields, from the left.
std::vector<std::string_view> forwarded_for(const http::Headers& headers) {
    std::vector<std::string_view> out;
    for (const auto& field : headers) {
        if (!iequals(field.name, "x-forwarded-for")) continue;
        for (std::string_view rest = field.value;;) {
            auto comma = rest.find(',');
            out.push_back(trim(rest.substr(0, comma)));
            if (comma == std::string_view::npos) break;
            rest.remove_prefix(comma + 1);
        }
    }
    return out;
}

std::optional<net::Address> by_ranges(const config::AddressDetection& rules, std::string_view peer,
                                      const std::vector<std::string_view>& hops) {
    auto nearest = read_peer(peer);
    if (!nearest || !trusted(*nearest, rules)) return std::nullopt;
    std::optional<net::Address> farthest;
    for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
        auto address = read_address(*hop);
        if (!address) return farthest;  // who wrote that was trusted, what stands there is not
        farthest = address;
        if (!trusted(*address, rules)) break;
    }
    return farthest;
}

}  // namespace

std::optional<std::string> forwarded_address(const config::AddressDetection& rules,
                                             std::string_view peer, const http::Headers& headers) {
    std::optional<net::Address> found;
    if (!rules.header.empty()) {
        found = read_address(headers.value(rules.header));
    } else {
        std::vector<std::string_view> hops = forwarded_for(headers);
        if (!rules.trusted.empty())
            found = by_ranges(rules, peer, hops);
        else if (rules.trusted_hops > 0 && hops.size() >= rules.trusted_hops)
            found = read_address(hops[hops.size() - rules.trusted_hops]);
    }
    if (!found) return std::nullopt;
    return found->to_string();
}

std::string caller_of(std::string_view peer) {
    const auto address = read_peer(peer);
    if (!address) return std::string(peer);
    const std::string_view bytes = bytes_of(*address);
    return std::string(bytes.size() == 16 ? bytes.substr(0, 8) : bytes);
}

}  // namespace weir::proxy
