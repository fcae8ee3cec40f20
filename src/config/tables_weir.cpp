#include "config/tables.h"

namespace weir::config::tables {

// weir.dev: what no other kind can say.
const std::string_view kWeir = R"(
type OptionTimeouts {
  headRead: Duration
  idle: Duration
  connect: Duration
  firstByte: Duration
  streamIdle: Duration
  request: Duration
}
type OptionLimits {
  requestBody: Quantity
  requestHead: Quantity
  bodyMemory: Quantity
  responseBody: Quantity
}
# Without targetRefs: every Gateway.
type GatewayOptionsSpec {
  targetRefs: [PolicyTarget] ..16
  timeouts: OptionTimeouts
  limits: OptionLimits
}
# Without targetRefs: every route.
type DialectPolicySpec {
  targetRefs: [PolicyTarget] ..16
  strict*: bool
}
)";

}  // namespace weir::config::tables
