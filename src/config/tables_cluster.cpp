#include "config/tables.h"

namespace weir::config::tables {

// Envoy Gateway: how a proxy behaves towards the endpoints of a cluster.
const std::string_view kCluster = R"(
type PerEndpoint { maxConnections: int 0..4294967295 }
type Percent !fraction_at_most_one { denominator: int 1.., numerator*: int 0.. }
type RetryBudget { minRetryConcurrency: int, percent*: Percent }
type CircuitBreaker {
  maxConnections: int 0..4294967295
  maxParallelRequests: int 0..4294967295
  maxParallelRetries: int 0..4294967295
  maxPendingRequests: int 0..4294967295
  maxRequestsPerConnection: int 0..4294967295
  perEndpoint: PerEndpoint
  retryBudget: RetryBudget
}
type Preconnect { perEndpointPercent: int 100..300, predictivePercent: int 100.. }
type Connection {
  bufferLimit: int_or_string @quiet
  preconnect: Preconnect @later
  socketBufferLimit: int_or_string @quiet
}
type Dns {
  dnsRefreshRate: Duration
  lookupFamily: enum(IPv4, IPv6, IPv4Preferred, IPv6Preferred, IPv4AndIPv6)
  respectDnsTtl: bool
}
type GrpcHealthCheck { service: string }
type HealthPayload !text_payload !binary_payload {
  binary: string format(byte)
  text: string
  type*: enum(Text, Binary)
}
type HttpHealthCheck {
  expectedResponse: HealthPayload
  expectedStatuses: [int 100..599]
  hostname: SectionName
  method: string
  path*: string 1..1024
  retriableStatuses: [int 100..599]
}
type Overrides { port: Port }
type TcpHealthCheck { receive: HealthPayload, send: HealthPayload }
type ActiveHealthCheck !http_health !tcp_health !grpc_health {
  grpc: GrpcHealthCheck
  healthyThreshold: int 1..
  http: HttpHealthCheck
  initialJitter: Duration
  interval: Duration
  overrides: Overrides
  tcp: TcpHealthCheck
  timeout: Duration
  type*: enum(HTTP, TCP, GRPC)
  unhealthyThreshold: int 1..
}
type PassiveHealthCheck {
  alwaysEjectOneEndpoint: bool
  baseEjectionTime: Duration
  consecutive5XxErrors: int
  consecutiveGatewayErrors: int
  consecutiveLocalOriginFailures: int
  failurePercentageThreshold: int 0..100
  interval: Duration
  maxEjectionPercent: int 0..100
  splitExternalLocalOriginErrors: bool
}
type HealthCheck {
  active: ActiveHealthCheck
  panicThreshold: int 0..100
  passive: PassiveHealthCheck
}
type ConnectionKeepalive !timeout_within_interval {
  idleInterval: Duration
  interval: Duration
  intervalJitter: int 0..100
  timeout: Duration
}
type Http2 {
  connectionKeepalive: ConnectionKeepalive
  initialConnectionWindowSize: int_or_string
  initialStreamWindowSize: int_or_string
  maxConcurrentStreams: int 1..2147483647
  onInvalidMessage: string
}
type BackendUtilization {
  blackoutPeriod: Duration
  errorUtilizationPenaltyPercent: int 0..
  keepResponseHeaders: bool
  metricNamesForComputingUtilization: [string]
  weightExpirationPeriod: Duration
  weightUpdatePeriod: Duration
}
type Cookie { attributes: {string} @later, name*: string, ttl: Duration }
type NameOnly { name*: string }
type ConsistentHash !hash_header !hash_headers !hash_cookie !hash_query_params {
  cookie: Cookie
  header: NameOnly
  headers: [NameOnly]
  queryParams: [NameOnly]
  tableSize: int 2..5000011 @quiet
  type*: enum(SourceIP, Header, Headers, Cookie, QueryParams)
}
type DynamicModule {
  config: any
  lbPolicyName*: ObjectName
  name*: string 1..253 /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/
}
type ExtractFromItem { header: string }
type EndpointOverride { extractFrom*: [ExtractFromItem] 1..10 }
type SlowStart { window*: Duration }
type Force { minEndpointsInZoneThreshold: int }
type PreferLocal { force: Force, minEndpointsThreshold: int, percentageEnabled: int 0..100 }
type WeightedZone { weight*: int, zone*: string }
type ZoneAware { preferLocal: PreferLocal, weightedZones: [WeightedZone] key(zone) }
type LoadBalancer !lb_consistent_hash !lb_backend_utilization !lb_dynamic_module !lb_slow_start !lb_prefer_local_hash !lb_prefer_local_utilization !lb_zone_aware_module !lb_zone_aware_one !lb_endpoint_override {
  backendUtilization: BackendUtilization @later
  consistentHash: ConsistentHash
  dynamicModule: DynamicModule @later
  endpointOverride: EndpointOverride @later
  slowStart: SlowStart
  type*: enum(ConsistentHash, LeastRequest, Random, RoundRobin, BackendUtilization, DynamicModule)
  zoneAware: ZoneAware @later
}
type ProxyProtocol { version*: enum(V1, V2) }
type BackOff { baseInterval: Duration, maxInterval: Duration }
type PerRetry { backOff: BackOff, timeout: Duration }
type RetryOn {
  httpStatusCodes: [int 100..599]
  triggers: [enum(5xx, gateway-error, reset, reset-before-request, connect-failure, retriable-4xx, refused-stream, retriable-status-codes, cancelled, deadline-exceeded, internal, resource-exhausted, unavailable)]
}
type Retry {
  numAttemptsPerPriority: int
  numRetries: int 0..
  perRetry: PerRetry
  retryOn: RetryOn
}
type TcpKeepalive { idleTime: Duration, interval: Duration, probes: int }
type HttpTimeout {
  connectionIdleTimeout: Duration
  maxConnectionDuration: Duration
  maxStreamDuration: Duration
  requestTimeout: Duration
  streamIdleTimeout: Duration
}
type TcpTimeout { connectTimeout: Duration }
type BackendTimeouts { http: HttpTimeout, tcp: TcpTimeout }
type ClusterSettings !predictive_percent {
  circuitBreaker: CircuitBreaker
  connection: Connection
  dns: Dns
  healthCheck: HealthCheck
  http2: Http2
  loadBalancer: LoadBalancer
  proxyProtocol: ProxyProtocol
  retry: Retry
  tcpKeepalive: TcpKeepalive
  timeout: BackendTimeouts
}
)";

}  // namespace weir::config::tables
