#include "config/tables.h"

namespace weir::config::tables {

// aigateway.envoyproxy.io: MCPRoute.
const std::string_view kMcp = R"(
type ForwardHeader { backendHeader: Text, name*: Text }
type ApiKey !one_key_source !one_key_place {
  header: Text
  inline: string
  queryParam: Text
  secretRef: SecretRef
}
type McpBackendSecurity { apiKey: ApiKey }
type ToolSelector !include_once !exclude_once !any_tool_selector {
  exclude: [string] ..32
  excludeRegex: [string] ..32
  include: [string] ..32
  includeRegex: [string] ..32
}
type McpBackendRef !service_needs_port {
  forwardHeaders: [ForwardHeader] ..32
  group: Group
  kind: Kind
  name*: ObjectName
  namespace: Namespace
  path: string ..1024
  port: Port
  securityPolicy: McpBackendSecurity
  toolSelector: ToolSelector
}
type McpSelectorRule { action: enum(Allow, Deny), cel: string ..4096 }
type BackendSelector { defaultAction: enum(Allow, Deny), rules: [McpSelectorRule] ..32 }
type ApiKeyPlace { cookies: [string], headers: [string], params: [string] }
type ApiKeyAuth {
  credentialRefs*: [SecretRef]
  extractFrom*: [ApiKeyPlace]
  forwardClientIDHeader: string
  sanitize: bool
}
type Claim { name*: ObjectName, valueType: enum(String, StringArray), values*: [string] 1..128 }
type Jwt !scopes_or_claims { claims: [Claim] ..16 !no_scope_claim, scopes: [ObjectName] ..16 }
type Source { jwt*: Jwt }
type Tool { backend*: string, tool*: string }
type Target { tools*: [Tool] 1..16 }
type McpAuthorizationRule { action: enum(Allow, Deny), cel: string ..4096, source: Source, target: Target }
type Authorization { defaultAction: enum(Allow, Deny), rules: [McpAuthorizationRule] ..32 }
type BodyToExtAuth { maxRequestBytes*: int 1.. }
type ValueRef !config_map_or_secret { group*: Group, key*: string, kind*: Kind, name*: ObjectName }
type ContextExtension !value_or_ref {
  name*: string
  type*: enum(Value, ValueRef)
  value: string
  valueRef: ValueRef
}
type GrpcExtAuth !any_backend_ref !backend_ref_kinds !backend_ref_groups {
  backendRef: ObjectRef
  backendRefs: [WeightedObjectRef] ..16
  backendSettings: ClusterSettings
}
type HttpExtAuth !any_backend_ref !backend_ref_kinds !backend_ref_groups !one_path {
  backendRef: ObjectRef
  backendRefs: [WeightedObjectRef] ..16
  backendSettings: ClusterSettings
  headersToBackend: [string]
  path: string
  pathOverride: string
}
type ExtAuth !grpc_or_http !not_both_grpc_and_http {
  bodyToExtAuth: BodyToExtAuth
  contextExtensions: [ContextExtension] key(name)
  failOpen: bool
  grpc: GrpcExtAuth
  headersToExtAuth: [string]
  http: HttpExtAuth
  includeRouteMetadata: bool
  recomputeRoute: bool
  statusOnError: int one_of(400,401,402,403,404,405,406,407,408,409,410,411,412,413,414,415,416,417,421,422,423,424,426,428,429,431,500,501,502,503,504,505,506,507,508,510,511)
  timeout: Duration
}
type ClaimToHeader { claim*: string, header*: string }
type LocalJWKS !inline_or_ref { inline: string, type*: enum(Inline, ValueRef), valueRef: TargetRef }
type RemoteJWKS !no_backend_ref !no_retry_timeout !no_retry_status_codes {
  backendRef: ObjectRef
  backendRefs: [WeightedObjectRef] ..16
  backendSettings: ClusterSettings
  cacheDuration: Duration
  uri*: ObjectName
}
type Jwks !any_jwks !one_jwks { localJWKS: LocalJWKS, remoteJWKS: RemoteJWKS }
type ProtectedResourceMetadata {
  resource*: string format(uri)
  resourceDocumentation: string format(uri)
  resourceName: string ..256
  resourcePolicyUri: string format(uri)
  resourceSigningAlgValuesSupported: [string] 1..16
  scopesSupported: [string] ..32
}
type Oauth {
  audiences: [string] ..32
  claimToHeaders: [ClaimToHeader] ..16
  issuer*: string format(uri)
  jwks: Jwks
  protectedResourceMetadata*: ProtectedResourceMetadata
}
type McpSecurity !jwt_needs_oauth {
  apiKeyAuth: ApiKeyAuth
  authorization: Authorization
  extAuth: ExtAuth
  oauth: Oauth
}
type MCPRouteSpec {
  backendRefs*: [McpBackendRef] 1..256 !unique_backend_names
  backendSelector: BackendSelector
  headers: [HeaderMatch] ..16 key(name)
  hostnames: [Hostname] ..16
  parentRefs*: [ParentRef] 1..16 !only_gateways
  path: string ..1024
  securityPolicy: McpSecurity
}
)";

}  // namespace weir::config::tables
