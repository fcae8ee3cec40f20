#include "config/tables.h"

namespace weir::config::tables {

// rateLimit of Envoy Gateway's BackendTrafficPolicy, and our options for limits. ClientSelector is
// kRoute's.
const std::string_view kLimits = R"(
type RateLimitValue {
  requests*: int 0..
  unit*: enum(Second, Minute, Hour, Day, Month, Year)
  fromMetadata: any @later
}
type CostMetadata { namespace*: string, key*: string }
type CostSpecifier !number_or_metadata {
  from*: enum(Number, Metadata)
  number: int 0..
  metadata: CostMetadata
}
type RateLimitCost { request: CostSpecifier, response: CostSpecifier }
type RateLimitRule {
  name: SectionName  # ours: what messages, metrics and LimitOptions call the rule
  clientSelectors: [ClientSelector] ..8
  limit*: RateLimitValue
  cost: RateLimitCost
  shared: bool
  shadowMode: bool
  xRateLimitHeaders: string @later
}
type GlobalRateLimit { rules*: [RateLimitRule] ..128 !unique_limit_names }
type LocalRateLimit { rules: [RateLimitRule] ..16 !unique_limit_names !no_local_response_cost }
type RateLimit !rate_limit_type_global !rate_limit_type_local {
  type: enum(Global, Local)
  global: GlobalRateLimit
  local: LocalRateLimit
}
)";

}  // namespace weir::config::tables
