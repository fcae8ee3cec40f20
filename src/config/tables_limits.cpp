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

# Without targetRefs: every rule of every policy.
type LimitTarget {
  group: Group
  kind*: enum(BackendTrafficPolicy, QuotaPolicy)
  name*: ObjectName
  sectionName: string 1..253  # the rule's name or index; of a quota a bucket's index, default, service
  model: string 1..  # of a QuotaPolicy
}
type DistinctOptions { maxKeys: int 1..1000000000, showKeys: bool }
type LimitOptionsSpec {
  targetRefs: [LimitTarget] ..64
  enforcement: enum(reserve, afterwards)
  overflow: enum(allow-last, cut)
  window: enum(fixed, sliding)
  failure: enum(open, closed, local)
  lease: enum(auto, off)
  distinct: DistinctOptions
}
)";

}  // namespace weir::config::tables
