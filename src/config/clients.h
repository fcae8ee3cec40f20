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

/// How long a connection serves; zero: any time, any number.
struct ConnectionLife {
    Duration max_age{0};
    Duration max_stream{0};  ///< of one exchange
    uint32_t max_requests = 0;
};

/// Probes of an idle connection by the kernel; zero: the system's.
struct TcpProbes {
    uint32_t count = 0;
    Duration idle{0};
    Duration interval{0};
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
enum class CertDetail { subject, cert, chain, dns, uri };

/// Fields put into, and taken out of, every request or answer. Names are lower case.
struct FieldRules {
    std::vector<HeaderField> set;            ///< in place of what is there
    std::vector<HeaderField> add;            ///< beside it
    std::vector<HeaderField> add_if_absent;  ///< only where there is none
    std::vector<std::string> remove;
    bool empty() const {
        return set.empty() && add.empty() && add_if_absent.empty() && remove.empty();
    }
};

/// %2F and its like in a path.
enum class EscapedSlashes { keep, reject, unescape, redirect };
struct PathRules {
    EscapedSlashes escaped = EscapedSlashes::redirect;
    bool merge_slashes = true;
};

/// What a ClientTrafficPolicy says. Deadlines and sizes stand here where it is about one listener;
/// those of a whole Gateway are the Gateway's.
struct ClientSettings {
    ObjectName policy;  ///< empty name: no policy, everything at its default
    TlsSettings tls;
    Http2Settings http2;
    std::optional<ClientValidation> validation;
    std::optional<ConnectionLimit> connections;
    ConnectionLife life;
    std::optional<TcpProbes> probes;
    ProxyProtocol proxy_protocol = ProxyProtocol::off;
    AddressDetection address;
    bool rate_limit_headers = true;  ///< x-ratelimit-* in answers
    Underscores underscores = Underscores::allow;
    RequestIdAction request_id = RequestIdAction::preserve_or_generate;
    ForwardedCert forwarded_cert = ForwardedCert::sanitize;
    std::vector<CertDetail> cert_details;
    FieldRules early;  ///< requests, before anything looks at them
    FieldRules late;   ///< answers
    std::optional<PathRules> path;
    std::string health_path;  ///< answered by Weir itself; empty: none
    TimeoutOverrides timeouts;
    std::optional<uint64_t> request_body;
};

/// Everything about one listener's clients.
struct ListenerClients {
    std::optional<ListenerTls> tls;  ///< of protocol HTTPS and TLS
    ClientSettings settings;
    Timeouts timeouts;  ///< the Gateway's, and over them the policy's
    uint64_t request_body = defaults::kRequestBody;
};

}  // namespace weir::config
