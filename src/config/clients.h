/// How listeners meet their clients: TLS of a Gateway's listener, and ClientTrafficPolicy, decoded.
///
/// Configuration::clients_of gives what holds for one listener. Of the policies on a listener and
/// on its Gateway the listener's governs alone, as in Envoy Gateway. Ownership: plain values; keys
/// stay in the Secrets that `certificates` name. Threads: immutable after load().
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/cidr.h"
#include "config/resources.h"

namespace weir::config {

enum class TlsVersion { v1_2, v1_3 };

/// What is offered in a handshake. Empty lists: the library's choice.
struct TlsSettings {
    TlsVersion min = TlsVersion::v1_2;
    TlsVersion max = TlsVersion::v1_3;
    std::vector<std::string> ciphers;  ///< of TLS 1.2, OpenSSL's names
    std::vector<std::string> curves;
    std::vector<std::string> signature_algorithms;
    std::vector<std::string> alpn = {"h2", "http/1.1"};
};

/// A name in a certificate.
struct NameMatch {
    enum class Type { exact, prefix, suffix, regex };
    Type type = Type::exact;
    std::string value;  ///< for regex: RE2, known to compile, matched whole
};

/// What a client's certificate must be.
struct ClientValidation {
    bool optional = false;                        ///< a client without one is let in
    std::vector<std::string> ca_pem;              ///< trust anchors; empty only with hashes
    std::vector<std::string> spki_hashes;         ///< base64 of SHA-256; one must fit
    std::vector<std::string> certificate_hashes;  ///< lower-case hex of SHA-256; one must fit
    std::vector<NameMatch> dns_names, emails, addresses, uris;  ///< one of all must fit
    Place place;
};

/// TLS of a Gateway's listener.
struct ListenerTls {
    bool passthrough = false;
    std::vector<SecretRef> certificates;  ///< each with tls.crt and tls.key, known to be there
    std::map<std::string, std::string> options;
    Place place;
};

struct ConnectionLimit {
    uint64_t most = 0;
    Duration close_delay{0};  ///< before a connection too many is closed
};

enum class ProxyProtocol { off, optional, required };

/// Whose address a request comes from; with neither hops nor ranges nor a header: the connection's.
struct AddressDetection {
    uint32_t trusted_hops = 0;          ///< of X-Forwarded-For, from the right
    std::vector<AddressRange> trusted;  ///< the first address from the right outside these
    std::string header;                 ///< lower case; holds the address
    bool fail_closed = false;           ///< 403 where `header` has none
};

enum class Underscores { allow, reject, drop };
enum class RequestIdAction { generate, preserve_or_generate, preserve, disable };
enum class ForwardedCert { sanitize, forward_only, append_forward, sanitize_set, always_forward };

/// What a ClientTrafficPolicy says beside deadlines and sizes (those are the Gateway's).
struct ClientSettings {
    ObjectName policy;  ///< empty name: no policy, everything at its default
    TlsSettings tls;
    std::optional<ClientValidation> validation;
    std::optional<ConnectionLimit> connections;
    ProxyProtocol proxy_protocol = ProxyProtocol::off;
    AddressDetection address;
    bool rate_limit_headers = true;  ///< x-ratelimit-* in answers
    Underscores underscores = Underscores::reject;
    RequestIdAction request_id = RequestIdAction::generate;
    ForwardedCert forwarded_cert = ForwardedCert::sanitize;
};

/// Everything about one listener's clients.
struct ListenerClients {
    std::optional<ListenerTls> tls;  ///< of protocol HTTPS and TLS
    ClientSettings settings;
};

}  // namespace weir::config
