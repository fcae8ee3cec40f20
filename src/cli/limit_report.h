/// What people see of limits: /api/limits and the metrics of each rule.
#pragma once
#include <string>

#include "cli/lease_service.h"
#include "quota/window.h"
#include "snapshot/snapshot.h"
#include "telemetry/metrics.h"

namespace weir::cli {

/// Every limit in force with its use, and of each the keys that used most. Values of Distinct
/// selectors are shown as hashes, unless the rule is told to show them. Walks all counters: off the
/// request path. Any thread.
/// `leases`: what shares limits with other instances, or null.
std::string limits_json(const snapshot::Snapshot& snapshot, const LeaseService* leases,
                        quota::Time now);

/// weir_limit_*: at most kMaxLimitSeries rules, the rest in `weir_limits_unlisted`.
inline constexpr std::size_t kMaxLimitSeries = 500;
void limit_metrics(const snapshot::Snapshot& snapshot, quota::Time now, telemetry::Sink& sink);

}  // namespace weir::cli
