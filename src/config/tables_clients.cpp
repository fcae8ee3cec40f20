#include "config/tables.h"

namespace weir::config::tables {

// Envoy Gateway's ClientTrafficPolicy, and the TLS of Gateway API's listeners.
const std::string_view kClients = R"(
alias TlsVersion = enum(Auto, 1.0, 1.1, 1.2, 1.3)
alias AlpnProtocol = enum(http/1.0, http/1.1, h2)
type NameMatch { type: enum(Exact, Prefix, Suffix, RegularExpression), value*: string 1..1024 }
type SubjectAltNames {
  dnsNames: [NameMatch]
  emailAddresses: [NameMatch]
  ipAddresses: [NameMatch]
  uris: [NameMatch]
  otherNames: [any] @guard
}
type ClientValidation {
  optional: bool
  caCertificateRefs: [SecretRef] ..8
  spkiHashes: [string]
  certificateHashes: [string]
  subjectAltNames: SubjectAltNames
  crl: any @guard
}
type ClientTls !ciphers_below_13 !min_version_below_max {
  clientValidation: ClientValidation
  minVersion: TlsVersion
  maxVersion: TlsVersion
  ciphers: [string]
  ecdhCurves: [string]
  signatureAlgorithms: [string]
  alpnProtocols: [AlpnProtocol]
  session: any @quiet  # tickets are always given
}
type ClientHttpTimeouts {
  requestReceivedTimeout: Duration
  idleTimeout: Duration
  streamIdleTimeout: Duration
}
type ClientTimeouts { http: ClientHttpTimeouts, tcp: any @later }
type ConnectionLimit {
  value: int 0..
  closeDelay: Duration
  maxConnectionDuration: Duration
  maxRequestsPerConnection: int 1..4294967295
  maxStreamDuration: Duration
}
type ClientConnection {
  bufferLimit: Quantity
  connectionLimit: ConnectionLimit
  maxAcceptPerSocketEvent: int @quiet
  socketBufferLimit: Quantity @later
}
type ClientProxyProtocol { optional: bool }
type XForwardedFor !hops_or_ranges {
  numTrustedHops: int 0..4294967295
  trustedCIDRs: [string] 1..
  disableXForwardedForAppend: bool @quiet  # none is appended
}
type AddressHeader { name*: string 1..255 /^[A-Za-z0-9-]+$/, failClosed: bool }
type ClientIPDetection !header_or_forwarded { xForwardedFor: XForwardedFor, customHeader: AddressHeader }
type ForwardedClientCert {
  mode: enum(Sanitize, ForwardOnly, AppendForward, SanitizeSet, AlwaysForwardOnly)
  certDetailsToAdd: [enum(Subject, Cert, Chain, DNS, URI)] ..5
}
type FieldRules {
  set: [HeaderField] ..16
  add: [HeaderField] ..16
  addIfAbsent: [HeaderField] ..16
  remove: [string] ..16
  removeOnMatch: [any] @later
}
type ClientPath {
  escapedSlashesAction: enum(KeepUnchanged, RejectRequest, UnescapeAndForward, UnescapeAndRedirect)
  disableMergeSlashes: bool
}
type ClientHealthCheck { path*: string 1..1024 /^\/[^ ?#]*$/ }
type ClientHeaders !one_request_id {
  enableEnvoyHeaders: bool @later
  disableRateLimitHeaders: bool
  xForwardedClientCert: ForwardedClientCert
  withUnderscoresAction: enum(Allow, RejectRequest, DropHeader)
  preserveXRequestID: bool
  requestID: enum(PreserveOrGenerate, Preserve, Generate, Disable)
  earlyRequestHeaders: FieldRules
  lateResponseHeaders: FieldRules
}
# A server opens no streams, so nothing comes of idleInterval here, nor in Envoy.
type ClientKeepalive !timeout_within_interval {
  idleInterval: Duration @quiet
  interval: Duration
  intervalJitter: int 0..100
  timeout: Duration
}
type ClientHttp2 {
  connectionKeepalive: ClientKeepalive
  initialConnectionWindowSize: int_or_string
  initialStreamWindowSize: int_or_string
  maxConcurrentStreams: int 1..2147483647
  onInvalidMessage: string
}
type ClientTrafficPolicySpec {
  targetRef: PolicyTarget
  targetRefs: [PolicyTarget] ..16
  targetSelectors: [any] @later
  timeout: ClientTimeouts
  connection: ClientConnection
  tls: ClientTls
  clientIPDetection: ClientIPDetection
  enableProxyProtocol: bool
  proxyProtocol: ClientProxyProtocol
  headers: ClientHeaders
  grpc: any @later
  healthCheck: ClientHealthCheck
  http1: any @later
  http2: ClientHttp2
  http3: any @later
  path: ClientPath
  scheme: string @later
  tcpKeepalive: TcpKeepalive
}
type ListenerTls !certificates_or_options {
  mode: enum(Terminate, Passthrough)
  certificateRefs: [SecretRef] ..64
  options: {string} ..16
  frontendValidation: any @guard
}
)";

}  // namespace weir::config::tables
