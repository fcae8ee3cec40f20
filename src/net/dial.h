/// Opening a connection to a provider: look up, connect, handshake.
#pragma once
#include "net/resolver.h"
#include "net/stream.h"
#include "net/tls.h"

namespace weir::net {

/// An HTTP proxy that connects us (CONNECT, RFC 9110 §9.3.6).
struct Tunnel {
    std::string host;
    uint16_t port = 0;
    Secret credentials;  ///< "user:password"; empty: none
};

/// Where to connect. `tls` null: plain TCP. `server_name`: verified and sent as SNI. With a
/// `tunnel` the host's name is the proxy's to look up.
struct Target {
    std::string host;
    uint16_t port = 0;
    TlsContext* tls = nullptr;
    std::string server_name;
    std::shared_ptr<const Tunnel> tunnel;
};

/// Tries every address of the host in turn, sharing the time that is left, then handshakes.
/// Fails with upstream.dns, upstream.connect, upstream.connect_timeout or upstream.tls; the detail
/// names the host and each address's reason.
Task<Result<StreamPtr>> dial(Worker& worker, Resolver& resolver, const Target& target,
                             TimePoint deadline, CancelSource* cancel);

}  // namespace weir::net
