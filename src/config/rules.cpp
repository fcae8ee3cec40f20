#include "config/rules.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>
#include <span>

#include "base/ascii.h"
#include "config/text.h"

namespace weir::config {

namespace {

bool has(const Node& self, std::string_view path) {
    return self.at(path) != nullptr;
}

std::string_view text(const Node& self, std::string_view key, std::string_view fallback = {}) {
    return self.text_at(key, fallback);
}

bool is(const Node& self, std::string_view key, std::string_view value) {
    return text(self, key) == value;
}

/// `key` is `value` exactly when `field` is set.
bool only_with(const Node& self, std::string_view key, std::string_view value,
               std::string_view field) {
    return is(self, key, value) == has(self, field);
}

bool exactly_one(const Node& self, std::string_view a, std::string_view b) {
    return has(self, a) != has(self, b);
}

bool not_both(const Node& self, std::string_view a, std::string_view b) {
    return !has(self, a) || !has(self, b);
}

bool unique(const Node& list, std::string_view key) {
    std::set<std::string_view> seen;
    return std::ranges::all_of(list.items, [&](const Node& item) {
        const Node* value = item.find(key);
        return !value || seen.insert(value->text).second;
    });
}

/// A duration under `key` in milliseconds; -1 if absent or malformed.
int64_t duration(const Node& self, std::string_view key) {
    auto parsed = parse_duration(text(self, key));
    return has(self, key) && parsed ? parsed->count() : -1;
}

int64_t integer(const Node& self, std::string_view key, int64_t fallback) {
    const Node* value = self.find(key);
    return value && value->kind == Node::Kind::integer
               ? std::strtoll(value->text.c_str(), nullptr, 10)
               : fallback;
}

/// When spec.type is `type`, of the credential blocks exactly `block` is set.
bool only_block(const Node& self, std::string_view type, std::string_view block) {
    static constexpr std::array<std::string_view, 6> kBlocks = {
        "apiKey",           "awsCredentials", "azureAPIKey",
        "azureCredentials", "gcpCredentials", "anthropicAPIKey"};
    if (!is(self, "type", type)) return true;
    return std::ranges::all_of(kBlocks,
                               [&](std::string_view b) { return has(self, b) == (b == block); });
}

bool is_pool(const Node& ref) {
    return ref.has("group") && ref.has("kind");
}

const std::vector<Node>& items(const Node& self, std::string_view key) {
    static const std::vector<Node> kNone;
    const Node* list = self.find(key);
    return list ? list->items : kNone;
}

bool all_in(const Node& self, std::string_view list, std::string_view key,
            std::string_view fallback, std::initializer_list<std::string_view> allowed) {
    return std::ranges::all_of(items(self, list), [&](const Node& item) {
        return std::ranges::find(allowed, text(item, key, fallback)) != allowed.end();
    });
}

bool names_target(const Node& ref, std::string_view group, std::string_view kind) {
    return is(ref, "group", group) && is(ref, "kind", kind);
}

bool matches(const Node& self, const char* pattern) {
    return re2::RE2::PartialMatch(self.text, pattern);
}

bool lb_type_in(const Node& self, std::initializer_list<std::string_view> types) {
    return std::ranges::find(types, text(self, "type")) != types.end();
}

// The routes, backends and policies of the AI gateway.
constexpr CrossFieldRule kGatewayRules[] = {
    {"only_gateways", "only Gateway is supported",
     [](const Node& s) {
         return std::ranges::all_of(
             s.items, [](const Node& r) { return text(r, "kind", "Gateway") == "Gateway"; });
     }},
    {"both_group_and_kind", "group and kind must be specified together",
     [](const Node& s) { return has(s, "group") == has(s, "kind"); }},
    {"only_inference_pool",
     "only InferencePool from inference.networking.k8s.io group is supported",
     [](const Node& s) {
         return !has(s, "group") || names_target(s, "inference.networking.k8s.io", "InferencePool");
     }},
    {"backend_timeout_within_request",
     "backendRequest timeout cannot be longer than request timeout",
     [](const Node& s) {
         int64_t request = duration(s, "request");
         return request <= 0 || duration(s, "backendRequest") <= request;
     }},
    {"route_not_found_reserved", "rule name route-not-found is reserved",
     [](const Node& s) { return !is(s, "name", "route-not-found"); }},
    {"no_mixed_pools", "cannot mix InferencePool and AIServiceBackend references in the same rule",
     [](const Node& s) {
         const auto& refs = items(s, "backendRefs");
         return std::ranges::all_of(
                    refs, [](const Node& r) { return !has(r, "group") && !has(r, "kind"); }) ||
                std::ranges::all_of(refs, is_pool);
     }},
    {"only_one_pool", "only one InferencePool backend is allowed per rule",
     [](const Node& s) {
         const auto& refs = items(s, "backendRefs");
         return refs.size() <= 1 || std::ranges::none_of(refs, is_pool);
     }},
    {"unique_rule_names", "rule name must be unique within the route",
     [](const Node& s) { return unique(s, "name"); }},
    {"must_be_backend",
     "BackendRef must be a Backend resource of Envoy Gateway. See "
     "https://github.com/envoyproxy/ai-gateway/issues/902 for more details.",
     [](const Node& s) { return names_target(s, "gateway.envoyproxy.io", "Backend"); }},
    {"service_needs_port", "Must have port for Service reference",
     [](const Node& s) {
         return !text(s, "group").empty() || text(s, "kind", "Service") != "Service" ||
                has(s, "port");
     }},
    {"one_azure_source", "Exactly one of clientSecretRef or oidcExchangeToken must be specified",
     [](const Node& s) { return exactly_one(s, "clientSecretRef", "oidcExchangeToken"); }},
    {"exactly_one_gcp_source",
     "Exactly one of GCPWorkloadIdentityFederationConfig or GCPCredentialsFile must be specified",
     [](const Node& s) {
         return exactly_one(s, "credentialsFile", "workloadIdentityFederationConfig");
     }},
    {"at_most_one_gcp_source",
     "At most one of credentialsFile or workloadIdentityFederationConfig may be specified",
     [](const Node& s) {
         return not_both(s, "credentialsFile", "workloadIdentityFederationConfig");
     }},
    {"policy_targets", "targetRefs must reference AIServiceBackend or InferencePool resources",
     [](const Node& s) {
         return std::ranges::all_of(s.items, [](const Node& r) {
             return names_target(r, "aigateway.envoyproxy.io", "AIServiceBackend") ||
                    names_target(r, "inference.networking.k8s.io", "InferencePool");
         });
     }},
    {"type_api_key", "When type is APIKey, only apiKey field should be set",
     [](const Node& s) { return only_block(s, "APIKey", "apiKey"); }},
    {"type_aws", "When type is AWSCredentials, only awsCredentials field should be set",
     [](const Node& s) { return only_block(s, "AWSCredentials", "awsCredentials"); }},
    {"type_azure_api_key", "When type is AzureAPIKey, only azureAPIKey field should be set",
     [](const Node& s) { return only_block(s, "AzureAPIKey", "azureAPIKey"); }},
    {"type_azure", "When type is AzureCredentials, only azureCredentials field should be set",
     [](const Node& s) { return only_block(s, "AzureCredentials", "azureCredentials"); }},
    {"type_gcp", "When type is GCPCredentials, only gcpCredentials field should be set",
     [](const Node& s) { return only_block(s, "GCPCredentials", "gcpCredentials"); }},
    {"type_anthropic_api_key",
     "When type is AnthropicAPIKey, only anthropicAPIKey field should be set",
     [](const Node& s) { return only_block(s, "AnthropicAPIKey", "anthropicAPIKey"); }},
    {"any_selector",
     "at least one of headers, methods, path, sourceCIDR or queryParams must be specified",
     [](const Node& s) {
         return has(s, "headers") || has(s, "methods") || has(s, "path") || has(s, "sourceCIDR") ||
                has(s, "queryParams");
     }},
    {"quota_targets", "targetRefs must reference AIServiceBackend resources",
     [](const Node& s) {
         return std::ranges::all_of(s.items, [](const Node& r) {
             return names_target(r, "aigateway.envoyproxy.io", "AIServiceBackend");
         });
     }},
    {"image_format", "Image must include a tag and allowed characters only (e.g., 'repo:tag').",
     [](const Node& s) {
         return matches(
             s,
             R"(^[a-zA-Z0-9._-]+(:[0-9]+)?(/[a-zA-Z0-9._/-]+)?(:[a-zA-Z0-9._-]+)?(@sha256:[a-z0-9]+)?$)");
     }},
    {"image_repository_format",
     "ImageRepository must contain only allowed characters and must not include a tag.",
     [](const Node& s) { return matches(s, R"(^[a-zA-Z0-9._-]+(:[0-9]+)?[a-zA-Z0-9._/-]+$)"); }},
    {"one_image", "Either image or imageRepository can be set.",
     [](const Node& s) { return not_both(s, "image", "imageRepository"); }},
};

// MCPRoute.
constexpr CrossFieldRule kMcpRules[] = {
    {"one_key_source", "exactly one of secretRef or inline must be set",
     [](const Node& s) { return exactly_one(s, "secretRef", "inline"); }},
    {"one_key_place", "only one of header or queryParam can be set",
     [](const Node& s) { return not_both(s, "header", "queryParam"); }},
    {"include_once", "include and includeRegex are mutually exclusive",
     [](const Node& s) { return not_both(s, "include", "includeRegex"); }},
    {"exclude_once", "exclude and excludeRegex are mutually exclusive",
     [](const Node& s) { return not_both(s, "exclude", "excludeRegex"); }},
    {"any_tool_selector",
     "at least one of include, includeRegex, exclude, or excludeRegex must be specified",
     [](const Node& s) {
         return has(s, "include") || has(s, "includeRegex") || has(s, "exclude") ||
                has(s, "excludeRegex");
     }},
    {"unique_backend_names", "all backendRefs names must be unique",
     [](const Node& s) { return unique(s, "name"); }},
    {"no_scope_claim", "'scope' claim name is reserved for OAuth scopes",
     [](const Node& s) {
         return std::ranges::none_of(s.items, [](const Node& c) { return is(c, "name", "scope"); });
     }},
    {"scopes_or_claims", "either scopes or claims must be specified",
     [](const Node& s) { return !items(s, "scopes").empty() || !items(s, "claims").empty(); }},
    {"config_map_or_secret",
     "Only a reference to an object of kind ConfigMap or Secret belonging to default v1 API group "
     "is supported.",
     [](const Node& s) {
         return (is(s, "kind", "ConfigMap") || is(s, "kind", "Secret")) &&
                (is(s, "group", "") || is(s, "group", "v1"));
     }},
    {"value_or_ref", "Exactly one of value or valueRef must be set with correct type.",
     [](const Node& s) {
         return exactly_one(s, "value", "valueRef") &&
                is(s, "type", has(s, "value") ? "Value" : "ValueRef");
     }},
    {"any_backend_ref", "backendRef or backendRefs needs to be set",
     [](const Node& s) { return has(s, "backendRef") || !items(s, "backendRefs").empty(); }},
    {"backend_ref_kinds", "BackendRefs only supports Service, ServiceImport, and Backend kind.",
     [](const Node& s) {
         return all_in(s, "backendRefs", "kind", "Service",
                       {"Service", "ServiceImport", "Backend"});
     }},
    {"backend_ref_groups",
     "BackendRefs only supports Core, multicluster.x-k8s.io, and gateway.envoyproxy.io groups.",
     [](const Node& s) {
         return all_in(s, "backendRefs", "group", "",
                       {"", "multicluster.x-k8s.io", "gateway.envoyproxy.io"});
     }},
    {"one_path", "only one of path or pathOverride can be specified",
     [](const Node& s) { return not_both(s, "path", "pathOverride"); }},
    {"grpc_or_http", "one of grpc or http must be specified",
     [](const Node& s) { return has(s, "grpc") || has(s, "http"); }},
    {"not_both_grpc_and_http", "only one of grpc or http can be specified",
     [](const Node& s) { return exactly_one(s, "grpc", "http"); }},
    {"inline_or_ref", "Exactly one of inline or valueRef must be set with correct type.",
     [](const Node& s) {
         return exactly_one(s, "inline", "valueRef") &&
                is(s, "type", has(s, "inline") ? "Inline" : "ValueRef");
     }},
    {"any_jwks", "either remoteJWKS or localJWKS must be specified.",
     [](const Node& s) { return has(s, "remoteJWKS") || has(s, "localJWKS"); }},
    {"one_jwks", "remoteJWKS and localJWKS cannot both be specified.",
     [](const Node& s) { return not_both(s, "remoteJWKS", "localJWKS"); }},
    {"jwt_needs_oauth", "oauth must be configured when any authorization rule uses a jwt source",
     [](const Node& s) {
         const Node* authorization = s.find("authorization");
         return has(s, "oauth") || !authorization ||
                std::ranges::none_of(items(*authorization, "rules"),
                                     [](const Node& r) { return has(r, "source.jwt"); });
     }},
};

// Envoy Gateway's settings towards a cluster, and OIDC.
constexpr CrossFieldRule kClusterRules[] = {
    {"fraction_at_most_one", "numerator must be less than or equal to denominator",
     [](const Node& s) { return integer(s, "numerator", 0) <= integer(s, "denominator", 100); }},
    {"text_payload", "If payload type is Text, text field needs to be set.",
     [](const Node& s) { return only_with(s, "type", "Text", "text"); }},
    {"binary_payload", "If payload type is Binary, binary field needs to be set.",
     [](const Node& s) { return only_with(s, "type", "Binary", "binary"); }},
    {"http_health", "If Health Checker type is HTTP, http field needs to be set.",
     [](const Node& s) { return only_with(s, "type", "HTTP", "http"); }},
    {"tcp_health", "If Health Checker type is TCP, tcp field needs to be set.",
     [](const Node& s) { return only_with(s, "type", "TCP", "tcp"); }},
    {"grpc_health", "The grpc field can only be set if the Health Checker type is GRPC.",
     [](const Node& s) { return !has(s, "grpc") || is(s, "type", "GRPC"); }},
    {"timeout_within_interval", "timeout must be less than interval",
     [](const Node& s) {
         return !has(s, "timeout") || !has(s, "interval") ||
                duration(s, "timeout") < duration(s, "interval");
     }},
    {"hash_header", "If consistent hash type is header, the header field must be set.",
     [](const Node& s) { return only_with(s, "type", "Header", "header"); }},
    {"hash_headers", "If consistent hash type is headers, the headers field must be set.",
     [](const Node& s) { return only_with(s, "type", "Headers", "headers"); }},
    {"hash_cookie", "If consistent hash type is cookie, the cookie field must be set.",
     [](const Node& s) { return only_with(s, "type", "Cookie", "cookie"); }},
    {"hash_query_params",
     "If consistent hash type is queryParams, the queryParams field must be set.",
     [](const Node& s) { return only_with(s, "type", "QueryParams", "queryParams"); }},
    {"lb_consistent_hash",
     "If LoadBalancer type is consistentHash, consistentHash field needs to be set.",
     [](const Node& s) { return only_with(s, "type", "ConsistentHash", "consistentHash"); }},
    {"lb_backend_utilization",
     "If LoadBalancer type is BackendUtilization, backendUtilization field needs to be set.",
     [](const Node& s) {
         return only_with(s, "type", "BackendUtilization", "backendUtilization");
     }},
    {"lb_dynamic_module",
     "If LoadBalancer type is DynamicModule, dynamicModule field needs to be set.",
     [](const Node& s) { return only_with(s, "type", "DynamicModule", "dynamicModule"); }},
    {"lb_slow_start",
     "Currently SlowStart is only supported for RoundRobin, LeastRequest, and BackendUtilization "
     "load balancers.",
     [](const Node& s) {
         return !has(s, "slowStart") ||
                !lb_type_in(s, {"Random", "ConsistentHash", "DynamicModule"});
     }},
    {"lb_prefer_local_hash",
     "PreferLocal zone-aware routing is not supported for ConsistentHash load balancers. Use "
     "weightedZones instead.",
     [](const Node& s) {
         return !is(s, "type", "ConsistentHash") || !has(s, "zoneAware.preferLocal");
     }},
    {"lb_prefer_local_utilization",
     "PreferLocal zone-aware routing is not currently supported for BackendUtilization load "
     "balancers. Only "
     "WeightedZones can be used with BackendUtilization.",
     [](const Node& s) {
         return !is(s, "type", "BackendUtilization") || !has(s, "zoneAware.preferLocal");
     }},
    {"lb_zone_aware_module", "ZoneAware routing is not supported for DynamicModule load balancers.",
     [](const Node& s) { return !is(s, "type", "DynamicModule") || !has(s, "zoneAware"); }},
    {"lb_zone_aware_one", "ZoneAware PreferLocal and WeightedZones cannot be specified together.",
     [](const Node& s) { return not_both(s, "zoneAware.preferLocal", "zoneAware.weightedZones"); }},
    {"lb_endpoint_override", "EndpointOverride is not supported for DynamicModule load balancers.",
     [](const Node& s) { return !is(s, "type", "DynamicModule") || !has(s, "endpointOverride"); }},
    {"predictive_percent",
     "predictivePercent in preconnect policy only works with RoundRobin or Random load balancers",
     [](const Node& s) {
         const Node* type = s.at("loadBalancer.type");
         return !has(s, "connection.preconnect.predictivePercent") ||
                (type && (type->text == "Random" || type->text == "RoundRobin"));
     }},
    {"no_backend_ref", "BackendRefs must be used, backendRef is not supported.",
     [](const Node& s) { return !has(s, "backendRef"); }},
    {"no_retry_timeout", "Retry timeout is not supported.",
     [](const Node& s) { return !has(s, "backendSettings.retry.perRetry.timeout"); }},
    {"no_retry_status_codes", "HTTPStatusCodes is not supported.",
     [](const Node& s) { return !has(s, "backendSettings.retry.retryOn.httpStatusCodes"); }},
    {"one_client_id", "only one of clientID or clientIDRef must be set",
     [](const Node& s) { return exactly_one(s, "clientID", "clientIDRef"); }},
    {"forward_token_header",
     "forwardAccessToken cannot be true when forwardIDToken.header is Authorization",
     [](const Node& s) {
         const Node* header = s.at("forwardIDToken.header");
         return !is(s, "forwardAccessToken", "true") || !header ||
                !iequals(header->text, "authorization");
     }},
};

// Limits of Envoy Gateway.
constexpr CrossFieldRule kLimitRules[] = {
    {"number_or_metadata", "only one of number or metadata can be specified",
     [](const Node& s) { return not_both(s, "number", "metadata"); }},
    {"no_local_response_cost", "response cost is not supported for Local Rate Limits",
     [](const Node& s) {
         return std::ranges::none_of(s.items,
                                     [](const Node& r) { return has(r, "cost.response"); });
     }},
    {"unique_limit_names", "rule names must be unique",
     [](const Node& s) { return unique(s, "name"); }},
    {"rate_limit_type_global", "type Global needs global; add global.rules",
     [](const Node& s) { return !is(s, "type", "Global") || has(s, "global"); }},
    {"rate_limit_type_local", "type Local needs local; add local.rules",
     [](const Node& s) { return !is(s, "type", "Local") || has(s, "local"); }},
};

/// Place of a TLS version among all; Auto stands for `automatic`.
int tls_version(const Node& self, std::string_view key, int automatic) {
    constexpr std::string_view kVersions[] = {"1.0", "1.1", "1.2", "1.3"};
    for (int i = 0; i < 4; ++i)
        if (is(self, key, kVersions[i])) return i;
    return automatic;
}

// TLS and addresses of clients.
constexpr CrossFieldRule kClientRules[] = {
    {"ciphers_below_13", "setting ciphers has no effect if the minimum possible TLS version is 1.3",
     [](const Node& s) { return !is(s, "minVersion", "1.3") || !has(s, "ciphers"); }},
    {"min_version_below_max", "minVersion must be smaller or equal to maxVersion",
     [](const Node& s) {
         return tls_version(s, "minVersion", 2) <= tls_version(s, "maxVersion", 3);
     }},
    {"hops_or_ranges", "only one of numTrustedHops or trustedCIDRs must be set",
     [](const Node& s) { return exactly_one(s, "numTrustedHops", "trustedCIDRs"); }},
    {"header_or_forwarded", "customHeader cannot be used in conjunction with xForwardedFor",
     [](const Node& s) { return not_both(s, "customHeader", "xForwardedFor"); }},
    {"one_request_id", "preserveXRequestID and requestID cannot both be set.",
     [](const Node& s) { return not_both(s, "preserveXRequestID", "requestID"); }},
    {"certificates_or_options",
     "certificateRefs or options must be specified when mode is Terminate",
     [](const Node& s) {
         return is(s, "mode", "Passthrough") || !items(s, "certificateRefs").empty() ||
                has(s, "options");
     }},
    {"alt_name_by_type", "SubjectAltName element must contain the field that its type names",
     [](const Node& s) {
         return only_with(s, "type", "Hostname", "hostname") && only_with(s, "type", "URI", "uri");
     }},
    {"plain_without_tls", "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']",
     [](const Node& s) {
         bool plain =
             is(s, "protocol", "HTTP") || is(s, "protocol", "TCP") || is(s, "protocol", "UDP");
         return !plain || !has(s, "tls");
     }},
    {"https_terminates", "tls mode must be Terminate for protocol HTTPS",
     [](const Node& s) {
         const Node* mode = s.at("tls.mode");
         return !is(s, "protocol", "HTTPS") || !mode || mode->text == "Terminate";
     }},
};

// Gateway API, the seed's spelling and ours.
constexpr CrossFieldRule kOtherRules[] = {
    {"says_something", "at least one of strict, clientSigV4 or conversations must be set",
     [](const Node& s) {
         return has(s, "strict") || has(s, "clientSigV4") || has(s, "conversations");
     }},
    {"delay_or_percentile", "exactly one of delay or percentile must be set",
     [](const Node& s) { return has(s, "delay") != has(s, "percentile"); }},
    {"fqdn_or_ip", "exactly one of fqdn, ip or unix must be set",
     [](const Node& s) { return has(s, "fqdn") + has(s, "ip") + has(s, "unix") == 1; }},
    {"unique_listener_names", "Listener name must be unique within the Gateway",
     [](const Node& s) { return unique(s, "name"); }},
    {"one_trust", "exactly one of caCertificateRefs or wellKnownCACertificates must be set",
     [](const Node& s) { return exactly_one(s, "caCertificateRefs", "wellKnownCACertificates"); }},
    {"routes_or_rules", "routes and rules are two names of one list; write one of them",
     [](const Node& s) { return not_both(s, "routes", "rules"); }},
    {"backends_or_refs", "backends and backendRefs are two names of one list; write one of them",
     [](const Node& s) { return not_both(s, "backends", "backendRefs"); }},
    {"provider_or_schema", "exactly one of provider or schema must be set",
     [](const Node& s) { return exactly_one(s, "provider", "schema"); }},
    {"endpoint_or_ref", "exactly one of endpoint or backendRef must be set",
     [](const Node& s) { return exactly_one(s, "endpoint", "backendRef"); }},
    {"authentication_or_type", "exactly one of authenticationRefs or type must be set",
     [](const Node& s) { return exactly_one(s, "authenticationRefs", "type"); }},
};

}  // namespace

const CrossFieldRule& find_rule(std::string_view name) {
    for (std::span<const CrossFieldRule> family : {std::span<const CrossFieldRule>(kGatewayRules),
                                                   std::span<const CrossFieldRule>(kMcpRules),
                                                   std::span<const CrossFieldRule>(kClusterRules),
                                                   std::span<const CrossFieldRule>(kLimitRules),
                                                   std::span<const CrossFieldRule>(kClientRules),
                                                   std::span<const CrossFieldRule>(kOtherRules)})
        if (auto found = std::ranges::find(family, name, &CrossFieldRule::name);
            found != family.end())
            return *found;
    fmt::print(stderr, "schema table: no rule {}\n", name);
    std::abort();
}

}  // namespace weir::config
