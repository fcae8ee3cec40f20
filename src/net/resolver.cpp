#include "net/resolver.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>

namespace weir::net {
namespace {

struct Lookup {
    std::vector<Address> addresses;
    std::string error;
};

Lookup look_up(const std::string& host, uint16_t port) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    int error = ::getaddrinfo(host.c_str(), fmt::to_string(port).c_str(), &hints, &found);
    if (error == EAI_ADDRFAMILY || error == EAI_NONAME) {
        hints.ai_flags = AI_NUMERICSERV;  // a host without a global address still has its loopback
        error = ::getaddrinfo(host.c_str(), fmt::to_string(port).c_str(), &hints, &found);
    }
    Lookup lookup;
    if (error != 0) {
        lookup.error = ::gai_strerror(error);
        return lookup;
    }
    for (addrinfo* a = found; a; a = a->ai_next) {
        Address address;
        std::memcpy(&address.storage, a->ai_addr, a->ai_addrlen);
        address.length = a->ai_addrlen;
        lookup.addresses.push_back(address);
    }
    ::freeaddrinfo(found);
    return lookup;
}

}  // namespace

uint16_t Address::port() const {
    if (storage.ss_family == AF_INET6)
        return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
    return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
}

std::string Address::to_string() const {
    char text[INET6_ADDRSTRLEN] = {};
    if (storage.ss_family == AF_INET6) {
        ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_addr, text,
                    sizeof text);
        return fmt::format("[{}]:{}", text, port());
    }
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&storage)->sin_addr, text,
                sizeof text);
    return fmt::format("{}:{}", text, port());
}

std::optional<Address> parse_address(std::string_view host, uint16_t port) {
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    std::string text(host);
    Address address;
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        address.length = sizeof(sockaddr_in);
        return address;
    }
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    if (::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        address.length = sizeof(sockaddr_in6);
        return address;
    }
    return std::nullopt;
}

Task<Result<std::vector<Address>>> Resolver::resolve(std::string host, uint16_t port,
                                                     TimePoint deadline, CancelSource* cancel) {
    if (auto literal = parse_address(host, port)) co_return std::vector<Address>{*literal};
    std::string key = fmt::format("{}:{}", host, port);
    auto now = std::chrono::steady_clock::now();
    auto known = cache_.find(key);
    if (known != cache_.end() && now - known->second.learned < kTtl)
        co_return known->second.addresses;

    auto work = [host, port] { return look_up(host, port); };
    std::optional<Lookup> lookup = co_await offload(worker_, pool_, deadline, cancel, work);
    if (lookup && !lookup->addresses.empty()) {
        auto& entry = cache_[key];
        entry.addresses = std::move(lookup->addresses);
        entry.learned = std::chrono::steady_clock::now();
        co_return entry.addresses;
    }
    known = cache_.find(key);
    if (known != cache_.end() && now - known->second.learned < kTtl + kStale)
        co_return known->second.addresses;
    if (!lookup)
        co_return fail(codes::upstream_connect_timeout,
                       fmt::format("looking up {} took too long", host));
    co_return fail(codes::upstream_dns, fmt::format("cannot look up {}: {}", host, lookup->error));
}

}  // namespace weir::net
