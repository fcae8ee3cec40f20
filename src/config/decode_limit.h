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

/// A policy with limits, or some of its rules.
struct LimitTarget {
    Reference policy;   ///< `section`: a LimitRule's label; empty: every rule
    std::string model;  ///< of a QuotaPolicy; empty: every model
};

/// weir.dev LimitOptions: how the rules it targets are enforced. What it leaves out stays as it is.
struct LimitOptions {
    Meta meta;
    std::vector<LimitTarget> targets;  ///< none: every rule of every policy
    std::optional<Enforcement> enforcement;
    std::optional<Overflow> overflow;
    std::optional<WindowKind> window;
    std::optional<StoreFailure> failure;
    std::optional<Lease> lease;
    std::optional<uint64_t> max_keys;
    std::optional<bool> show_keys;
};

LimitOptions decode_limit_options(const Object& object, Report& report);
QuotaPolicy decode_quota_policy(const Object& object, Report& report);

/// The list `clientSelectors` of `rule`.
std::vector<Selector> read_selectors(const Node& rule, const std::string& path, Report& report);

}  // namespace weir::config
