/// Which BackendTrafficPolicies govern a rule of a route, as Envoy Gateway decides it.
///
/// Of the policies on a route's rule, the route, the listener and the Gateway the most specific one
/// governs alone. If it has a mergeType, it is merged into the listener's policy, else into the
/// Gateway's. Of two policies on one target the older one counts, else the first by name. With an
/// implicit Gateway every Gateway name and listener means it, so that several policies may govern
/// together. Ownership: points into the Parts and the Configuration it was made from.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "config/resolve.h"

namespace weir::config {

/// What a policy is attached to, from the most to the least specific.
enum class AttachLevel {
    route_rule,
    route,
    gateway,  ///< or one of its listeners
};

/// A governing policy and, if it is merged into one, the policy of its listener or Gateway.
struct Governing {
    const TrafficPolicy* policy = nullptr;
    AttachLevel level = AttachLevel::gateway;
    const TrafficPolicy* base = nullptr;
};

class Attachments {
public:
    /// Reports targets that do not exist and policies that lose to another on the same target.
    Attachments(const Parts& parts, const Configuration& configuration, Report& report);

    /// The policies that govern requests which `listener` of `gateway` hands to `rule` of `route`.
    std::vector<Governing> at(const Route& route, const Rule& rule, const Gateway& gateway,
                              const Listener& listener) const;
    /// The policy of `listener`, else of `gateway`: what a policy on a route stands before.
    std::vector<const TrafficPolicy*> behind(const Gateway& gateway,
                                             const Listener& listener) const;

private:
    struct Target {
        bool is_gateway = false;
        ObjectName name;
        std::string section;
        friend auto operator<=>(const Target&, const Target&) = default;
    };
    void attach(const TrafficPolicy& policy, const Configuration& configuration, Report& report);
    void attach_one(const TrafficPolicy& policy, Target target, const Place& place,
                    const std::string& field, Report& report);
    const TrafficPolicy* find(const Target& target) const;

    std::map<Target, const TrafficPolicy*> by_target_;
};

/// Adds what targetSelectors mean to the targets of every policy. What is in another namespace
/// needs a ReferenceGrant there.
void expand_selectors(const Configuration& configuration, std::vector<TrafficPolicy>& policies);

}  // namespace weir::config
