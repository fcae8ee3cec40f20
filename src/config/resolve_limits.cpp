#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "config/attach.h"
#include "config/text.h"

namespace weir::config {

namespace {

/// Names, on a Gateway, the GatewayConfig of its namespace.
constexpr std::string_view kGatewayConfig = "aigateway.envoyproxy.io/gateway-config";

const GatewayCosts* find_costs(const Parts& parts, const Gateway& gateway, Report& report) {
    auto named = gateway.meta.annotations.find(std::string(kGatewayConfig));
    if (named == gateway.meta.annotations.end()) return nullptr;
    const ObjectName wanted{gateway.meta.name.space, named->second};
    for (const GatewayCosts& costs : parts.gateway_costs)
        if (costs.meta.name == wanted) return &costs;
    report.set_subject(subject(gateway.meta));
    if (parts.complete)
        report.error(
            gateway.meta.place, fmt::format("metadata.annotations[{}]", kGatewayConfig),
            absent("GatewayConfig", wanted, gateway.meta.name, names_of(parts.gateway_costs)));
    return nullptr;
}

void add_costs(const GatewayCosts& from, Route& route) {
    for (const CostRule& cost : from.costs)
        if (std::ranges::find(route.costs, cost.key, &CostRule::key) == route.costs.end())
            route.costs.push_back(cost);
}

bool serves(const Configuration& configuration, const Gateway& gateway, const Route& route) {
    return std::ranges::any_of(gateway.listeners, [&](const Listener& listener) {
        return configuration.serves(gateway, listener, route);
    });
}

/// Builds LimitPlaces, and collects what to say about costs that a route does not define.
class LimitPlacer {
public:
    LimitPlacer(const Parts& parts, Configuration& configuration, Report& report)
        : parts_(parts), configuration_(configuration), report_(report) {}

    void place_all() {
        for (const TrafficPolicy& policy : parts_.traffic_policies) {
            first_limit_[&policy] = configuration_.limit_rules.size();
            configuration_.limit_rules.insert(configuration_.limit_rules.end(),
                                              policy.limits.begin(), policy.limits.end());
        }
        Attachments attachments(parts_, configuration_, report_);
        for (const Route& route : configuration_.routes)
            for (const Gateway& gateway : configuration_.gateways)
                for (const Listener& listener : gateway.listeners)
                    if (configuration_.serves(gateway, listener, route))
                        place_route(attachments, route, gateway, listener);
        report_costs();
    }

private:
    struct Charged {
        std::set<std::string> without;  ///< routes that do not define the key, "kind/name"
        std::set<std::string> keys;     ///< that they do define
        bool somewhere = false;
        bool on_route = false;  ///< its policy names one of the routes without it
    };

    void place_route(const Attachments& attachments, const Route& route, const Gateway& gateway,
                     const Listener& listener) {
        for (size_t i = 0; i < route.rules.size(); ++i)
            for (const Governing& governing :
                 attachments.at(route, route.rules[i], gateway, listener)) {
                for (const LimitRule* limit : limits_of(governing))
                    place(*limit, governing, route, i, gateway, listener);
                if (!governing.base) warn_of_loss(attachments, governing, gateway, listener);
            }
    }

    /// What holds when a policy is merged into the one behind it.
    std::vector<const LimitRule*> limits_of(const Governing& governing) const {
        std::vector<const LimitRule*> out;
        auto add = [&](const TrafficPolicy& policy, auto wanted) {
            size_t first = first_limit_.at(&policy);
            for (size_t i = 0; i < policy.limits.size(); ++i)
                if (wanted(policy.limits[i])) out.push_back(&configuration_.limit_rules[first + i]);
        };
        const TrafficPolicy& own = *governing.policy;
        if (governing.base)
            add(*governing.base, [&](const LimitRule& limit) { return stays(limit, own); });
        add(own, [](const LimitRule&) { return true; });
        return out;
    }

    /// Whether a rule of the base policy survives being merged with `own`.
    static bool stays(const LimitRule& limit, const TrafficPolicy& own) {
        return std::ranges::none_of(own.limits, [&](const LimitRule& other) {
            if (other.scope != limit.scope) return false;
            return own.merge == MergeType::json || (other.otherwise && limit.otherwise);
        });
    }

    void place(const LimitRule& limit, const Governing& governing, const Route& route, size_t rule,
               const Gateway& gateway, const Listener& listener) {
        bool of_rule = governing.level == AttachLevel::route_rule &&
                       limit.policy == governing.policy->meta.name;
        std::string counter = limit.identity;
        if (!limit.shared) {
            counter += "@" + subject_of(route);
            if (of_rule) counter += "/rule/" + route.rules[rule].name;
        }
        LimitPlace::Entrance entrance{gateway.meta.name, listener.name};
        size_t index = static_cast<size_t>(&limit - configuration_.limit_rules.data());
        std::vector<LimitPlace>& places = configuration_.limit_places[{route.meta.name, rule}];
        for (LimitPlace& known : places)
            if (known.limit == index) return known.entrances.push_back(std::move(entrance));
        places.push_back(
            {index, std::move(counter), find_cost(limit, governing, route), {std::move(entrance)}});
    }

    static std::string subject_of(const Route& route) {
        return route.meta.kind + "/" + route.meta.name.to_string();
    }

    std::optional<CostRule> find_cost(const LimitRule& limit, const Governing& governing,
                                      const Route& route) {
        if (limit.response.from != ResponseCost::From::key) return std::nullopt;
        auto found = std::ranges::find(route.costs, limit.response.key, &CostRule::key);
        Charged& charged = charged_[limit.identity];
        if (found != route.costs.end()) {
            charged.somewhere = true;
            return *found;
        }
        charged.without.insert(subject(route.meta));
        for (const CostRule& cost : route.costs)
            charged.keys.insert(cost.key);
        charged.on_route = charged.on_route || (governing.level != AttachLevel::gateway &&
                                                limit.policy == governing.policy->meta.name);
        return std::nullopt;
    }

    /// A route's policy stands alone without mergeType: the limits of its Gateway's are gone there.
    void warn_of_loss(const Attachments& attachments, const Governing& governing,
                      const Gateway& gateway, const Listener& listener) {
        if (governing.level == AttachLevel::gateway || !governing.policy->limits.empty()) return;
        for (const TrafficPolicy* lost : attachments.behind(gateway, listener)) {
            if (lost->limits.empty() || !warned_.insert(governing.policy).second) continue;
            report_.set_subject(subject(governing.policy->meta));
            report_.warning(
                governing.policy->meta.place, "spec.mergeType",
                fmt::format("without mergeType this policy replaces {} at {}, so that policy's "
                            "rate limits do not hold here; add mergeType: StrategicMerge to keep "
                            "them",
                            subject(lost->meta), lost->meta.place.to_string()));
        }
    }

    void report_costs() {
        for (const LimitRule& limit : configuration_.limit_rules) {
            auto found = charged_.find(limit.identity);
            if (found == charged_.end() || found->second.without.empty()) continue;
            const Charged& charged = found->second;
            std::vector<std::string> keys(charged.keys.begin(), charged.keys.end());
            std::string message = fmt::format(
                "{} {} no cost {}{}", fmt::join(charged.without, ", "),
                charged.without.size() == 1 ? "defines" : "define", quote(limit.response.key),
                keys.empty() ? "; add it to llmRequestCosts" : suggest(limit.response.key, keys));
            report_.set_subject(limit.policy_kind + "/" + limit.policy.name);
            std::string field = join(limit.field, "cost.response.metadata.key");
            if (charged.on_route || !charged.somewhere)
                report_.error(limit.response.place, field, std::move(message));
            else
                report_.warning(limit.response.place, field,
                                message + "; its answers are not charged to this limit");
        }
    }

    const Parts& parts_;
    Configuration& configuration_;
    Report& report_;
    std::map<const TrafficPolicy*, size_t> first_limit_;
    std::map<std::string, Charged> charged_;  ///< by LimitRule::identity
    std::set<const TrafficPolicy*> warned_;
};

}  // namespace

void apply_costs(const Parts& parts, Configuration& configuration, Report& report) {
    std::set<const GatewayCosts*> used;
    for (Gateway& gateway : configuration.gateways) {
        const GatewayCosts* costs = find_costs(parts, gateway, report);
        if (!costs) continue;
        used.insert(costs);
        gateway.forward_proxy = costs->forward_proxy;
        for (Route& route : configuration.routes)
            if (serves(configuration, gateway, route)) add_costs(*costs, route);
    }
    for (const GatewayCosts& costs : parts.gateway_costs) {
        if ((costs.costs.empty() && !costs.forward_proxy) || used.contains(&costs)) continue;
        report.set_subject(subject(costs.meta));
        report.warning(
            costs.meta.place,
            costs.costs.empty() ? "spec.forwardProxy" : "spec.globalLLMRequestCosts",
            fmt::format("no Gateway's annotation {} names it; it has no effect", kGatewayConfig));
    }
}

void apply_limits(const Parts& parts, Configuration& configuration, Report& report) {
    LimitPlacer(parts, configuration, report).place_all();
}

}  // namespace weir::config
