/// TLS on non-blocking sockets, with OpenSSL: sessions of both sides, and contexts towards
/// providers (tls_server.h has those towards clients).
///
/// A TlsContext holds trust and the session cache of one worker: the system's trust store
/// (SSL_CERT_FILE and SSL_CERT_DIR honoured) or a given bundle; TLS 1.2 at least; the peer's name
/// is always verified. Sessions are resumed per server name. A TlsSession may outlive its
/// TlsContext (a pooled connection of an earlier configuration). Threads: one worker.
#pragma once
#include <openssl/ssl.h>

#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include "base/secret.h"
#include "net/peer_certificate.h"
#include "net/stream.h"
#include "net/tls_rules.h"

namespace weir::net {

class TlsServer;
class TlsSession;

/// Resumable sessions by server name.
class TlsTickets {
public:
    TlsTickets() = default;
    ~TlsTickets();
    TlsTickets(const TlsTickets&) = delete;
    TlsTickets& operator=(const TlsTickets&) = delete;
    void keep(const std::string& server_name, SSL_SESSION* session);  ///< takes over the reference
    SSL_SESSION* find(const std::string& server_name) const;          ///< or null

private:
    std::unordered_map<std::string, SSL_SESSION*> sessions_;
};

/// What a provider must show, and what it is shown.
struct ProviderTls {
    std::string ca_pem;  ///< empty: the system's trust store
    bool verify = true;  ///< false: anybody is believed
    /// In place of the server name: one of these must be in its certificate.
    std::vector<std::string> alt_names, alt_uris;
    TlsRules rules;
    std::vector<std::string> alpn{"http/1.1"};  ///< offered, best first; empty: nothing is
    std::string chain_pem;                      ///< Weir's own certificate; empty: none
    Secret key_pem;
};

class TlsContext {
public:
    /// Fails with config.invalid if the bundle has no certificate, or ours cannot be used.
    static Result<std::unique_ptr<TlsContext>> create(const ProviderTls& settings);
    static Result<std::unique_ptr<TlsContext>> create(const std::string& ca_pem = {});
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    /// A session to be handshaken on `fd`, presenting and verifying `server_name`.
    Result<std::unique_ptr<TlsSession>> connect(int fd, const std::string& server_name);

private:
    explicit TlsContext(const ProviderTls& settings);
    static int on_verify(X509_STORE_CTX* store, void* self);
    SSL_CTX* context_ = nullptr;
    bool verify_;
    std::vector<std::string> alt_names_, alt_uris_;
    std::shared_ptr<TlsTickets> tickets_ =
        std::make_shared<TlsTickets>();  // shared with the sessions, which add to it
};

class TlsSession {
public:
    /// Towards a provider.
    TlsSession(SSL* ssl, std::shared_ptr<TlsTickets> tickets, std::string server_name);
    /// Towards a client; `server` is kept as long as the session.
    TlsSession(SSL* ssl, std::shared_ptr<const TlsServer> server);
    ~TlsSession();
    TlsSession(const TlsSession&) = delete;
    TlsSession& operator=(const TlsSession&) = delete;

    IoResult read(std::span<char> space);
    /// Small pieces are joined so that head and body share a record.
    IoResult write(std::span<const iovec> pieces);
    /// Says that nothing more comes from here (close_notify); reading goes on.
    void shutdown();
    /// Bytes have come that no read() has given out yet.
    bool holds_bytes() const;
    /// What the handshake needs next.
    enum class Step : uint8_t { done, want_read, want_write, failed };
    Step handshake();
    /// Why the handshake failed: OpenSSL's reason or the verification's, never key material.
    std::string failure() const;
    bool resumed() const;
    /// A ticket from the server; takes over the reference.
    void remember(SSL_SESSION* session) { tickets_->keep(server_name_, session); }

    // After the handshake.
    std::string_view protocol() const;  ///< that ALPN agreed on; empty: none
    std::string_view version() const;   ///< "TLSv1.3"
    std::string_view cipher() const;    ///< OpenSSL's name
    /// The name verified; of a client's connection the one it asked for, or empty.
    const std::string& server_name() const { return server_name_; }
    uint32_t host() const { return host_; }  ///< which of the TlsServer's
    const TlsServer* server() const { return server_.get(); }
    /// The client's certificate, verified as its host demands; null: it has shown none.
    const PeerCertificate* peer() const { return peer_.get(); }

private:
    friend TlsServer;
    void at_host(uint32_t host, std::string server_name);
    void describe_peer();
    IoResult outcome(int returned);
    SSL* ssl_;
    std::shared_ptr<TlsTickets> tickets_;
    std::shared_ptr<const TlsServer> server_;
    std::unique_ptr<PeerCertificate> peer_;
    std::string server_name_;
    std::string pending_;  // joined pieces of a write that OpenSSL has not taken whole
    uint32_t host_ = 0;
};

/// Takes a handshake, of either side, to its end. Fails with `failed`, naming the reason, or with
/// `late` at the deadline.
Task<Result<void>> handshake(Stream& stream, TlsSession& session, const Code& failed,
                             const Code& late, TimePoint deadline, CancelSource* cancel);

}  // namespace weir::net
