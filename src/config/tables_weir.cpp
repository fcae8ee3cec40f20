#include "config/tables.h"

namespace weir::config::tables {

// weir.dev: what no other kind can say.
const std::string_view kWeir = R"(
type OptionTimeouts {
  headRead: Duration
  handshake: Duration
  idle: Duration
  connect: Duration
  firstByte: Duration
  streamIdle: Duration
  request: Duration
}
type OptionHttp2 {
  resets: int 1..
  continuations: int 1..
  controlFrames: int 1..
  emptyFrames: int 1..
  idleFrames: int 1..
  windowUpdates: int 1..
}
type OptionLimits {
  requestBody: Quantity
  requestHead: Quantity
  bodyMemory: Quantity
  responseBody: Quantity
  connections: Quantity
  exchanges: Quantity
  exchangesPerListener: Quantity
  exchangesPerPrincipal: Quantity
  handshakes: Quantity
  http2: OptionHttp2
}
# Without targetRefs: every Gateway.
type GatewayOptionsSpec {
  targetRefs: [PolicyTarget] ..16
  timeouts: OptionTimeouts
  limits: OptionLimits
}
type ClientSigV4 { credentialsRef*: SecretRef }
# strict and clientSigV4 are about routes (without targetRefs: every one), conversations about backends.
type DialectPolicySpec !says_something {
  targetRefs: [PolicyTarget] ..16
  strict: bool
  clientSigV4: ClientSigV4
  conversations: enum(Both, ChatCompletions, Responses)
}
type StreamRules {
  firstToken: Duration
  eventIdle: Duration
  keepAlive: Duration
  onBreak: enum(error, continue)
  maxContinuations: int 1..5
  maxHeldText: Quantity
}
type Hedging !delay_or_percentile {
  delay: Duration
  percentile: int 50..99
  budgetPercent: int 0..100
}
# Without targetRefs: every Gateway.
type ResiliencePolicySpec {
  targetRefs: [PolicyTarget] ..16
  streams: StreamRules
  hedging: Hedging
}
)";

}  // namespace weir::config::tables
