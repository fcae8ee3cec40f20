#include "config/tables.h"

namespace weir::config::tables {

// ai.gateway.envoyproxy.io: the first published spelling, with agents as path prefixes.
const std::string_view kSeed = R"(
type SeedPathMatch { type: enum(Exact, PathPrefix, RegularExpression), value: string 1..1024 /^\//}
type SeedRouteMatch {
  path: SeedPathMatch
  headers: [HeaderMatch] ..16 key(name)
  method: enum(GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH)
}
type SeedRouteRule !route_not_found_reserved !no_mixed_pools !only_one_pool !backends_or_refs {
  name: SectionName
  matches: [SeedRouteMatch] ..128
  backends: [RouteBackendRef] ..128
  backendRefs: [RouteBackendRef] ..128
  timeouts: RuleTimeouts
  streamIdleTimeout: Duration
  modelsOwnedBy: string
  modelsCreatedAt: string format(date-time)
}
type SeedRouteSpec !routes_or_rules {
  parentRefs: [ParentRef] ..16 !only_gateways
  hostnames: [Hostname] ..16
  routes: [SeedRouteRule] ..1024 !unique_rule_names
  rules: [SeedRouteRule] ..1024 !unique_rule_names
  llmRequestCosts: [RequestCost] ..36
}
type SeedBackendSpec !provider_or_schema !endpoint_or_ref {
  provider: enum(openai, anthropic, aws-bedrock, azure-openai, gcp-vertex, gemini, cohere, openai-compatible)
  endpoint: Text
  schema: ApiSchema
  backendRef: EndpointRef
  headerMutation: HeaderMutation
  bodyMutation: BodyMutation
  usage: enum(ask, never)
}
type SeedTargetRef { name*: ObjectName, group: Group, kind: Kind }
type SeedSecretRef { name*: ObjectName, namespace: Namespace, group: Group, kind: Kind }
type SeedPolicySpec !authentication_or_type !type_api_key !type_aws !type_azure_api_key !type_azure !type_gcp !type_anthropic_api_key {
  targetRefs: [SeedTargetRef] ..16
  authenticationRefs: [SeedSecretRef] 1..1
  type: enum(APIKey, AWSCredentials, AzureAPIKey, AzureCredentials, GCPCredentials, AnthropicAPIKey)
  apiKey: KeySecret
  azureAPIKey: KeySecret
  anthropicAPIKey: KeySecret
  awsCredentials: AwsCredentials
  azureCredentials: AzureCredentials
  gcpCredentials: GcpCredentials
}
)";

}  // namespace weir::config::tables
