#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "config/resolve.h"
#include "config/text.h"

namespace weir::config {

namespace {

/// One LimitOptions on one rule; closer ones come first.
struct Claim {
    const LimitOptions* options = nullptr;
    int closeness = 0;  ///< 0: on everything; 1: on the policy; more: on its model, its rule
    friend bool operator<(const Claim& a, const Claim& b) {
        constexpr int64_t kUnknown = std::numeric_limits<int64_t>::max();
        if (a.closeness != b.closeness) return a.closeness > b.closeness;
        int64_t a_created = a.options->meta.created.value_or(kUnknown);
        int64_t b_created = b.options->meta.created.value_or(kUnknown);
        return a_created != b_created ? a_created < b_created
                                      : a.options->meta.name < b.options->meta.name;
    }
};

bool hits(const LimitTarget& target, const LimitRule& rule) {
    return target.policy.kind == rule.policy_kind && target.policy.name == rule.policy &&
           (target.model.empty() || target.model == rule.model) &&
           (target.policy.section.empty() || target.policy.section == rule.label);
}

std::vector<Claim> claims_on(const LimitRule& rule, const std::vector<LimitOptions>& all) {
    std::vector<Claim> out;
    for (const LimitOptions& options : all) {
        int closest = options.targets.empty() ? 0 : -1;
        for (const LimitTarget& target : options.targets)
            if (hits(target, rule))
                closest = std::max(closest,
                                   1 + !target.model.empty() + 2 * !target.policy.section.empty());
        if (closest >= 0) out.push_back({&options, closest});
    }
    std::sort(out.begin(), out.end());
    return out;
}

/// Settles the fields of one rule, and says which LimitOptions lost to another as close as it.
class Settler {
public:
    Settler(LimitRule& rule, std::vector<Claim> claims, Report& report)
        : rule_(rule), claims_(std::move(claims)), report_(report) {}

    template <class T>
    void settle(std::optional<T> LimitOptions::* field, T& into, std::string_view name) {
        const Claim* winner = nullptr;
        for (const Claim& claim : claims_) {
            const std::optional<T>& said = claim.options->*field;
            if (!said) continue;
            if (!winner) {
                winner = &claim;
                into = *said;
            } else if (claim.closeness == winner->closeness && *said != into) {
                report_.set_subject(subject(claim.options->meta));
                report_.warning(
                    claim.options->meta.place, join("spec", name),
                    fmt::format("{} at {} is as close to {} and counts, being {}",
                                subject(winner->options->meta),
                                winner->options->meta.place.to_string(), rule_.identity,
                                winner->options->meta.created != claim.options->meta.created
                                    ? "older"
                                    : "first by name"));
            }
        }
    }

private:
    LimitRule& rule_;
    std::vector<Claim> claims_;
    Report& report_;
};

void check_target(const LimitTarget& target, const LimitOptions& options,
                  const Configuration& configuration, bool complete, Report& report) {
    std::vector<ObjectName> policies;
    std::vector<std::string> models;
    std::vector<std::string> labels;
    bool hit = false;
    for (const LimitRule& rule : configuration.limit_rules) {
        if (rule.policy_kind != target.policy.kind) continue;
        policies.push_back(rule.policy);
        if (rule.policy != target.policy.name) continue;
        hit = hit || hits(target, rule);
        if (!rule.model.empty()) models.push_back(rule.model);
        if (target.model.empty() || target.model == rule.model) labels.push_back(rule.label);
    }
    bool known_kind =
        target.policy.kind == "BackendTrafficPolicy" || target.policy.kind == "QuotaPolicy";
    if (hit || !complete || !known_kind) return;
    const Reference& ref = target.policy;
    if (std::ranges::find(policies, ref.name) == policies.end())
        report.error(ref.place, ref.field,
                     absent(ref.kind + " with limits", ref.name, options.meta.name, policies));
    else if (labels.empty())
        report.error(ref.place, join(ref.field, "model"),
                     fmt::format("{} {} has no quota for this model{}", ref.kind,
                                 quote(ref.name.name), suggest(target.model, models)));
    else
        report.error(ref.place, join(ref.field, "sectionName"),
                     fmt::format("{} {} has no rule of this name{}", ref.kind, quote(ref.name.name),
                                 suggest(ref.section, labels)));
}

}  // namespace

void apply_limit_options(const Parts& parts, Configuration& configuration, Report& report) {
    for (const LimitOptions& options : parts.limit_options) {
        report.set_subject(subject(options.meta));
        for (const LimitTarget& target : options.targets)
            check_target(target, options, configuration, parts.complete, report);
    }
    for (LimitRule& rule : configuration.limit_rules) {
        Settler settler(rule, claims_on(rule, parts.limit_options), report);
        LimitSettings& settings = rule.settings;
        if (configuration.shared_store && configuration.shared_store->fail_closed)
            settings.failure = StoreFailure::closed;
        settler.settle(&LimitOptions::enforcement, settings.enforcement, "enforcement");
        settler.settle(&LimitOptions::overflow, settings.overflow, "overflow");
        settler.settle(&LimitOptions::window, settings.window, "window");
        settler.settle(&LimitOptions::failure, settings.failure, "failure");
        settler.settle(&LimitOptions::lease, settings.lease, "lease");
        settler.settle(&LimitOptions::max_keys, settings.max_keys, "distinct.maxKeys");
        settler.settle(&LimitOptions::show_keys, settings.show_keys, "distinct.showKeys");
        if (settings.overflow == Overflow::cut && settings.enforcement == Enforcement::afterwards) {
            report.set_subject(rule.policy_kind + "/" + rule.policy.name);
            report.error(rule.place, rule.field,
                         "LimitOptions ask for overflow: cut, which ends an answer at its "
                         "reservation, and for enforcement: afterwards, which makes none; choose "
                         "one");
        }
    }
}

}  // namespace weir::config
