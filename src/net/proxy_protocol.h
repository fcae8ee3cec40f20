/// The PROXY protocol, versions 1 and 2: what a load balancer says of a connection before its
/// bytes.
///
/// Source: "The PROXY protocol", haproxy.org/download/2.9/doc/proxy-protocol.txt, §2. The header is
/// read here and nothing else is taken from the socket. Pure parser; any thread.
#pragma once
#include <optional>
#include <string_view>

#include "net/address.h"
#include "net/stream.h"

namespace weir::net {

enum class ProxyProtocol : uint8_t { off, optional, required };

struct ProxyHeader {
    std::size_t size = 0;           ///< bytes of the header
    std::optional<Address> source;  ///< the client; nothing: UNKNOWN, LOCAL or not TCP over IP
    std::optional<Address> destination;
};

struct ProxyParse {
    enum class State : uint8_t {
        complete,
        more,    ///< a beginning of one
        none,    ///< something else begins here
        broken,  ///< it begins like one and is wrong
    };
    State state = State::more;
    ProxyHeader header;
};

inline constexpr std::size_t kMaxProxyHeader = 2048;  ///< a longer one is refused

/// What `bytes`, the first of a connection, begin with.
ProxyParse parse_proxy_header(std::string_view bytes);

/// Takes the header off a fresh connection; an empty one if it has none and may do without. Fails
/// with http.bad_request or http.timeout.
Task<Result<ProxyHeader>> read_proxy_header(Stream& stream, ProxyProtocol rule, TimePoint deadline,
                                            CancelSource* cancel);

}  // namespace weir::net
