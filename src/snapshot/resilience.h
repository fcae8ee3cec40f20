/// From what policies say about failing providers to what balance/ decides by.
#pragma once
#include "balance/cluster.h"
#include "config/resilience.h"
#include "snapshot/snapshot.h"

namespace weir::snapshot {

/// Parts that no policy wrote get Weir's defaults: one more attempt on the next backend, a retry
/// budget of 20 %, no health checks, no circuit breaker.
balance::ClusterPolicy cluster_policy(const config::Resilience& resilience);

StreamRules stream_rules(const config::StreamSettings& settings);

}  // namespace weir::snapshot
