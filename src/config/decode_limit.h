/// Decoders of what limits use: rateLimit, quotas, selectors. See decode.h.
#pragma once
#include <string>
#include <vector>

#include "config/decode.h"
#include "config/limits.h"

namespace weir::config {

/// The rules of a BackendTrafficPolicy's rateLimit: those of `global`, then those of `local`.
std::vector<LimitRule> decode_rate_limit(const Object& object, Report& report);

/// QuotaPolicy: what its backends may use, by model.
struct QuotaPolicy {
    /// A model's quota, or the service's where `model` is empty.
    struct Quota {
        std::string model;
        std::vector<LimitRule> buckets;  ///< the default one last
        Place place;
        std::string field;
    };
    Meta meta;
    std::vector<Reference> targets;
    std::vector<Quota> quotas;
};
QuotaPolicy decode_quota_policy(const Object& object, Report& report);

/// The list `clientSelectors` of `rule`.
std::vector<Selector> read_selectors(const Node& rule, const std::string& path, Report& report);

}  // namespace weir::config
