/// Objects that passed their tables to typed resources. What only the whole can tell is
/// resolve.h's.
///
/// Each function fills in defaults and reports what a table cannot say: patterns that do not
/// compile, endpoints that are no URL, values that do not fit. A wrongly typed field, already
/// reported by check_object(), reads as absent. Threads: any; no state.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/limits.h"
#include "config/load.h"
#include "config/object.h"
#include "config/report.h"
#include "config/resources.h"

namespace weir::config {

/// An object another one names, with what messages need to say about it.
struct Reference {
    std::string group, kind;
    ObjectName name;
    std::string section;
    Place place;
    std::string field;
};

/// BackendTLSPolicy: TLS for the Backends it targets.
struct TlsPolicy {
    Meta meta;
    std::vector<Reference> targets;
    Tls tls;                             ///< ca_pem is filled in when references are resolved
    std::vector<Reference> authorities;  ///< ConfigMaps or Secrets with "ca.crt"
};

/// Targets told by their labels.
struct TargetSelector {
    enum class Operator { in, not_in, exists, does_not_exist };
    struct Requirement {
        std::string key;
        Operator op = Operator::in;
        std::vector<std::string> values;
    };
    std::string group, kind;
    bool all_namespaces = false;
    std::vector<Requirement> requirements;
    Place place;
    std::string field;
};

/// How a policy on a route is put together with the one on its listener or Gateway.
enum class MergeType {
    none,       ///< it stands alone
    strategic,  ///< lists unite
    json,       ///< RFC 7386: a list replaces the other
};

/// BackendTrafficPolicy, ClientTrafficPolicy or GatewayOptions: deadlines and limits for its
/// targets.
struct TrafficPolicy {
    Meta meta;
    std::vector<Reference> targets;  ///< Gateways and routes; for GatewayOptions none means all
    std::vector<TargetSelector> selectors;
    MergeType merge = MergeType::none;
    std::vector<LimitRule> limits;  ///< of rateLimit
    TimeoutOverrides timeouts;
    Resilience resilience;
    std::optional<uint64_t> request_body, request_head, body_memory, response_body;
    std::optional<uint64_t> connections, exchanges, exchanges_per_listener, exchanges_per_principal,
        handshakes;
    Http2Allowances http2_allowances;
};

/// weir.dev DialectPolicy: what becomes of what a provider cannot say, and through which of its
/// APIs it is spoken to.
struct DialectPolicy {
    Meta meta;
    std::vector<Reference> targets;  ///< routes, rules of them, backends
    std::optional<bool> strict;  ///< of routes, all if there are no targets: refused, not dropped
    std::optional<Reference> client_keys;        ///< of routes: a Secret
    std::optional<Conversations> conversations;  ///< of backends
    Place place;                                 ///< of the spec
};
DialectPolicy decode_dialect_policy(const Object& object);

/// GatewayConfig: costs for the routes of the Gateways whose annotation names it, and the proxy to
/// their providers.
struct GatewayCosts {
    Meta meta;
    std::vector<CostRule> costs;
    std::optional<ForwardProxy> forward_proxy;
};

/// A backend and the reference to its endpoints, if it is written as one.
struct DecodedBackend {
    Backend backend;
    std::optional<Reference> endpoints;
};

/// A credential policy and the targets it names, as references.
struct DecodedPolicy {
    CredentialPolicy policy;
    std::vector<Reference> targets;
    std::string secret_field;     ///< where `policy.secret` was written
    std::string client_id_field;  ///< of oidc.clientIDRef, if there is one
};

/// EnvoyProxy, as far as a proxy can heed it.
struct ProxySettings {
    Meta meta;
    std::optional<ProviderTls> tls;
    std::optional<Reference> client_certificate;
};
ProxySettings decode_proxy_settings(const Object& object, Report& report);

/// The EnvoyProxy that a GatewayClass or a Gateway names.
struct ParametersRef {
    Meta owner;
    Reference proxy;
};
std::optional<ParametersRef> read_parameters_ref(const Object& object, Report& report);

/// EnvoyGateway's rateLimit: the configuration file of another program, which has no name.
struct DecodedSharedStore {
    Meta meta;
    SharedStore store;
    std::optional<Reference> client_certificate;
};
std::optional<DecodedSharedStore> decode_envoy_gateway(const Object& object, Report& report);

/// An Envoy Gateway Backend and the certificates its own `tls` names.
struct DecodedEndpoints {
    EndpointBackend backend;
    std::vector<Reference> authorities;
    std::optional<Reference> client_certificate;
};

Route decode_route(const Object& object, Report& report);
DecodedBackend decode_backend(const Object& object, Report& report);
DecodedEndpoints decode_endpoints(const Object& object, Report& report);
DecodedPolicy decode_credential_policy(const Object& object, Report& report);
SecretResource decode_secret(const Object& object, const Options& options, Report& report);
ConfigMapResource decode_config_map(const Object& object, Report& report);
Gateway decode_gateway(const Object& object, Report& report);
GatewayClass decode_gateway_class(const Object& object);
ReferenceGrant decode_reference_grant(const Object& object);
TlsPolicy decode_tls_policy(const Object& object);
std::optional<ForwardProxy> read_forward_proxy(const Object& object, Report& report);
GatewayCosts decode_gateway_config(const Object& object, Report& report);
TrafficPolicy decode_traffic_policy(const Object& object, Report& report);
/// The parts of BackendTrafficPolicy and ResiliencePolicy that resilience.h names.
Resilience decode_resilience(const Object& object, Report& report);

// ---- shared by the decoders

/// What is not said here is as another policy says it.
template <class T>
void fill(std::optional<T>& mine, const std::optional<T>& other) {
    if (!mine) mine = other;
}
/// "default" when absent.
std::string space_of(const Node& reference, const ObjectName& owner);
TargetSelector read_target_selector(const Node& node, std::string field, Report& report);
Reference read_reference(const Node& node, const ObjectName& owner, std::string_view group,
                         std::string_view kind, std::string field);
std::optional<Duration> read_duration(const Node& node, std::string_view key);
std::optional<uint64_t> read_quantity(const Node& node, std::string_view key);
std::optional<int64_t> read_int(const Node& node, std::string_view key);
std::optional<int64_t> read_int(const Node& value);
/// The items of the list under `key`; empty if there is none.
const std::vector<Node>& list_of(const Node& node, std::string_view key);
HeaderMutation read_headers(const Node* node, std::string_view path, Report& report);
BodyMutation read_body(const Node* node);
/// Reports a pattern that RE2 does not compile.
void check_regex(const std::string& pattern, const Place& place, const std::string& field,
                 Report& report);
/// Reports text that is no CEL expression for a cost (docs/cel.md).
void check_expression(const Node& node, const std::string& field, Report& report);
/// A list of llmRequestCosts.
std::vector<CostRule> read_costs(const Node& spec, std::string_view key, Report& report);
PathMatch read_path_match(const Node& node, const std::string& path, Report& report);
/// Region of a Bedrock host name; empty if it holds none.
std::string bedrock_region(std::string_view host);

}  // namespace weir::config
