#include "net/tls_rules.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <memory>

#include "base/certificate.h"

namespace weir::net {
namespace {

// The same suites as Envoy's defaults: what is left of TLS 1.2 without CBC and static RSA
// (RFC 9325 §4.2).
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
// All three of RFC 8446 §9.1; the one that costs least where AES is in hardware comes first.
constexpr const char* kSuites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kCurves = "X25519:P-256:P-384";

std::string joined(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names)
        out.append(out.empty() ? "" : ":").append(name);
    return out;
}

std::unique_ptr<BIO, decltype(&BIO_free)> open_text(std::string_view text) {
    return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

}  // namespace

std::string openssl_error(std::string_view fallback) {
    unsigned long code = ERR_peek_last_error();
    const char* reason = code ? ERR_reason_error_string(code) : nullptr;
    ERR_clear_error();
    return reason ? reason : std::string(fallback);
}

std::string curve_list(const TlsRules& rules) {
    return rules.curves.empty() ? kCurves : joined(rules.curves);
}

Result<void> apply(const TlsRules& rules, SSL_CTX* context) {
    SSL_CTX_set_min_proto_version(context, rules.min);
    SSL_CTX_set_max_proto_version(context, rules.max);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1);  // a record in one read, not two
    if (SSL_CTX_set_ciphersuites(context, kSuites) != 1)
        return fail(codes::internal_error, openssl_error("no cipher suite of TLS 1.3"));
    std::string ciphers = joined(single_ciphers(rules.ciphers));
    if (SSL_CTX_set_cipher_list(context, ciphers.empty() ? kCiphers : ciphers.c_str()) != 1)
        return fail(codes::config_invalid,
                    fmt::format("ciphers: {}", openssl_error("none is known")));
    if (SSL_CTX_set1_groups_list(context, curve_list(rules).c_str()) != 1)
        return fail(codes::config_invalid,
                    fmt::format("curves: {}", openssl_error("one is not known")));
    std::string algorithms = joined(rules.signature_algorithms);
    if (!algorithms.empty() && SSL_CTX_set1_sigalgs_list(context, algorithms.c_str()) != 1)
        return fail(codes::config_invalid,
                    fmt::format("signature algorithms: {}", openssl_error("one is not known")));
    return {};
}

bool add_trust(SSL_CTX* context, const std::string& pem) {
    auto bio = open_text(pem);
    int added = 0;
    while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate);
        X509_free(certificate);
        ++added;
    }
    ERR_clear_error();
    return added > 0;
}

Result<void> use_certificate(SSL_CTX* context, std::string_view chain_pem,
                             std::string_view key_pem) {
    auto never = [](char*, int, int, void*) { return -1; };  // no pass phrase is asked for
    auto chain = open_text(chain_pem);
    bool first = true;
    while (X509* certificate = PEM_read_bio_X509(chain.get(), nullptr, never, nullptr)) {
        int used = first ? SSL_CTX_use_certificate(context, certificate)
                         : SSL_CTX_add1_chain_cert(context, certificate);
        if (first && used == 1) SSL_CTX_clear_chain_certs(context);
        X509_free(certificate);
        if (used != 1)
            return fail(codes::config_invalid,
                        fmt::format("certificate: {}", openssl_error("it cannot be used")));
        first = false;
    }
    if (first) return fail(codes::config_invalid, "certificate: there is no PEM in it");
    ERR_clear_error();
    auto text = open_text(key_pem);
    EVP_PKEY* key = PEM_read_bio_PrivateKey(text.get(), nullptr, never, nullptr);
    int used = key ? SSL_CTX_use_PrivateKey(context, key) : 0;
    EVP_PKEY_free(key);
    if (used != 1)
        return fail(codes::config_invalid,
                    fmt::format("key: {}", openssl_error("it cannot be used")));
    return {};
}

}  // namespace weir::net
