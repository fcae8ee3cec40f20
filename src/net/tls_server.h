/// TLS of one listening port: whose certificate a client is shown, and what it must show itself.
///
/// A port has hosts (the listeners of a Gateway that share it), told apart by the server name a
/// client asks for: an exact host name first, then the longest wildcard, then the host for any
/// name; a client that none of them is for is refused with unrecognized_name. Within a host the
/// certificate is chosen by the names in the certificates, else it is the first; an RSA and an EC
/// certificate for the same names stand beside each other and the client's abilities choose.
///
/// Secure by default: TLS 1.2 at least, no renegotiation, no compression, no early data. A session
/// is resumed at the host it was made at only, and no more once that host's rules for clients have
/// changed. Ownership: shared by all workers, immutable; a TlsSession keeps its server. Reloading
/// makes another TlsServer; connections stay with theirs. Threads: any.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/secret.h"
#include "net/peer_certificate.h"
#include "net/tls.h"
#include "net/tls_rules.h"
#include "net/tls_tickets.h"

namespace weir::net {

struct ServerCertificate {
    std::string chain_pem;
    Secret key_pem;
    std::vector<std::string> names;  ///< lower case; may begin "*."
};

/// What a client's certificate must be.
struct ClientRules {
    bool optional = false;  ///< a client without one is let in
    std::string ca_pem;     ///< empty: no chain is asked for, `accepts` decides
    /// Asked after the chain was found good.
    std::function<bool(const PeerCertificate&)> accepts;
    std::string identity;  ///< equal only for equal rules: which sessions may be resumed
};

struct TlsHost {
    std::string hostname;  ///< lower case; empty: any; may begin "*."
    std::vector<ServerCertificate> certificates;
    TlsRules rules;
    std::vector<std::string> alpn;  ///< best first; empty: none is negotiated
    std::optional<ClientRules> clients;
};

/// Index of the host in `hostnames` that `name` (lower case, empty: none was sent) is for; -1 if
/// none is.
int choose_host(const std::vector<std::string>& hostnames, std::string_view name);
/// Whether a certificate's name stands for `name`; a wildcard for one label (RFC 6125 §6.4.3).
bool certificate_covers(std::string_view pattern, std::string_view name);

class TlsServer : public std::enable_shared_from_this<TlsServer> {
public:
    /// `tickets` must outlive every session. Fails with config.invalid.
    static Result<std::shared_ptr<const TlsServer>> create(std::vector<TlsHost> hosts,
                                                           TicketKeys& tickets);
    ~TlsServer();
    TlsServer(const TlsServer&) = delete;
    TlsServer& operator=(const TlsServer&) = delete;

    /// A session to be handshaken on `fd`. Fails with internal.error when out of memory.
    Result<std::unique_ptr<TlsSession>> accept(int fd) const;
    /// The host for a server name, as handshakes choose it.
    int host_for(std::string_view name) const { return choose_host(hostnames_, name); }
    /// Changes when the rules for clients of that host do.
    const std::string& identity(std::size_t host) const;

private:
    struct Certificate;
    struct Host;
    TlsServer() = default;
    Result<void> add_host(TlsHost host, TicketKeys& tickets);
    Result<void> add_certificate(Host& host, const ServerCertificate& certificate,
                                 TicketKeys& tickets);
    static int on_client_hello(SSL* ssl, int* alert, void* self);
    static int on_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size,
                       const unsigned char* in, unsigned in_size, void* host);
    static int on_verify(X509_STORE_CTX* store, void* host);

    std::vector<std::string> hostnames_;
    std::vector<std::unique_ptr<Host>> hosts_;
};

}  // namespace weir::net
