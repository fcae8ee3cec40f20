/// Socket addresses as values. Threads: any.
#pragma once
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::net {

/// A socket address of either family.
struct Address {
    sockaddr_storage storage{};
    socklen_t length = 0;
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
    uint16_t port() const;
    void set_port(uint16_t port);
    /// "127.0.0.1:80" or "[::1]:80".
    std::string to_string() const;
};

/// A literal IPv4 or IPv6 address (no brackets); nothing if it is a name.
std::optional<Address> parse_address(std::string_view host, uint16_t port);

}  // namespace weir::net
