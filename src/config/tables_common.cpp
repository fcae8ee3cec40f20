#include "config/tables.h"

namespace weir::config::tables {

// What several kinds share. Bounds and patterns are those of the CRDs.
const std::string_view kCommon = R"(
alias Group = string ..253 /^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
alias Kind = string 1..63 /^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/
alias KindOrEmpty = string ..63 /^$|^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/
alias Namespace = string 1..63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
alias SectionName = string 1..253 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
alias Hostname = string 1..253 /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
alias HeaderName = string 1..256 /^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$/
alias Duration = string /^([0-9]{1,5}(h|m|s|ms)){1,4}$/
alias Quantity = int_or_string /^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$/
alias ObjectName = string 1..253
alias Text = string 1..
alias Port = int 1..65535

alias DnsLabel = string 1..63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
alias DnsName = string 1..253 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
type Metadata {
  name*: DnsName
  namespace: DnsLabel
  labels: {string}
  annotations: {string}
  generateName: string @quiet
  uid: string @quiet
  resourceVersion: string @quiet
  generation: int @quiet
  creationTimestamp: string @quiet
  deletionTimestamp: string @quiet
  deletionGracePeriodSeconds: int @quiet
  ownerReferences: [any] @quiet
  finalizers: [string] @quiet
  managedFields: [any] @quiet
  selfLink: string @quiet
}
# The frame of every object with a spec; the spec has a table of its own.
type Object {
  apiVersion*: string
  kind*: string
  metadata*: Metadata
  spec*: any
  status: any @quiet
}
type ParentRef {
  group: Group
  kind: Kind
  name*: ObjectName
  namespace: Namespace
  port: Port
  sectionName: SectionName
}
type BodyField { path*: Text, value*: string }
type BodyMutation { remove: [string] ..16 set, set: [BodyField] ..16 key(path) }
type HeaderField { name*: HeaderName, value*: string 1..4096 }
type HeaderMutation { remove: [string] ..16 set, set: [HeaderField] ..16 key(name) }
type HeaderMatch { name*: HeaderName, type: enum(Exact, RegularExpression), value*: string 1..4096 }
type SecretRef { group: Group, kind: Kind, name*: ObjectName, namespace: Namespace }
type ObjectRef !service_needs_port {
  group: Group
  kind: Kind
  name*: ObjectName
  namespace: Namespace
  port: Port
}
type WeightedObjectRef !service_needs_port {
  fallback: bool
  group: Group
  kind: Kind
  name*: ObjectName
  namespace: Namespace
  port: Port
  weight: int 0..1000000
}
type TargetRef { group*: Group, kind*: Kind, name*: ObjectName }
type KeySecret { secretRef*: SecretRef }
)";

}  // namespace weir::config::tables
