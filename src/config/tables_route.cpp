#include "config/tables.h"

namespace weir::config::tables {

// aigateway.envoyproxy.io: AIGatewayRoute, AIServiceBackend, GatewayConfig, QuotaPolicy.
const std::string_view kRoute = R"(
type RequestCost {
  cel: string
  metadataKey*: string
  type*: enum(OutputToken, InputToken, CachedInputToken, CacheCreationInputToken, TotalToken, ReasoningToken, CEL)
}
type RouteBackendRef !both_group_and_kind !only_inference_pool {
  bodyMutation: BodyMutation
  group: Group
  headerMutation: HeaderMutation
  kind: KindOrEmpty
  modelNameOverride: string
  name*: Text
  namespace: Namespace
  priority: int 0..
  weight: int 0..
}
type RouteMatch { headers: [HeaderMatch] ..16 key(name) }
type RuleTimeouts !backend_timeout_within_request { backendRequest: Duration, request: Duration }
type RouteRule !route_not_found_reserved !no_mixed_pools !only_one_pool {
  backendRefs: [RouteBackendRef] ..128
  matches: [RouteMatch] ..128
  modelsCreatedAt: string format(date-time)
  modelsOwnedBy: string
  name: SectionName
  streamIdleTimeout: Duration
  timeouts: RuleTimeouts
}
type AIGatewayRouteSpec {
  hostnames: [Hostname] ..16
  llmRequestCosts: [RequestCost] ..36
  parentRefs: [ParentRef] ..16 !only_gateways
  rules*: [RouteRule] ..15 !unique_rule_names
  # Fields of older releases.
  schema: any @gone
  filterConfig: any @gone
  targetRefs: any @gone
}

type EndpointRef !must_be_backend !service_needs_port {
  group: Group
  kind: Kind
  name*: ObjectName
  namespace: Namespace
  port: Port
}
type ApiSchema {
  name*: enum(OpenAI, Cohere, AWSBedrock, AzureOpenAI, GCPVertexAI, GCPAnthropic, Anthropic, AWSAnthropic)
  prefix: string
  version: string
}
type AIServiceBackendSpec {
  backendRef*: EndpointRef
  bodyMutation: BodyMutation
  headerMutation: HeaderMutation
  schema*: ApiSchema
  timeouts: RuleTimeouts @gone  # of older releases
  usage: enum(ask, never)  # ours: whether a stream is asked for its token usage
}

type SelectorMatch {
  invert: bool
  name*: string 1..256
  type: enum(Exact, RegularExpression, Distinct)
  value: string ..1024
}
type SelectorMethod {
  invert: bool
  value*: enum(GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH)
}
type SelectorPath {
  invert: bool
  type: enum(Exact, PathPrefix, RegularExpression)
  value*: string ..1024
}
type SourceCIDR { invert: bool, type: enum(Exact, Distinct), value*: string 1..256 }
type ClientSelector !any_selector {
  headers: [SelectorMatch] ..64
  methods: [SelectorMethod]
  path: SelectorPath
  queryParams: [SelectorMatch] ..16
  sourceCIDR: SourceCIDR
}
type QuotaValue { duration*: enum(1s, 1m, 1h, 1d), limit*: int }
type BucketRule { clientSelectors: [ClientSelector] ..8, quota*: QuotaValue, shadowMode: bool }
type Quota {
  bucketRules: [BucketRule]
  costExpression: string
  defaultBucket: QuotaValue
  mode: enum(Shared)
}
type PerModelQuota { modelName*: Text, quota*: Quota }
type ServiceQuota { costExpression: string, quota*: QuotaValue }
type QuotaPolicySpec {
  perModelQuotas: [PerModelQuota] ..128
  serviceQuota: ServiceQuota
  targetRefs: [TargetRef] ..16 !quota_targets
}

type ConfigMapKeyRef { key*: string, name: string, optional: bool }
type FieldRef { apiVersion: string, fieldPath*: string }
type FileKeyRef { key*: string, optional: bool, path*: string, volumeName*: string }
type ResourceFieldRef { containerName: string, divisor: Quantity, resource*: string }
type ValueFrom {
  configMapKeyRef: ConfigMapKeyRef
  fieldRef: FieldRef
  fileKeyRef: FileKeyRef
  resourceFieldRef: ResourceFieldRef
  secretKeyRef: ConfigMapKeyRef
}
type EnvVar { name*: string, value: string, valueFrom: ValueFrom }
type ResourceClaim { name*: string, request: string }
type Resources { claims: [ResourceClaim] key(name), limits: {Quantity}, requests: {Quantity} }
type AppArmorProfile { localhostProfile: string, type*: string }
type Capabilities { add: [string], drop: [string] }
type SeLinuxOptions { level: string, role: string, type: string, user: string }
type WindowsOptions {
  gmsaCredentialSpec: string
  gmsaCredentialSpecName: string
  hostProcess: bool
  runAsUserName: string
}
type SecurityContext {
  allowPrivilegeEscalation: bool
  appArmorProfile: AppArmorProfile
  capabilities: Capabilities
  privileged: bool
  procMount: string
  readOnlyRootFilesystem: bool
  runAsGroup: int
  runAsNonRoot: bool
  runAsUser: int
  seLinuxOptions: SeLinuxOptions
  seccompProfile: AppArmorProfile
  windowsOptions: WindowsOptions
}
type VolumeMount {
  mountPath*: string
  mountPropagation: string
  name*: string
  readOnly: bool
  recursiveReadOnly: string
  subPath: string
  subPathExpr: string
}
type ContainerSpec !one_image {
  env: [EnvVar]
  image: string !image_format
  imageRepository: string !image_repository_format
  resources: Resources
  securityContext: SecurityContext
  volumeMounts: [VolumeMount]
}
type ExtProc { kubernetes: ContainerSpec }
type ForwardProxy { address*: Text, noProxy: [string] ..64 }
type GatewayConfigSpec {
  extProc: ExtProc @quiet  # there is no second process
  forwardProxy: ForwardProxy
  globalLLMRequestCosts: [RequestCost] key(metadataKey)
}
)";

}  // namespace weir::config::tables
