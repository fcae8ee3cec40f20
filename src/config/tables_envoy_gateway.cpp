#include "config/tables.h"

namespace weir::config::tables {

// gateway.envoyproxy.io: Backend and the policies on traffic.
const std::string_view kEnvoyGateway = R"(
type Fqdn { hostname*: string 1..253 /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/, port*: Port }
type IpAddress { address*: string 1.., port*: Port }
type BackendEndpoint !fqdn_or_ip {
  fqdn: Fqdn
  ip: IpAddress
  unix: any @later
  zone: string @later
  hostname: string @later
}
type BackendTls !ciphers_below_13 !min_version_below_max {
  sni: string 1..253
  wellKnownCACertificates: enum(System)
  caCertificateRefs: [LocalRef] ..8
  insecureSkipVerify: bool
  clientCertificateRef: SecretRef
  minVersion: TlsVersion
  maxVersion: TlsVersion
  ciphers: [string]
  ecdhCurves: [string]
  signatureAlgorithms: [string]
  alpnProtocols: [AlpnProtocol]
}
# Most of it is about Envoy itself, or about where Envoy runs.
type EnvoyProxySpec {
  backendTLS: ProxyBackendTls
  bootstrap: any @later
  concurrency: int @quiet
  dynamicModules: [any] @later
  extraArgs: [string] @later
  filterOrder: [any] @later
  geoIP: any @later
  ipFamily: string @later
  logging: any @later
  luaValidation: string @quiet
  mergeGateways: bool @quiet
  mergeType: string @later
  preserveRouteOrder: bool @later
  provider: any @quiet
  routingType: string @quiet
  shutdown: any @quiet
  telemetry: any @later
}
type ProxyBackendTls !ciphers_below_13 !min_version_below_max {
  clientCertificateRef: SecretRef
  minVersion: TlsVersion
  maxVersion: TlsVersion
  ciphers: [string]
  ecdhCurves: [string]
  signatureAlgorithms: [string]
  alpnProtocols: [AlpnProtocol]
}
# The configuration file of Envoy Gateway's controller, of which only rateLimit concerns a proxy.
type EnvoyGatewayObject {
  apiVersion*: string
  kind*: string
  metadata: any @quiet
  admin: any @quiet
  extensionApis: any @quiet
  extensionManager: any @quiet
  extensionManagers: any @quiet
  gateway: any @quiet
  gatewayAPI: any @quiet
  leaderElection: any @quiet
  logging: any @quiet
  provider: any @quiet
  rateLimit: EnvoyRateLimit
  runtimeFlags: any @quiet
  sharedCacheSize: any @quiet
  telemetry: any @quiet
  xdsServer: any @quiet
}
type EnvoyRateLimit {
  backend*: EnvoyRateLimitBackend
  failClosed: bool
  telemetry: any @later
  timeout: Duration
}
type EnvoyRateLimitBackend { type*: enum(Redis), redis: EnvoyRedis }
type EnvoyRedis { url*: string 1.., tls: EnvoyRedisTls }
type EnvoyRedisTls { certificateRef: SecretRef }
type EnvoyBackendSpec {
  type: enum(Endpoints, DynamicResolver)
  endpoints: [BackendEndpoint] 1..64
  appProtocols: [enum(gateway.envoyproxy.io/h2c, kubernetes.io/h2c, gateway.envoyproxy.io/ws, gateway.envoyproxy.io/wss)]
  fallback: bool @later
  tls: BackendTls
}
type PolicyTarget { group: Group, kind: Kind, name: ObjectName, sectionName: SectionName, namespace: Namespace }
type SelectorRequirement { key*: Text, operator*: enum(In, NotIn, Exists, DoesNotExist), values: [string] }
type TargetNamespaces { from: enum(All, Same, Selector), selector: any @later }
type TargetSelector {
  group: Group
  kind*: Kind
  matchLabels: {string}
  matchExpressions: [SelectorRequirement]
  namespaces: TargetNamespaces
}
type PolicyTimeouts { http: PolicyHttpTimeout, tcp: TcpTimeout }
type PolicyHttpTimeout {
  requestTimeout: Duration
  streamIdleTimeout: Duration
  connectionIdleTimeout: Duration
  maxConnectionDuration: Duration
  maxStreamDuration: Duration @later
}
type BackendTrafficPolicySpec {
  targetRef: PolicyTarget
  targetRefs: [PolicyTarget] ..16
  targetSelectors: [TargetSelector]
  mergeType: enum(StrategicMerge, JSONMerge)
  timeout: PolicyTimeouts
  rateLimit: RateLimit
  admissionControl: any @guard
  bandwidthLimit: any @guard
  circuitBreaker: CircuitBreaker
  compression: [any] @later
  compressor: [any] @later
  connection: Connection
  dns: Dns @later
  faultInjection: any @later
  healthCheck: HealthCheck
  http2: Http2
  httpUpgrade: [any] @later
  loadBalancer: LoadBalancer
  proxyProtocol: ProxyProtocol @later
  requestBuffer: any @later
  responseOverride: [any] @later
  retry: Retry
  routingType: string @quiet
  tcpKeepalive: TcpKeepalive @later
  telemetry: any @later
  useClientProtocol: bool @later
}
)";

}  // namespace weir::config::tables
