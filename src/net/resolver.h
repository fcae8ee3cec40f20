/// Host names to addresses, off the loop, cached per worker.
///
/// getaddrinfo does the work (so /etc/hosts, nsswitch and search domains hold) on the Offload pool.
/// It tells no TTL, so an answer is kept for kTtl; if a later look-up fails the old answer serves
/// for kStale more. Literal addresses never leave the loop. Threads: one Resolver per worker.
#pragma once
#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/offload.h"

namespace weir::net {

/// A socket address of either family.
struct Address {
    sockaddr_storage storage{};
    socklen_t length = 0;
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
    uint16_t port() const;
    /// "127.0.0.1:80" or "[::1]:80".
    std::string to_string() const;
};

/// A literal IPv4 or IPv6 address (no brackets); nothing if it is a name.
std::optional<Address> parse_address(std::string_view host, uint16_t port);

class Resolver {
public:
    static constexpr std::chrono::seconds kTtl{30};
    static constexpr std::chrono::seconds kStale{300};

    Resolver(Worker& worker, Offload& pool) : worker_(worker), pool_(pool) {}
    /// All addresses in the resolver's order. Fails with upstream.dns or, at `deadline`,
    /// upstream.connect_timeout.
    Task<Result<std::vector<Address>>> resolve(std::string host, uint16_t port, TimePoint deadline,
                                               CancelSource* cancel);

private:
    struct Entry {
        std::vector<Address> addresses;
        TimePoint learned;
    };
    Worker& worker_;
    Offload& pool_;
    std::unordered_map<std::string, Entry> cache_;
};

}  // namespace weir::net
