/// Resources: one typed struct per noun, the neutral result of decoding.
///
/// However a resource was spelled (the seed's group, upstream's v1alpha1 or v1beta1), there is one
/// type for it here, with defaults filled in, names made absolute (namespace and name), durations
/// and enumerations decoded. Each struct keeps the Place it was written at. The snapshot compiler
/// reads these; nothing here knows YAML. Ownership: plain values. Threads: immutable after load().
#pragma once
#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "config/defaults.h"
#include "config/place.h"
#include "config/resilience.h"
#include "config/tls.h"
#include "json/value.h"

namespace weir::config {

/// Namespace and name of an object, as references name it.
struct ObjectName {
    std::string space;  ///< namespace; "default" unless written
    std::string name;
    std::string to_string() const { return space + "/" + name; }
    friend auto operator<=>(const ObjectName&, const ObjectName&) = default;
};

/// What every resource has.
struct Meta {
    std::string kind;         ///< as written: "AIGatewayRoute"
    std::string api_version;  ///< as written: "aigateway.envoyproxy.io/v1beta1"
    ObjectName name;
    std::map<std::string, std::string> annotations;
    std::map<std::string, std::string> labels;
    std::optional<int64_t> created;  ///< creationTimestamp, Unix seconds; absent outside Kubernetes
    Place place;                     ///< of the document
};

/// Deadlines, all known. Zero means none, as in Gateway API.
struct Timeouts {
    Duration head_read = defaults::kHeadRead;   ///< first byte of a request to the end of its head
    Duration handshake = defaults::kHandshake;  ///< connection accepted to TLS agreed on
    Duration idle = defaults::kIdle;            ///< keep-alive connection without a request
    Duration connect = defaults::kConnect;      ///< DNS, TCP and TLS to a provider
    Duration first_byte =
        defaults::kFirstByte;  ///< request sent to first byte of the answer, per attempt
    Duration stream_idle = defaults::kStreamIdle;  ///< between two chunks of an answer
    Duration request = defaults::kRequest;         ///< request head to last byte
};

/// Deadlines that something said; empty where it said nothing.
struct TimeoutOverrides {
    std::optional<Duration> head_read, handshake, idle, connect, first_byte, stream_idle, request;
    /// `base` with what is said here put over it.
    Timeouts over(Timeouts base) const;
    /// Fills what is empty here from `other`.
    void fill_from(const TimeoutOverrides& other);
};

struct Limits {
    uint64_t request_body = defaults::kRequestBody;
    uint64_t request_head = defaults::kRequestHead;
    uint64_t body_memory = defaults::kBodyMemory;
    uint64_t response_body = defaults::kResponseBody;
    uint64_t connections =
        defaults::kConnections;                 ///< of clients, in the whole process; 0: default
    uint64_t exchanges = defaults::kExchanges;  ///< in flight in the whole process; 0: any number
    uint64_t exchanges_per_listener = defaults::kExchanges;  ///< 0: any number
    /// In flight for one caller (a certificate's name, else an address); 0: any number.
    uint64_t exchanges_per_principal = defaults::kExchanges;
    uint64_t handshakes = defaults::kHandshakes;  ///< of TLS at once, in the whole process
    Http2Allowances http2_allowances;
};

// ---- Gateway API

enum class Protocol { http, https, tls, tcp, udp };

struct Listener {
    enum class Routes { same_namespace, all_namespaces, selected_namespaces };
    std::string name;
    Protocol protocol = Protocol::http;
    uint16_t port = 0;
    std::string hostname;  ///< lower case; empty for any; may begin "*."
    Routes routes = Routes::same_namespace;
    Place place;
};

struct SecretRef {
    ObjectName name;
    Place place;
};

/// An HTTP proxy through which providers are reached (CONNECT).
struct ForwardProxy {
    std::string host;
    uint16_t port = 0;
    Secret credentials;                 ///< "user:password"; empty: none
    std::vector<std::string> no_proxy;  ///< hosts reached without it; ".example.com" for all below
    Place place;
};

/// Whether `host` (lower case) is reached without the proxy.
bool bypasses(const ForwardProxy& proxy, std::string_view host);

/// What is offered and shown to the providers of a Gateway's routes, where TLS is spoken at all and
/// the backend itself says nothing else (EnvoyProxy backendTLS).
struct ProviderTls {
    TlsSettings settings;
    std::optional<SecretRef> client_certificate;  ///< its Secret is known to be there
    std::string said_by;                          ///< "EnvoyProxy/edge", for messages
};

struct Gateway {
    Meta meta;
    std::string class_name;
    std::vector<Listener> listeners;
    bool implicit = false;  ///< stands for every name, because no Gateway was loaded
    Timeouts timeouts;  ///< defaults, GatewayOptions and policies on this Gateway, in that order
    Limits limits;
    std::optional<ForwardProxy> forward_proxy;  ///< of its GatewayConfig
    std::optional<ProviderTls> provider_tls;    ///< of its EnvoyProxy
};

struct GatewayClass {
    Meta meta;
    std::string controller;
};

/// The Redis through which instances share their limits, as a document says it.
struct SharedStore {
    std::string url;  ///< as --redis takes it
    bool fail_closed =
        false;  ///< what cannot be counted is refused, where no LimitOptions says else
    std::optional<SecretRef> client_certificate;  ///< what Weir shows it; its Secret is known to be
                                                  ///< there
    Place place;
};

/// "Resources of `from` may refer to `to` in my namespace."
struct ReferenceGrant {
    struct From {
        std::string group, kind, space;
    };
    struct To {
        std::string group, kind, name;  ///< empty name: all of that kind
    };
    Meta meta;
    std::vector<From> from;
    std::vector<To> to;
};

// ---- Mutations

struct HeaderField {
    std::string name;  ///< lower case
    std::string value;
    Place place;
};

/// Headers to remove, then to set. Names are lower case.
struct HeaderMutation {
    std::vector<HeaderField> set;
    std::vector<std::string> remove;
    bool empty() const { return set.empty() && remove.empty(); }
};

struct BodyField {
    std::string path;   ///< name of a top-level member
    json::Value value;  ///< the text parsed as JSON; text that is not JSON is a JSON string
    Place place;
};

/// Top-level members of a JSON body to remove, then to set.
struct BodyMutation {
    std::vector<BodyField> set;
    std::vector<std::string> remove;
    bool empty() const { return set.empty() && remove.empty(); }
};

// ---- Routes

struct ParentRef {
    ObjectName gateway;
    std::string section;           ///< listener name; empty for all
    std::optional<uint16_t> port;  ///< listeners of that port only
    Place place;
};

struct PathMatch {
    enum class Type { exact, prefix, regex };
    Type type = Type::prefix;
    std::string value;
    Place place;
};

struct HeaderMatch {
    enum class Type { exact, regex };
    Type type = Type::exact;
    std::string name;   ///< lower case; "x-ai-eg-model" is the body's `model`
    std::string value;  ///< for regex: RE2, known to compile, matched whole
    Place place;
};

/// All parts must hold; a rule's matches are alternatives.
struct RuleMatch {
    std::optional<PathMatch> path;
    std::vector<HeaderMatch> headers;
    std::string method;  ///< empty: any
    Place place;
};

struct BackendRef {
    enum class Kind { backend, inference_pool };
    Kind kind = Kind::backend;
    ObjectName name;
    uint32_t weight = 1;
    uint32_t priority = 0;       ///< 0 is tried first
    std::string model_override;  ///< empty: the client's model
    HeaderMutation headers;      ///< beats the backend's per name
    BodyMutation body;
    Place place;
};

struct Rule {
    std::string name;                ///< empty unless written
    std::vector<RuleMatch> matches;  ///< empty: matches everything
    std::vector<BackendRef> backends;
    TimeoutOverrides timeouts;  ///< of the rule, then of policies on its route
    Resilience resilience;      ///< of the policies that govern it, wherever they are attached
    std::string models_owned_by = std::string(defaults::kModelsOwnedBy);
    std::optional<int64_t> models_created_at;  ///< Unix seconds
    bool strict = false;  ///< what the provider cannot say is refused (DialectPolicy)
    /// The Secret, known to be there, whose key `credentials` holds the AWS keys with which clients
    /// of Bedrock's API must sign; none: they need not.
    std::optional<ObjectName> client_keys;
    Place place;
};

/// A number derived from usage.
struct CostRule {
    enum class Type { input, cached_input, cache_creation_input, output, reasoning, total, cel };
    std::string key;
    Type type = Type::total;
    std::string cel;  ///< for Type::cel
    Place place;
};

struct Route {
    Meta meta;
    std::vector<ParentRef> parents;
    std::vector<std::string> hostnames;  ///< lower case; empty: any
    std::vector<Rule> rules;
    std::vector<CostRule> costs;  ///< its own, then its Gateways' where it has none of that name
};

// ---- Backends

enum class SchemaName {
    openai,
    cohere,
    aws_bedrock,
    azure_openai,
    gcp_vertex,
    gcp_anthropic,
    anthropic,
    aws_anthropic,
    gemini,
};
std::string_view to_string(SchemaName name);  ///< upstream's spelling: "AWSBedrock"

/// Which wire format a backend speaks.
struct ApiSchema {
    SchemaName name = SchemaName::openai;
    std::string
        version;  ///< Azure api-version, anthropic_version, Cohere path version; may be empty
    std::string
        prefix;  ///< path prefix without slashes at its ends ("v1", "v1beta/openai"); empty: none
};

/// TLS to a provider.
struct Tls {
    std::string server_name;             ///< SNI and the name verified; empty: the endpoint's host
    bool system_roots = true;            ///< the system's trust store
    std::vector<std::string> ca_pem;     ///< else these certificates
    bool verify = true;                  ///< false only where a resource says insecureSkipVerify
    std::vector<std::string> alt_names;  ///< one must be in its certificate, in place of the name
    std::vector<std::string> alt_uris;
    TlsSettings settings;
    std::optional<SecretRef> client_certificate;  ///< what Weir shows; its Secret is known to be
                                                  ///< there
    Place place;                                  ///< what asked for TLS
};

/// One address of a backend.
struct Endpoint {
    std::string host;  ///< host name in lower case, or an IP address without brackets
    uint16_t port = 0;
    bool is_ip = false;
    Place place;
};

/// Envoy Gateway's Backend: where to connect, and whether with TLS.
///
/// TLS comes from the Backend's own `tls` or a BackendTLSPolicy. Without either the connection is
/// plain text whatever the port, as in Envoy Gateway (port 443 without TLS is warned about).
struct EndpointBackend {
    Meta meta;
    std::vector<Endpoint> endpoints;
    std::optional<Tls> tls;
    bool fallback = false;
    bool http2 = false;  ///< spoken to in HTTP/2 (appProtocols); with TLS, if it agrees
};

enum class UsageMode { ask, never };

/// Which of OpenAI's APIs for conversations a backend of that kind has (DialectPolicy).
enum class Conversations { both, chat_completions, responses };
std::string_view to_string(Conversations conversations);  ///< as in YAML: "ChatCompletions"

/// AIServiceBackend: a dialect, an endpoint, mutations. Exactly one of `endpoint_ref` and `url` is
/// set.
struct Backend {
    /// The seed's inline `endpoint`.
    struct Url {
        bool tls = true;
        Endpoint endpoint;
    };
    Meta meta;
    ApiSchema schema;
    std::optional<ObjectName> endpoint_ref;  ///< an EndpointBackend
    std::optional<Url> url;
    std::string provider;  ///< the seed's spelling, as written; else empty
    std::string region;    ///< of a Bedrock endpoint's host name; empty if unknown
    HeaderMutation headers;
    BodyMutation body;
    UsageMode usage = UsageMode::ask;
    Conversations conversations = Conversations::both;
};

// ---- Credentials

enum class CredentialType {
    api_key,
    azure_api_key,
    anthropic_api_key,
    gemini_api_key,
    aws,
    azure,
    gcp
};
std::string_view to_string(CredentialType type);  ///< upstream's spelling: "AWSCredentials"

/// BackendSecurityPolicy: what to say to a provider.
/// Requests may bring the credential for their backend themselves.
struct CredentialOverride {
    std::string header;                              ///< of AWSCredentials: the prefix of three
    bool fall_back = defaults::kCredentialFallback;  ///< without it the policy's own is used
    Place place;
};

/// A token of an OpenID Connect provider that a cloud takes for a credential of its own.
struct OidcExchange {
    std::string issuer;          ///< URL
    std::string token_endpoint;  ///< URL; empty: the issuer's discovery document names it
    std::string client_id;
    std::optional<SecretRef> client_id_secret;  ///< in place of client_id: its key "client-id"
    std::vector<std::string> scopes;
    std::vector<std::string> resources;
    std::string audience;
    std::string grant_type;
    std::string aws_role;     ///< ARN
    std::string gcp_project;  ///< of the workload identity pool
    std::string gcp_pool;
    std::string gcp_provider;
    std::string gcp_service_account;  ///< e-mail address; empty: none is impersonated
};

struct CredentialPolicy {
    Meta meta;
    std::vector<ObjectName> targets;  ///< AIServiceBackends
    std::optional<CredentialType>
        type;  ///< absent in the seed's spelling: each backend's dialect decides
    std::optional<SecretRef> secret;  ///< of the block that `type` names, or authenticationRefs
    std::string aws_region;
    std::string aws_profile = std::string(defaults::kAwsProfile);
    std::string gcp_project;  ///< these two are part of the path on Vertex AI
    std::string gcp_region;
    std::string azure_tenant;
    std::string azure_client;
    std::optional<OidcExchange> oidc;  ///< then `secret` is the client's
    std::optional<CredentialOverride> override;
    bool seed_spelling =
        false;  ///< the Secret's key is the backend's name, its provider, or apiKey
};

struct SecretResource {
    Meta meta;
    std::map<std::string, Secret> values;  ///< decoded
};

struct ConfigMapResource {
    Meta meta;
    std::map<std::string, std::string> data;
};

}  // namespace weir::config
