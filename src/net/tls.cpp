#include "net/tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>

#include "net/tls_rules.h"
#include "net/tls_server.h"
#include "net/tls_socket.h"

namespace weir::net {
namespace {

constexpr std::size_t kRecord = 16 * 1024;  // the largest TLS record (RFC 8446 §5.1)

int on_new_session(SSL* ssl, SSL_SESSION* session) {
    auto* owner = static_cast<TlsSession*>(SSL_get_app_data(ssl));
    if (!owner) return 0;
    owner->remember(session);
    return 1;  // the reference is ours now
}

/// Before each call whose outcome SSL_get_error() is to judge. Looking costs a tenth of clearing.
void forget_errors() {
    if (ERR_peek_error() != 0) ERR_clear_error();
    errno = 0;
}

}  // namespace

TlsContext::TlsContext(const ProviderTls& settings)
    : verify_(settings.verify), alt_names_(settings.alt_names), alt_uris_(settings.alt_uris) {}

Result<std::unique_ptr<TlsContext>> TlsContext::create(const std::string& ca_pem) {
    ProviderTls settings;
    settings.ca_pem = ca_pem;
    return create(settings);
}

Result<std::unique_ptr<TlsContext>> TlsContext::create(const ProviderTls& settings) {
    std::unique_ptr<TlsContext> self(new TlsContext(settings));
    self->context_ = SSL_CTX_new(TLS_client_method());
    if (!self->context_) return fail(codes::internal_error, openssl_error("SSL_CTX_new"));
    SSL_CTX* context = self->context_;
    WEIR_CHECK(apply(settings.rules, context));
    SSL_CTX_set_verify(context, self->verify_ ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    if (!self->alt_names_.empty() || !self->alt_uris_.empty())
        SSL_CTX_set_cert_verify_callback(context, on_verify, self.get());
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, on_new_session);
    std::string offer;  // RFC 7301 §3.1: each name after its length
    for (const std::string& name : settings.alpn)
        offer.append(1, static_cast<char>(name.size())).append(name);
    if (!offer.empty())
        SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(offer.data()),
                                static_cast<unsigned>(offer.size()));
    if (!settings.chain_pem.empty())
        WEIR_CHECK(use_certificate(context, settings.chain_pem, settings.key_pem.reveal()));
    if (settings.ca_pem.empty()) {
        if (SSL_CTX_set_default_verify_paths(context) != 1)
            return fail(codes::internal_error, openssl_error("no trust store"));
    } else if (!add_trust(context, settings.ca_pem)) {
        return fail(codes::config_invalid, "the CA bundle holds no PEM certificate");
    }
    return self;
}

/// BackendTLSPolicy subjectAltNames: the chain, and one of the names.
int TlsContext::on_verify(X509_STORE_CTX* store, void* self) {
    const auto& context = *static_cast<const TlsContext*>(self);
    if (X509_verify_cert(store) != 1) return 0;
    X509* certificate = X509_STORE_CTX_get0_cert(store);
    for (const std::string& name : context.alt_names_)
        if (X509_check_host(certificate, name.c_str(), name.size(),
                            X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) == 1)
            return 1;
    for (const std::string& uri : describe_certificate(certificate, nullptr).uris)
        if (std::ranges::find(context.alt_uris_, uri) != context.alt_uris_.end()) return 1;
    X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
    return 0;
}

TlsContext::~TlsContext() {
    SSL_CTX_free(context_);
}

TlsTickets::~TlsTickets() {
    for (auto& [name, session] : sessions_)
        SSL_SESSION_free(session);
}

void TlsTickets::keep(const std::string& server_name, SSL_SESSION* session) {
    SSL_SESSION*& slot = sessions_[server_name];
    if (slot) SSL_SESSION_free(slot);
    slot = session;
}

SSL_SESSION* TlsTickets::find(const std::string& server_name) const {
    auto known = sessions_.find(server_name);
    return known == sessions_.end() ? nullptr : known->second;
}

Result<std::unique_ptr<TlsSession>> TlsContext::connect(int fd, const std::string& server_name) {
    // OpenSSL takes an empty name for "any name will do".
    if (server_name.empty() || server_name.find('\0') != std::string::npos)
        return fail(codes::upstream_tls, "there is no server name to verify");
    SSL* ssl = SSL_new(context_);
    if (!ssl) return fail(codes::upstream_tls, openssl_error("SSL_new"));
    auto session = std::make_unique<TlsSession>(ssl, tickets_, server_name);
    if (!attach_socket(ssl, fd)) return fail(codes::upstream_tls, openssl_error("BIO_new"));
    SSL_set_connect_state(ssl);
    // A literal address is verified as an address and not sent as SNI (RFC 6066 §3).
    bool by_name = verify_ && alt_names_.empty() && alt_uris_.empty();
    X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl);
    std::unique_ptr<ASN1_OCTET_STRING, decltype(&ASN1_OCTET_STRING_free)> literal(
        a2i_IPADDRESS(server_name.c_str()), ASN1_OCTET_STRING_free);
    ERR_clear_error();
    if (literal) {
        if (by_name) X509_VERIFY_PARAM_set1_ip_asc(parameters, server_name.c_str());
    } else {
        if (SSL_set_tlsext_host_name(ssl, server_name.c_str()) != 1 ||
            (by_name && SSL_set1_host(ssl, server_name.c_str()) != 1))
            return fail(codes::upstream_tls, openssl_error("the server name is not valid"));
        SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    }
    if (SSL_SESSION* known = tickets_->find(server_name)) SSL_set_session(ssl, known);
    return session;
}

TlsSession::TlsSession(SSL* ssl, std::shared_ptr<TlsTickets> tickets, std::string server_name)
    : ssl_(ssl), tickets_(std::move(tickets)), server_name_(std::move(server_name)) {
    SSL_set_app_data(ssl_, this);
}

TlsSession::TlsSession(SSL* ssl, std::shared_ptr<const TlsServer> server)
    : ssl_(ssl), server_(std::move(server)) {
    SSL_set_app_data(ssl_, this);
}

TlsSession::~TlsSession() {
    SSL_set_app_data(ssl_, nullptr);
    SSL_free(ssl_);
}

TlsSession::Step TlsSession::handshake() {
    ERR_clear_error();
    int returned = SSL_do_handshake(ssl_);
    if (returned == 1) {
        if (server_) describe_peer();
        return Step::done;
    }
    switch (SSL_get_error(ssl_, returned)) {
        case SSL_ERROR_WANT_READ:
            return Step::want_read;
        case SSL_ERROR_WANT_WRITE:
            return Step::want_write;
        default:
            return Step::failed;
    }
}

std::string TlsSession::failure() const {
    long verified = SSL_get_verify_result(ssl_);
    if (verified != X509_V_OK) {
        ERR_clear_error();
        return fmt::format("the certificate of {} is not trusted: {}",
                           server_ ? "the client" : server_name_,
                           X509_verify_cert_error_string(verified));
    }
    return openssl_error("the connection was closed during the handshake");
}

bool TlsSession::resumed() const {
    return SSL_session_reused(ssl_) == 1;
}

void TlsSession::at_host(uint32_t host, std::string server_name) {
    host_ = host;
    server_name_ = std::move(server_name);
}

void TlsSession::describe_peer() {
    X509* certificate = SSL_get0_peer_certificate(ssl_);
    if (certificate)
        peer_ = std::make_unique<PeerCertificate>(
            describe_certificate(certificate, SSL_get_peer_cert_chain(ssl_)));
}

std::string_view TlsSession::protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_, &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

std::string_view TlsSession::version() const {
    return SSL_get_version(ssl_);
}

std::string_view TlsSession::cipher() const {
    const char* name = SSL_get_cipher_name(ssl_);
    return name ? name : "";
}

bool TlsSession::holds_bytes() const {
    return SSL_has_pending(ssl_) == 1 || !socket_drained(ssl_);
}

IoResult TlsSession::outcome(int returned) {
    switch (SSL_get_error(ssl_, returned)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
            return {IoResult::State::again, 0, 0};
        case SSL_ERROR_ZERO_RETURN:
            return {IoResult::State::end, 0, 0};
        default:
            // An end without close_notify could hide a truncation, so it counts as a failure.
            ERR_clear_error();
            return {IoResult::State::failed, errno ? errno : ECONNRESET, 0};
    }
}

IoResult TlsSession::read(std::span<char> space) {
    forget_errors();
    int n = SSL_read(ssl_, space.data(),
                     static_cast<int>(std::min<std::size_t>(space.size(), 1 << 30)));
    if (n > 0) return {IoResult::State::done, 0, static_cast<std::size_t>(n)};
    return outcome(n);
}

IoResult TlsSession::write(std::span<const iovec> pieces) {
    forget_errors();
    const iovec* first = nullptr;
    for (const auto& piece : pieces)
        if (piece.iov_len > 0) {
            first = &piece;
            break;
        }
    if (!first) return {IoResult::State::done, 0, 0};
    const void* data = first->iov_base;
    std::size_t size = std::min(first->iov_len, kRecord);
    if (first != &pieces.back() && size < kRecord) {
        pending_.clear();
        for (const iovec* piece = first; piece <= &pieces.back() && pending_.size() < kRecord;
             ++piece)
            pending_.append(static_cast<const char*>(piece->iov_base),
                            std::min(piece->iov_len, kRecord - pending_.size()));
        data = pending_.data();
        size = pending_.size();
    }
    int n = SSL_write(ssl_, data, static_cast<int>(size));
    if (n > 0) return {IoResult::State::done, 0, static_cast<std::size_t>(n)};
    return outcome(n);
}

void TlsSession::shutdown() {
    ERR_clear_error();
    if (SSL_is_init_finished(ssl_)) SSL_shutdown(ssl_);
    ERR_clear_error();
}

Task<Result<void>> handshake(Stream& stream, TlsSession& session, const Code& failed,
                             const Code& late, TimePoint deadline, CancelSource* cancel) {
    while (true) {
        const TlsSession::Step step = session.handshake();
        if (step == TlsSession::Step::done) co_return Result<void>();
        if (step == TlsSession::Step::failed) co_return fail(failed, session.failure());
        Wake wake = Wake::deadline;
        if (step == TlsSession::Step::want_read)
            wake = co_await stream.arriving(deadline, cancel);
        else
            wake = co_await stream.writable(deadline, cancel);
        if (wake == Wake::deadline) co_return fail(late, "the TLS handshake took too long");
    }
}

}  // namespace weir::net
