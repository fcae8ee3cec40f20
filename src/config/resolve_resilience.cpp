// Which rule gets which Resilience. BackendTrafficPolicy as Envoy Gateway attaches it: the most
// specific one alone, unless it has a mergeType. ResiliencePolicy field by field: what a rule's
// policy leaves open its route's says, then its Gateway's, then the one without targets.
#include <algorithm>

#include "config/attach.h"

namespace weir::config {
namespace {

bool targets_rule(const Reference& target, const Route& route, const Rule& rule) {
    return target.kind != "Gateway" && target.name == route.meta.name && !target.section.empty() &&
           target.section == rule.name;
}

bool targets_route(const Reference& target, const Route& route) {
    return target.kind != "Gateway" && target.name == route.meta.name && target.section.empty();
}

bool targets_gateway_of(const Reference& target, const Route& route,
                        const Configuration& configuration) {
    if (target.kind != "Gateway") return false;
    return std::ranges::any_of(route.parents, [&](const ParentRef& parent) {
        const Gateway* gateway = configuration.gateway(parent.gateway);
        return gateway && configuration.gateway(target.name) == gateway;
    });
}

/// Of two policies at one distance the one read last wins, so the last is asked first.
template <class Targets>
void fill_from_policies(const Parts& parts, Resilience& into, Targets targets) {
    for (auto policy = parts.traffic_policies.rbegin(); policy != parts.traffic_policies.rend();
         ++policy)
        if (policy->meta.kind == "ResiliencePolicy" && targets(*policy))
            into.fill_from(policy->resilience);
}

void apply_ours(const Parts& parts, const Configuration& configuration, const Route& route,
                Rule& rule) {
    auto any = [](auto matches) {
        return [matches](const TrafficPolicy& policy) {
            return std::ranges::any_of(policy.targets, matches);
        };
    };
    fill_from_policies(parts, rule.resilience,
                       any([&](const Reference& t) { return targets_rule(t, route, rule); }));
    fill_from_policies(parts, rule.resilience,
                       any([&](const Reference& t) { return targets_route(t, route); }));
    fill_from_policies(parts, rule.resilience, any([&](const Reference& t) {
                           return targets_gateway_of(t, route, configuration);
                       }));
    fill_from_policies(parts, rule.resilience,
                       [](const TrafficPolicy& policy) { return policy.targets.empty(); });
}

/// The BackendTrafficPolicies of the first listener that serves the route.
void apply_envoys(const Attachments& attachments, const Configuration& configuration,
                  const Route& route, Rule& rule) {
    for (const Gateway& gateway : configuration.gateways)
        for (const Listener& listener : gateway.listeners) {
            if (!configuration.serves(gateway, listener, route)) continue;
            for (const Governing& governing : attachments.at(route, rule, gateway, listener)) {
                rule.resilience.fill_from(governing.policy->resilience);
                if (governing.base) rule.resilience.fill_from(governing.base->resilience);
            }
            return;
        }
}

}  // namespace

void apply_resilience(const Parts& parts, Configuration& configuration) {
    std::vector<Diagnostic> said_already;  // by apply_limits(), which asks the same questions
    Report silent(said_already);
    const Attachments attachments(parts, configuration, silent);
    for (Route& route : configuration.routes)
        for (Rule& rule : route.rules) {
            apply_envoys(attachments, configuration, route, rule);
            apply_ours(parts, configuration, route, rule);
        }
}

}  // namespace weir::config
