/// Limits as `/api/config` shows them; see configuration.h, to_json().
#pragma once
#include "config/configuration.h"

namespace weir::config {

json::Value cost_of(const CostRule& cost);
/// Everything a policy says of one rule. Values that select are redacted, because a header may
/// carry a credential; the model is shown.
json::Value limit_rule_of(const LimitRule& rule);
/// Which rule, which counter, what is charged.
json::Value limit_use_of(const LimitUse& use);
/// The quotas of a backend.
json::Value quotas_of(const Configuration& configuration, const Backend& backend);

}  // namespace weir::config
