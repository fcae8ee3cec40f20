// Each rule with a value that keeps it and one that breaks it.
#include "config/rules.h"

#include "config/test_support.h"
#include "config/yaml.h"

namespace weir::config {
namespace {

struct RuleCase {
    const char* rule;
    const char* keeps;
    const char* breaks;
};

constexpr RuleCase kCases[] = {
    {"only_gateways", "[{name: a}, {name: b, kind: Gateway}]", "[{name: a, kind: Service}]"},
    {"both_group_and_kind", "{group: g, kind: K}", "{group: g}"},
    {"both_group_and_kind", "{name: a}", "{kind: K}"},
    {"only_inference_pool", "{group: inference.networking.k8s.io, kind: InferencePool}",
     "{group: inference.networking.k8s.io, kind: Pool}"},
    {"backend_timeout_within_request", "{request: 10s, backendRequest: 10s}",
     "{request: 10s, backendRequest: 11s}"},
    {"backend_timeout_within_request", "{request: 0s, backendRequest: 11s}",
     "{request: 1ms, backendRequest: 1s}"},
    {"route_not_found_reserved", "{name: other}", "{name: route-not-found}"},
    {"no_mixed_pools", "{backendRefs: [{name: a}, {name: b}]}",
     "{backendRefs: [{name: a}, {name: b, group: g, kind: K}]}"},
    {"only_one_pool", "{backendRefs: [{group: g, kind: K}]}",
     "{backendRefs: [{group: g, kind: K}, {group: g, kind: K}]}"},
    {"unique_rule_names", "[{name: a}, {name: b}, {}, {}]", "[{name: a}, {name: a}]"},
    {"must_be_backend", "{group: gateway.envoyproxy.io, kind: Backend}", "{kind: Backend}"},
    {"service_needs_port", "{kind: Service, port: 80}", "{name: a}"},
    {"one_azure_source", "{clientSecretRef: {name: a}}",
     "{clientSecretRef: {name: a}, oidcExchangeToken: {a: b}}"},
    {"one_azure_source", "{oidcExchangeToken: {a: b}}", "{clientID: a}"},
    {"exactly_one_gcp_source", "{credentialsFile: {a: b}}", "{region: a}"},
    {"at_most_one_gcp_source", "{region: a}",
     "{credentialsFile: {a: b}, workloadIdentityFederationConfig: {a: b}}"},
    {"policy_targets", "[{group: aigateway.envoyproxy.io, kind: AIServiceBackend}]",
     "[{group: aigateway.envoyproxy.io, kind: InferencePool}]"},
    {"type_api_key", "{type: APIKey, apiKey: {a: b}}", "{type: APIKey}"},
    {"type_aws", "{type: AWSCredentials, awsCredentials: {a: b}}",
     "{type: AWSCredentials, apiKey: {a: b}}"},
    {"type_azure_api_key", "{type: AzureAPIKey, azureAPIKey: {a: b}}",
     "{type: AzureAPIKey, azureAPIKey: {a: b}, apiKey: {a: b}}"},
    {"type_azure", "{type: AzureCredentials, azureCredentials: {a: b}}",
     "{type: AzureCredentials}"},
    {"type_gcp", "{type: GCPCredentials, gcpCredentials: {a: b}}",
     "{type: GCPCredentials, gcpCredentials: {a: b}, anthropicAPIKey: {a: b}}"},
    {"type_anthropic_api_key", "{type: AnthropicAPIKey, anthropicAPIKey: {a: b}}",
     "{type: AnthropicAPIKey}"},
    {"any_selector", "{sourceCIDR: {a: b}}", "{name: a}"},
    {"quota_targets", "[{group: aigateway.envoyproxy.io, kind: AIServiceBackend}]",
     "[{group: g, kind: AIServiceBackend}]"},
    {"image_format", "docker.io/library/x:1.2", "x y"},
    {"image_repository_format", "docker.io/library/x", "x:tag"},
    {"one_image", "{image: a}", "{image: a, imageRepository: b}"},
    {"one_key_source", "{inline: a}", "{header: a}"},
    {"one_key_place", "{header: a}", "{header: a, queryParam: b}"},
    {"include_once", "{include: [a]}", "{include: [a], includeRegex: [b]}"},
    {"exclude_once", "{excludeRegex: [a]}", "{exclude: [a], excludeRegex: [b]}"},
    {"any_tool_selector", "{exclude: [a]}", "{name: a}"},
    {"unique_backend_names", "[{name: a}, {name: b}]", "[{name: a}, {name: a}]"},
    {"no_scope_claim", "[{name: a}]", "[{name: scope}]"},
    {"scopes_or_claims", "{scopes: [a]}", "{scopes: [], claims: []}"},
    {"config_map_or_secret", "{kind: Secret, group: \"\"}", "{kind: Secret, group: v2}"},
    {"value_or_ref", "{type: Value, value: a}", "{type: ValueRef, value: a}"},
    {"any_backend_ref", "{backendRefs: [{name: a}]}", "{backendRefs: []}"},
    {"backend_ref_kinds", "{backendRefs: [{name: a}]}", "{backendRefs: [{kind: Pod}]}"},
    {"backend_ref_groups", "{backendRefs: [{name: a}]}", "{backendRefs: [{group: apps}]}"},
    {"one_path", "{path: /a}", "{path: /a, pathOverride: /b}"},
    {"grpc_or_http", "{grpc: {a: b}}", "{failOpen: true}"},
    {"not_both_grpc_and_http", "{http: {a: b}}", "{http: {a: b}, grpc: {a: b}}"},
    {"inline_or_ref", "{type: Inline, inline: a}", "{type: Inline, valueRef: {a: b}}"},
    {"any_jwks", "{localJWKS: {a: b}}", "{name: a}"},
    {"one_jwks", "{localJWKS: {a: b}}", "{localJWKS: {a: b}, remoteJWKS: {a: b}}"},
    {"jwt_needs_oauth", "{authorization: {rules: [{cel: a}]}}",
     "{authorization: {rules: [{source: {jwt: {a: b}}}]}}"},
    {"fraction_at_most_one", "{numerator: 100}", "{numerator: 3, denominator: 2}"},
    {"text_payload", "{type: Text, text: a}", "{type: Binary, text: a}"},
    {"binary_payload", "{type: Binary, binary: a}", "{type: Binary}"},
    {"http_health", "{type: HTTP, http: {a: b}}", "{type: HTTP}"},
    {"tcp_health", "{type: TCP, tcp: {a: b}}", "{type: HTTP, tcp: {a: b}}"},
    {"grpc_health", "{type: GRPC}", "{type: TCP, grpc: {a: b}}"},
    {"timeout_within_interval", "{timeout: 1s, interval: 2s}", "{timeout: 2s, interval: 2s}"},
    {"hash_header", "{type: Header, header: {a: b}}", "{type: Header}"},
    {"hash_headers", "{type: Headers, headers: [a]}", "{type: Cookie, headers: [a]}"},
    {"hash_cookie", "{type: Cookie, cookie: {a: b}}", "{type: Cookie}"},
    {"hash_query_params", "{type: SourceIP}", "{type: QueryParams}"},
    {"lb_consistent_hash", "{type: Random}", "{type: ConsistentHash}"},
    {"lb_backend_utilization", "{type: Random}", "{type: Random, backendUtilization: {a: b}}"},
    {"lb_dynamic_module", "{type: DynamicModule, dynamicModule: {a: b}}", "{type: DynamicModule}"},
    {"lb_slow_start", "{type: RoundRobin, slowStart: {a: b}}", "{type: Random, slowStart: {a: b}}"},
    {"lb_prefer_local_hash", "{type: ConsistentHash, zoneAware: {weightedZones: [a]}}",
     "{type: ConsistentHash, zoneAware: {preferLocal: {a: b}}}"},
    {"lb_prefer_local_utilization", "{type: Random, zoneAware: {preferLocal: {a: b}}}",
     "{type: BackendUtilization, zoneAware: {preferLocal: {a: b}}}"},
    {"lb_zone_aware_module", "{type: Random, zoneAware: {a: b}}",
     "{type: DynamicModule, zoneAware: {a: b}}"},
    {"lb_zone_aware_one", "{zoneAware: {preferLocal: {a: b}}}",
     "{zoneAware: {preferLocal: {a: b}, weightedZones: [a]}}"},
    {"lb_endpoint_override", "{type: Random, endpointOverride: {a: b}}",
     "{type: DynamicModule, endpointOverride: {a: b}}"},
    {"predictive_percent",
     "{connection: {preconnect: {predictivePercent: 100}}, loadBalancer: {type: Random}}",
     "{connection: {preconnect: {predictivePercent: 100}}}"},
    {"no_backend_ref", "{backendRefs: [a]}", "{backendRef: {a: b}}"},
    {"no_retry_timeout", "{backendSettings: {retry: {numRetries: 1}}}",
     "{backendSettings: {retry: {perRetry: {timeout: 1s}}}}"},
    {"no_retry_status_codes", "{backendSettings: {retry: {retryOn: {triggers: [a]}}}}",
     "{backendSettings: {retry: {retryOn: {httpStatusCodes: [500]}}}}"},
    {"one_client_id", "{clientID: a}", "{clientID: a, clientIDRef: {a: b}}"},
    {"forward_token_header", "{forwardAccessToken: false, forwardIDToken: {header: Authorization}}",
     "{forwardAccessToken: true, forwardIDToken: {header: AUTHORIZATION}}"},
    {"fqdn_or_ip", "{ip: {a: b}}", "{ip: {a: b}, fqdn: {a: b}}"},
    {"unique_listener_names", "[{name: a}, {name: b}]", "[{name: a}, {name: a}]"},
    {"one_trust", "{wellKnownCACertificates: System}", "{hostname: a}"},
    {"says_something", "{conversations: Responses}", "{targetRefs: [a]}"},
    {"says_something", "{strict: false}", "{}"},
    {"says_something", "{clientSigV4: {a: b}}", "{}"},
    {"delay_or_percentile", "{delay: 2s}", "{delay: 2s, percentile: 95}"},
    {"delay_or_percentile", "{percentile: 95}", "{budgetPercent: 5}"},
    {"routes_or_rules", "{routes: [a]}", "{routes: [a], rules: [a]}"},
    {"backends_or_refs", "{backends: [a]}", "{backends: [a], backendRefs: [a]}"},
    {"provider_or_schema", "{provider: openai}", "{endpoint: a}"},
    {"endpoint_or_ref", "{endpoint: a}", "{endpoint: a, backendRef: {a: b}}"},
    {"authentication_or_type", "{authenticationRefs: [a]}",
     "{type: APIKey, authenticationRefs: [a]}"},
};

Node node_of(const char* text) {
    std::vector<Diagnostic> diagnostics;
    Report report(diagnostics);
    bool complete = true;
    auto documents = parse_yaml("rule.yaml", text, report, complete);
    EXPECT_EQ(documents.size(), 1u) << text;
    return documents.empty() ? Node() : documents.front();
}

TEST(RulesTest, EachIsKeptAndBroken) {
    for (const RuleCase& c : kCases) {
        EXPECT_TRUE(find_rule(c.rule).holds(node_of(c.keeps)))
            << c.rule << " should hold for " << c.keeps;
        EXPECT_FALSE(find_rule(c.rule).holds(node_of(c.breaks)))
            << c.rule << " should not hold for " << c.breaks;
    }
}

}  // namespace
}  // namespace weir::config
