#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "config/resolve.h"
#include "config/text.h"

namespace weir::config {

namespace {

/// Models that `rule` takes, as a client writes them; nothing if it takes any.
std::optional<std::vector<std::string>> models_of(const Rule& rule) {
    std::vector<std::string> out;
    for (const RuleMatch& match : rule.matches) {
        auto model = std::ranges::find_if(match.headers, [](const HeaderMatch& header) {
            return header.name == "x-ai-eg-model" && header.type == HeaderMatch::Type::exact;
        });
        if (model == match.headers.end()) return std::nullopt;
        out.push_back(model->value);
    }
    if (out.empty()) return std::nullopt;
    return out;
}

/// Models that `backend` is asked for; nothing if it may be asked for any.
std::optional<std::set<std::string>> models_of(const Configuration& configuration,
                                               const ObjectName& backend) {
    std::set<std::string> out;
    for (const Route& route : configuration.routes)
        for (const Rule& rule : route.rules)
            for (const BackendRef& ref : rule.backends) {
                if (ref.name != backend || ref.kind != BackendRef::Kind::backend) continue;
                if (!ref.model_override.empty()) {
                    out.insert(ref.model_override);
                    continue;
                }
                auto models = models_of(rule);
                if (!models) return std::nullopt;
                out.insert(models->begin(), models->end());
            }
    return out;
}

class QuotaPlacer {
public:
    QuotaPlacer(Configuration& configuration, bool complete, Report& report)
        : configuration_(configuration), complete_(complete), report_(report) {}

    void place(const QuotaPolicy& policy) {
        report_.set_subject(subject(policy.meta));
        if (policy.targets.empty())
            report_.warning(policy.meta.place, "spec.targetRefs",
                            "targets nothing; it has no effect");
        const size_t first = configuration_.limit_rules.size();
        for (const QuotaPolicy::Quota& quota : policy.quotas)
            configuration_.limit_rules.insert(configuration_.limit_rules.end(),
                                              quota.buckets.begin(), quota.buckets.end());
        for (const Reference& target : policy.targets) {
            if (configuration_.backend(target.name))
                place_on(policy, target, first);
            else if (complete_)
                report_.error(target.place, target.field,
                              absent("AIServiceBackend", target.name, policy.meta.name,
                                     names_of(configuration_.backends)));
        }
    }

private:
    void place_on(const QuotaPolicy& policy, const Reference& target, size_t limit) {
        for (const QuotaPolicy::Quota& quota : policy.quotas) {
            const size_t first = limit;
            limit += quota.buckets.size();
            auto [owner, fresh] = owners_.emplace(std::pair(target.name, quota.model), &policy);
            if (!fresh) {
                warn_of_owner(*owner->second, policy, target, quota);
                continue;
            }
            check_model(target, quota);
            QuotaPlace place{target.name, policy.meta.name, quota.model, {}};
            for (size_t i = first; i < limit; ++i)
                place.buckets.push_back({i, configuration_.limit_rules[i].identity +
                                                "@AIServiceBackend/" + target.name.to_string()});
            configuration_.quota_places.push_back(std::move(place));
        }
    }

    void warn_of_owner(const QuotaPolicy& owner, const QuotaPolicy& policy, const Reference& target,
                       const QuotaPolicy::Quota& quota) {
        if (&owner == &policy) return;  // one backend named twice
        report_.warning(
            quota.place, quota.field,
            fmt::format("{} at {} comes first by name and already limits {} of backend {}; this "
                        "quota has no effect there",
                        subject(owner.meta), owner.meta.place.to_string(),
                        quota.model.empty() ? "every model" : quote(quota.model),
                        quote(target.name.name)));
    }

    /// A quota for a model that the backend is never asked for is likely a slip of the pen.
    void check_model(const Reference& target, const QuotaPolicy::Quota& quota) {
        auto models = models_of(configuration_, target.name);
        if (quota.model.empty() || !models || models->empty() || models->contains(quota.model))
            return;
        std::vector<std::string> names(models->begin(), models->end());
        report_.warning(
            quota.place, quota.field,
            fmt::format("no route asks backend {} for model {}, so this quota has no "
                        "effect there{}",
                        quote(target.name.name), quote(quota.model), suggest(quota.model, names)));
    }

    Configuration& configuration_;
    bool complete_;
    Report& report_;
    std::map<std::pair<ObjectName, std::string>, const QuotaPolicy*> owners_;
};

}  // namespace

void apply_quotas(const Parts& parts, Configuration& configuration, Report& report) {
    std::vector<const QuotaPolicy*> policies;
    for (const QuotaPolicy& policy : parts.quota_policies)
        policies.push_back(&policy);
    // "The policy whose namespace/name is alphabetically first takes precedence."
    std::ranges::sort(policies, {},
                      [](const QuotaPolicy* policy) { return policy->meta.name.to_string(); });
    QuotaPlacer placer(configuration, parts.complete, report);
    for (const QuotaPolicy* policy : policies)
        placer.place(*policy);
}

}  // namespace weir::config
