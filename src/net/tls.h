/// TLS to providers, with OpenSSL on non-blocking sockets.
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

#include "net/stream.h"

namespace weir::net {

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

class TlsContext {
public:
    /// `ca_pem` empty: the system's trust store. Fails with config.invalid if the bundle has no
    /// certificate.
    static Result<std::unique_ptr<TlsContext>> create(const std::string& ca_pem = {});
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    /// A session to be handshaken on `fd`, presenting and verifying `server_name`.
    /// `offer_http2`: by ALPN, before HTTP/1.1.
    Result<std::unique_ptr<TlsSession>> connect(int fd, const std::string& server_name,
                                                bool offer_http2 = false);

private:
    TlsContext() = default;
    SSL_CTX* context_ = nullptr;
    std::shared_ptr<TlsTickets> tickets_ =
        std::make_shared<TlsTickets>();  // shared with the sessions, which add to it
};

class TlsSession {
public:
    TlsSession(SSL* ssl, std::shared_ptr<TlsTickets> tickets, std::string server_name);
    ~TlsSession();
    TlsSession(const TlsSession&) = delete;
    TlsSession& operator=(const TlsSession&) = delete;

    IoResult read(std::span<char> space);
    /// Small pieces are joined so that head and body share a record.
    IoResult write(std::span<const iovec> pieces);
    void shutdown();
    /// What the handshake needs next.
    enum class Step : uint8_t { done, want_read, want_write, failed };
    Step handshake();
    /// Why the handshake failed: OpenSSL's reason or the verification's, never key material.
    std::string failure() const;
    bool resumed() const;
    std::string_view protocol() const;  ///< that ALPN agreed on; empty: none
    /// A ticket from the server; takes over the reference.
    void remember(SSL_SESSION* session) { tickets_->keep(server_name_, session); }

private:
    IoResult outcome(int returned);
    SSL* ssl_;
    std::shared_ptr<TlsTickets> tickets_;
    std::string server_name_;
    std::string pending_;  // joined pieces of a write that OpenSSL has not taken whole
};

}  // namespace weir::net
