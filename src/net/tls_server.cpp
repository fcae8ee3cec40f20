#include "net/tls_server.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "net/tls_socket.h"

namespace weir::net {

struct TlsServer::Certificate {
    SSL_CTX* context = nullptr;
    std::vector<std::string> names;
    std::vector<std::string> key_types;
    Certificate() = default;
    Certificate(const Certificate&) = delete;
    Certificate& operator=(const Certificate&) = delete;
    ~Certificate() { SSL_CTX_free(context); }
};

struct TlsServer::Host {
    TlsHost spec;
    std::string identity;
    std::array<unsigned char, 32> session_context{};
    std::vector<std::unique_ptr<Certificate>> certificates;

    SSL_CTX* context_for(std::string_view name) const {
        auto covers = [&](bool exact) {
            return std::ranges::find_if(certificates, [&](const auto& certificate) {
                return std::ranges::any_of(certificate->names, [&](const std::string& pattern) {
                    return exact ? pattern == name : certificate_covers(pattern, name);
                });
            });
        };
        auto found = covers(true);
        if (found == certificates.end()) found = covers(false);
        return (found == certificates.end() ? certificates.front() : *found)->context;
    }
};

namespace {

/// Whether `name` has something before `suffix`.
bool under(std::string_view name, std::string_view suffix) {
    return name.size() > suffix.size() && name.ends_with(suffix);
}

/// host_name of the extension server_name (RFC 6066 §3), lower case; empty: none, or not one.
std::string server_name(SSL* ssl) {
    const unsigned char* data = nullptr;
    std::size_t size = 0;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &size) != 1) return {};
    // ServerNameList: length 2; of its one entry: type 1 (0: host_name), length 2, the name.
    if (size < 5 || data[2] != 0) return {};
    std::size_t length = static_cast<std::size_t>(data[3]) << 8 | data[4];
    if (length != size - 5 || length > 255) return {};
    std::string name(reinterpret_cast<const char*>(data + 5), length);
    for (char c : name)
        if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f)
            return {};
    if (name.ends_with('.')) name.pop_back();
    return to_lower(name);
}

void set_verify(SSL* ssl, const std::optional<ClientRules>& clients) {
    int mode = !clients            ? SSL_VERIFY_NONE
               : clients->optional ? SSL_VERIFY_PEER
                                   : SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_set_verify(ssl, mode, nullptr);
}

/// Tells clients whose certificates are wanted.
void name_authorities(SSL_CTX* context) {
    const STACK_OF(X509_OBJECT)* trusted = X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));
    for (int i = 0; i < sk_X509_OBJECT_num(trusted); ++i)
        if (X509* authority = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(trusted, i)))
            SSL_CTX_add_client_CA(context, authority);
}

}  // namespace

int choose_host(const std::vector<std::string>& hostnames, std::string_view name) {
    int best = -1;
    std::size_t length = 0;  // of what fitted, plus one; an exact name beats all
    for (std::size_t i = 0; i < hostnames.size(); ++i) {
        std::string_view pattern = hostnames[i];
        std::size_t fits = 0;
        if (pattern.empty())
            fits = 1;
        else if (pattern == name)
            fits = 1000;
        else if (pattern.starts_with("*.") && under(name, pattern.substr(1)))
            fits = pattern.size();
        if (fits > length) {
            best = static_cast<int>(i);
            length = fits;
        }
    }
    return best;
}

bool certificate_covers(std::string_view pattern, std::string_view name) {
    if (!pattern.starts_with("*.")) return pattern == name;
    auto dot = name.find('.');
    return dot != std::string_view::npos && dot > 0 && name.substr(dot) == pattern.substr(1);
}

Result<std::shared_ptr<const TlsServer>> TlsServer::create(std::vector<TlsHost> hosts,
                                                           TicketKeys& tickets) {
    std::shared_ptr<TlsServer> self(new TlsServer());
    for (TlsHost& host : hosts)
        WEIR_CHECK(self->add_host(std::move(host), tickets));
    if (self->hosts_.empty()) return fail(codes::config_invalid, "no listener has a certificate");
    return std::shared_ptr<const TlsServer>(std::move(self));
}

TlsServer::~TlsServer() = default;

const std::string& TlsServer::identity(std::size_t host) const {
    return hosts_[host]->identity;
}

Result<void> TlsServer::add_host(TlsHost spec, TicketKeys& tickets) {
    auto host = std::make_unique<Host>();
    host->identity = spec.hostname + "\n" + (spec.clients ? spec.clients->identity : "");
    EVP_Digest(host->identity.data(), host->identity.size(), host->session_context.data(), nullptr,
               EVP_sha256(), nullptr);
    host->spec = std::move(spec);
    for (const ServerCertificate& certificate : host->spec.certificates)
        WEIR_CHECK(add_certificate(*host, certificate, tickets));
    if (host->certificates.empty())
        return fail(codes::config_invalid, "a TLS listener without a certificate");
    host->spec.certificates.clear();  // the contexts hold what is needed of the keys
    hostnames_.push_back(host->spec.hostname);
    hosts_.push_back(std::move(host));
    return {};
}

Result<void> TlsServer::add_certificate(Host& host, const ServerCertificate& certificate,
                                        TicketKeys& tickets) {
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    if (!context) return fail(codes::internal_error, openssl_error("SSL_CTX_new"));
    auto made = std::make_unique<Certificate>();
    made->context = context;
    made->names = certificate.names;
    WEIR_CHECK(apply(host.spec.rules, context));
    WEIR_CHECK(use_certificate(context, certificate.chain_pem, certificate.key_pem.reveal()));
    const EVP_PKEY* key = SSL_CTX_get0_privatekey(context);
    std::string key_type = EVP_PKEY_get0_type_name(key);
    for (const auto& known : host.certificates) {
        if (known->names != made->names ||
            std::ranges::find(known->key_types, key_type) != known->key_types.end())
            continue;
        known->key_types.push_back(std::move(key_type));
        return use_certificate(known->context, certificate.chain_pem, certificate.key_pem.reveal());
    }
    made->key_types.push_back(std::move(key_type));
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets only
    SSL_CTX_set_dh_auto(context, 1);                              // for those who name DHE ciphers
    SSL_CTX_set_client_hello_cb(context, on_client_hello, this);
    if (!host.spec.alpn.empty()) SSL_CTX_set_alpn_select_cb(context, on_alpn, &host);
    if (host.spec.clients) {
        const std::string& ca = host.spec.clients->ca_pem;
        if (!ca.empty() && !add_trust(context, ca))
            return fail(codes::config_invalid, "the CA bundle for clients holds no certificate");
        name_authorities(context);
        SSL_CTX_set_cert_verify_callback(context, on_verify, &host);
    }
    use_ticket_keys(context, tickets);
    host.certificates.push_back(std::move(made));
    return {};
}

Result<std::unique_ptr<TlsSession>> TlsServer::accept(int fd) const {
    SSL* ssl = SSL_new(hosts_.front()->certificates.front()->context);
    if (!ssl) return fail(codes::internal_error, openssl_error("SSL_new"));
    auto session = std::make_unique<TlsSession>(ssl, shared_from_this());
    if (!attach_socket(ssl, fd)) return fail(codes::internal_error, openssl_error("BIO_new"));
    SSL_set_accept_state(ssl);
    return session;
}

int TlsServer::on_client_hello(SSL* ssl, int* alert, void* self) {
    const auto* server = static_cast<const TlsServer*>(self);
    auto* session = static_cast<TlsSession*>(SSL_get_app_data(ssl));
    std::string name = server_name(ssl);
    int number = server->host_for(name);
    if (number < 0 || !session) {
        *alert = SSL_AD_UNRECOGNIZED_NAME;
        return SSL_CLIENT_HELLO_ERROR;
    }
    const Host& host = *server->hosts_[static_cast<std::size_t>(number)];
    SSL_CTX* context = host.context_for(name);
    session->at_host(static_cast<uint32_t>(number), std::move(name));
    SSL_set_SSL_CTX(ssl, context);
    // What SSL_set_SSL_CTX leaves as the first host has it.
    SSL_set_min_proto_version(ssl, host.spec.rules.min);
    SSL_set_max_proto_version(ssl, host.spec.rules.max);
    SSL_set_session_id_context(ssl, host.session_context.data(),
                               static_cast<unsigned>(host.session_context.size()));
    set_verify(ssl, host.spec.clients);
    if (number > 0) SSL_set1_groups_list(ssl, curve_list(host.spec.rules).c_str());
    return SSL_CLIENT_HELLO_SUCCESS;
}

/// The first of ours that the client offers; none fits: no_application_protocol (RFC 7301 §3.2).
int TlsServer::on_alpn(SSL*, const unsigned char** out, unsigned char* out_size,
                       const unsigned char* in, unsigned in_size, void* host) {
    for (const std::string& wanted : static_cast<const Host*>(host)->spec.alpn)
        for (unsigned at = 0; at < in_size && at + 1 + in[at] <= in_size; at += 1 + in[at]) {
            if (std::string_view(reinterpret_cast<const char*>(in + at + 1), in[at]) != wanted)
                continue;
            *out = in + at + 1;
            *out_size = in[at];
            return SSL_TLSEXT_ERR_OK;
        }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

int TlsServer::on_verify(X509_STORE_CTX* store, void* host) {
    const ClientRules& rules = *static_cast<const Host*>(host)->spec.clients;
    if (!rules.ca_pem.empty() && X509_verify_cert(store) != 1) return 0;
    X509* certificate = X509_STORE_CTX_get0_cert(store);
    if (!rules.accepts || rules.accepts(describe_certificate(certificate, nullptr))) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

}  // namespace weir::net
