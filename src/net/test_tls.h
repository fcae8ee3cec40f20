/// For tests: a certificate authority, and a TLS server on loopback played by the test's own
/// thread.
#pragma once
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "net/test_loop.h"

namespace weir::net {

struct TestKey {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    ~TestKey() { EVP_PKEY_free(key); }
};

/// A self-signed authority made at run time.
class TestAuthority {
public:
    TestAuthority() : certificate_(make("weir test authority", key_.key, nullptr, "", key_.key)) {}
    ~TestAuthority() { X509_free(certificate_); }
    std::string pem() const {
        BIO* bio = BIO_new(BIO_s_mem());
        PEM_write_bio_X509(bio, certificate_);
        char* data = nullptr;
        long size = BIO_get_mem_data(bio, &data);
        std::string text(data, static_cast<std::size_t>(size));
        BIO_free(bio);
        return text;
    }
    /// A certificate for `alt_names`, e.g. "DNS:localhost,IP:127.0.0.1". The caller frees it.
    X509* issue(EVP_PKEY* key, const std::string& alt_names) {
        return make("weir test server", key, certificate_, alt_names, key_.key);
    }

private:
    static void extend(X509* certificate, X509* issuer, int nid, const char* value) {
        X509V3_CTX context;
        X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    }
    static X509* make(const char* name, EVP_PKEY* key, X509* issuer, const std::string& alt_names,
                      EVP_PKEY* signer) {
        static long serial = 1;
        X509* x = X509_new();
        X509_set_version(x, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
        X509_gmtime_adj(X509_getm_notBefore(x), -3600);
        X509_gmtime_adj(X509_getm_notAfter(x), 3600);
        X509_set_pubkey(x, key);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
        X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer : x));
        if (!issuer) extend(x, x, NID_basic_constraints, "critical,CA:TRUE");
        if (!alt_names.empty())
            extend(x, issuer ? issuer : x, NID_subject_alt_name, alt_names.c_str());
        X509_sign(x, signer, EVP_sha256());
        return x;
    }
    TestKey key_;
    X509* certificate_;
};

/// One TLS connection of the server.
class TlsPeer {
public:
    TlsPeer(SSL_CTX* context, Peer peer) : peer_(std::move(peer)), ssl_(SSL_new(context)) {
        ::fcntl(peer_.fd(), F_SETFL, ::fcntl(peer_.fd(), F_GETFL) | O_NONBLOCK);
        SSL_set_fd(ssl_, peer_.fd());
        SSL_set_accept_state(ssl_);
    }
    TlsPeer(TlsPeer&& other) noexcept
        : received(std::move(other.received)),
          peer_(std::move(other.peer_)),
          ssl_(std::exchange(other.ssl_, nullptr)) {}
    ~TlsPeer() { SSL_free(ssl_); }
    /// One attempt; true once the handshake is done.
    bool handshake() {
        ERR_clear_error();
        int n = SSL_do_handshake(ssl_);
        if (n != 1 && SSL_get_error(ssl_, n) != SSL_ERROR_WANT_READ) failed = true;
        return n == 1;
    }
    bool receive() {
        ERR_clear_error();
        char space[16384];
        int n = SSL_read(ssl_, space, sizeof space);
        if (n > 0) received.append(space, static_cast<std::size_t>(n));
        if (n <= 0 && SSL_get_error(ssl_, n) == SSL_ERROR_ZERO_RETURN) closed_properly = true;
        return n > 0;
    }
    void send(std::string_view text) {
        SSL_write(ssl_, text.data(), static_cast<int>(text.size()));
    }
    void close_notify() { SSL_shutdown(ssl_); }
    void cut() { peer_.finish(); }  // an end without close_notify
    void close() { peer_.close(); }
    std::string sni() const {
        const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
        return name ? name : "";
    }
    std::string received;
    bool failed = false;
    bool closed_properly = false;

private:
    Peer peer_;
    SSL* ssl_;
};

class TlsListener {
public:
    TlsListener(TestAuthority& authority, const std::string& alt_names)
        : context_(SSL_CTX_new(TLS_server_method())) {
        X509* certificate = authority.issue(key_.key, alt_names);
        SSL_CTX_use_certificate(context_, certificate);
        SSL_CTX_use_PrivateKey(context_, key_.key);
        X509_free(certificate);
        static const unsigned char kId[] = "weir";
        SSL_CTX_set_session_id_context(context_, kId, 4);
    }
    ~TlsListener() { SSL_CTX_free(context_); }
    std::optional<TlsPeer> try_accept() {
        auto peer = raw.try_accept();
        if (!peer) return std::nullopt;
        return TlsPeer(context_, std::move(*peer));
    }
    SSL_CTX* context() { return context_; }
    RawListener raw;

private:
    TestKey key_;
    SSL_CTX* context_;
};

}  // namespace weir::net
