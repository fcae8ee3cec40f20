/// How a listening port receives its clients, before and between their requests.
///
/// One Entrance per listener number of a Server, shared by all workers and immutable; a reload
/// makes another. A connection keeps the one it came in by until its next request begins, and
/// leaves after its current answer if it would not be let in by the new one (its TLS host is gone,
/// or asks other things of clients). Threads: any.
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "http/h2/limits.h"
#include "http/held_body.h"
#include "net/deadlines.h"
#include "net/proxy_protocol.h"
#include "net/tls_server.h"

namespace weir::http {

/// What a listener may agree on by ALPN: the protocols that a Server speaks.
inline constexpr std::string_view kSpokenProtocols[] = {"h2", "http/1.1"};

/// Client connections of the whole process. Beyond `limit` a connection's first request is answered
/// 503 and the connection closed, so that clients are told; beyond the margin it is closed unheard.
struct ConnectionCount {
    std::atomic<uint32_t> open{0};
    std::atomic<uint32_t> limit{UINT32_MAX};
    static constexpr uint32_t kMargin = 64;
};

/// TLS handshakes at work in the whole process; beyond `limit` a connection is closed unheard.
struct HandshakeCount {
    std::atomic<uint32_t> running{0};
    std::atomic<uint32_t> limit{UINT32_MAX};
};

struct ServerOptions {
    net::Duration head_timeout = std::chrono::seconds(15);  ///< first byte of a head to its last
    net::Duration idle_timeout =
        std::chrono::seconds(90);  ///< keep-alive connection without a request
    net::Duration stall_timeout =
        std::chrono::seconds(60);               ///< client neither sends its body nor takes ours
    net::Duration max_age{0};                   ///< of a connection, then its last answer; 0: any
    uint32_t max_requests = 0;                  ///< on one connection; 0: any number
    std::size_t head_limit = 32 * 1024;         ///< bytes; at most half a read buffer
    uint64_t body_limit = uint64_t{100} << 20;  ///< bytes of one request body
    BodyMemory* body_memory = nullptr;          ///< shared by all workers; null: no bound
    ConnectionCount* connections = nullptr;     ///< shared by all workers; null: no bound
    h2::Limits http2;                           ///< of connections that speak HTTP/2
    /// Connections of this listener, over all workers; one too many is closed after a while.
    std::shared_ptr<std::atomic<uint32_t>> listener_connections;
    uint32_t listener_limit = UINT32_MAX;
    net::Duration close_delay{0};
};

/// Probes of an idle connection by the kernel.
struct KeepAliveProbes {
    int count = 0;     ///< unanswered, then the connection is dead; 0: the system's
    int idle = 0;      ///< seconds before the first; 0: the system's
    int interval = 0;  ///< seconds between two; 0: the system's
};

struct Entrance {
    net::ProxyProtocol proxy_protocol = net::ProxyProtocol::off;
    std::shared_ptr<const net::TlsServer> tls;                   ///< null: plain text
    net::Duration handshake_timeout = std::chrono::seconds(10);  ///< PROXY header and TLS
    HandshakeCount* handshakes = nullptr;                        ///< null: no bound
    std::optional<KeepAliveProbes> probes;
    std::vector<ServerOptions> hosts{1};  ///< as TlsServer's; one for a plain port

    /// Something happens before the first request.
    bool ceremonious() const {
        return tls || proxy_protocol != net::ProxyProtocol::off || probes ||
               hosts.front().listener_connections;
    }
    /// The host that a connection which was let in as `session` (null: plain) has here; -1: it
    /// would not be let in.
    int host_of(const net::TlsSession* session) const;
};

}  // namespace weir::http
