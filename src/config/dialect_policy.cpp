#include <fmt/format.h>

#include <algorithm>

#include "config/resolve.h"
#include "config/text.h"

namespace weir::config {

namespace {

/// One policy on one target; closer ones come later, so that the last one to speak counts.
struct Claim {
    const DialectPolicy* policy = nullptr;
    const Reference* target = nullptr;  ///< null: every route
    int closeness() const { return !target ? 0 : target->section.empty() ? 1 : 2; }
    friend bool operator<(const Claim& a, const Claim& b) {
        if (a.closeness() != b.closeness()) return a.closeness() < b.closeness();
        return b.policy->meta.name <
               a.policy->meta.name;  // of two as close the first by name counts
    }
};

bool hits(const Claim& claim, const Route& route, const Rule& rule) {
    if (!claim.target) return true;
    return claim.target->kind == "AIGatewayRoute" && claim.target->name == route.meta.name &&
           (claim.target->section.empty() || claim.target->section == rule.name);
}

void check_target(const Reference& target, const DialectPolicy& policy,
                  const Configuration& configuration, bool complete, Report& report) {
    if (target.kind != "AIGatewayRoute")
        return report.error(target.place, join(target.field, "kind"),
                            "a DialectPolicy is about routes; write AIGatewayRoute");
    if (!complete) return;
    std::vector<std::string> rules;
    bool found = false;
    for (const Route& route : configuration.routes) {
        if (route.meta.name != target.name) continue;
        found = true;
        for (const Rule& rule : route.rules)
            rules.push_back(rule.name);
    }
    if (!found)
        report.error(target.place, target.field,
                     absent("AIGatewayRoute", target.name, policy.meta.name,
                            names_of(configuration.routes)));
    else if (!target.section.empty() && std::ranges::find(rules, target.section) == rules.end())
        report.error(target.place, join(target.field, "sectionName"),
                     fmt::format("AIGatewayRoute {} has no rule of this name{}",
                                 quote(target.name.name), suggest(target.section, rules)));
}

}  // namespace

DialectPolicy decode_dialect_policy(const Object& object) {
    const Node& spec = object.spec();
    DialectPolicy policy;
    policy.meta = object.meta();
    policy.strict = spec.text_at("strict") == "true";
    const auto& targets = list_of(spec, "targetRefs");
    for (size_t i = 0; i < targets.size(); ++i)
        policy.targets.push_back(read_reference(targets[i], object.name, "aigateway.envoyproxy.io",
                                                "AIGatewayRoute", join("spec.targetRefs", i)));
    return policy;
}

void apply_dialect_policies(const Parts& parts, Configuration& configuration, Report& report) {
    std::vector<Claim> claims;
    for (const DialectPolicy& policy : parts.dialect_policies) {
        report.set_subject(subject(policy.meta));
        if (policy.targets.empty()) claims.push_back({&policy, nullptr});
        for (const Reference& target : policy.targets) {
            check_target(target, policy, configuration, parts.complete, report);
            claims.push_back({&policy, &target});
        }
    }
    std::sort(claims.begin(), claims.end());
    for (Route& route : configuration.routes)
        for (Rule& rule : route.rules)
            for (const Claim& claim : claims)
                if (hits(claim, route, rule)) rule.strict = claim.policy->strict;
}

}  // namespace weir::config
