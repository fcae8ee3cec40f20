#include "config/tables.h"

namespace weir::config::tables {

// Gateway API and core Kubernetes kinds.
const std::string_view kGatewayApi = R"(
type ParametersRef { group*: Group, kind*: Kind, name*: ObjectName, namespace: Namespace }
type GatewayInfrastructure {
  labels: {string} @quiet
  annotations: {string} @quiet
  parametersRef: LocalRef
}
type GatewayClassSpec {
  controllerName*: ObjectName
  description: string ..64 @quiet
  parametersRef: ParametersRef
}
type LabelSelector { matchLabels: {string}, matchExpressions: [any] }
type RouteNamespaces { from: enum(All, Selector, Same, None), selector: LabelSelector }
type RouteGroupKind { group: Group, kind*: Kind }
type AllowedRoutes { namespaces: RouteNamespaces, kinds: [RouteGroupKind] ..8 }
type Listener !plain_without_tls !https_terminates {
  name*: SectionName
  hostname: Hostname
  port*: Port
  protocol*: enum(HTTP, HTTPS, TLS, TCP, UDP)
  tls: ListenerTls
  allowedRoutes: AllowedRoutes
}
type GatewaySpec {
  gatewayClassName*: ObjectName
  listeners*: [Listener] 1..64 key(name) !unique_listener_names
  addresses: [any] @later
  infrastructure: GatewayInfrastructure
  backendTLS: any @later
  tls: any @guard
  allowedListeners: any @later
  defaultScope: string @later
}
type GrantFrom { group*: Group, kind*: Kind, namespace*: Namespace }
type GrantTo { group*: Group, kind*: Kind, name: ObjectName }
type ReferenceGrantSpec { from*: [GrantFrom] 1..16, to*: [GrantTo] 1..16 }
type TlsTarget { group*: Group, kind*: Kind, name*: ObjectName, sectionName: SectionName }
type LocalRef { group*: Group, kind*: Kind, name*: ObjectName }
type TlsAltName !alt_name_by_type { type*: enum(Hostname, URI), hostname: string 1..253, uri: string 1..253 }
type TlsValidation !one_trust {
  caCertificateRefs: [LocalRef] ..8
  wellKnownCACertificates: enum(System)
  hostname*: string 1..253 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
  subjectAltNames: [TlsAltName] ..5
}
type BackendTLSPolicySpec {
  targetRefs*: [TlsTarget] 1..16
  validation*: TlsValidation
  options: {string} @later
}
type SecretObject {
  apiVersion*: string
  kind*: string
  metadata*: Metadata
  type: string
  data: {string format(byte)}
  stringData: {string}
  immutable: bool @quiet
}
type ConfigMapObject {
  apiVersion*: string
  kind*: string
  metadata*: Metadata
  data: {string}
  binaryData: {string}
  immutable: bool @quiet
}
)";

}  // namespace weir::config::tables
