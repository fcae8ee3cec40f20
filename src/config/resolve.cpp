#include "config/resolve.h"
#include "config/attach.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/text.h"

namespace weir::config {

namespace {

constexpr std::string_view kAiGroup = "aigateway.envoyproxy.io";
constexpr std::string_view kSeedGroup = "ai.gateway.envoyproxy.io";
constexpr std::string_view kEnvoyGroup = "gateway.envoyproxy.io";

std::string_view group_of(const Meta& meta) {
    auto slash = meta.api_version.find('/');
    return slash == std::string::npos ? std::string_view()
                                      : std::string_view(meta.api_version).substr(0, slash);
}

bool same_group(std::string_view a, std::string_view b) {
    auto neutral = [](std::string_view group) { return group == kSeedGroup ? kAiGroup : group; };
    return neutral(a) == neutral(b);
}

}  // namespace

bool granted(const Configuration& configuration, const Meta& from, std::string_view to_group,
             std::string_view to_kind, const ObjectName& to) {
    return std::ranges::any_of(configuration.reference_grants, [&](const ReferenceGrant& grant) {
        if (grant.meta.name.space != to.space) return false;
        bool from_ok = std::ranges::any_of(grant.from, [&](const ReferenceGrant::From& f) {
            return same_group(f.group, group_of(from)) && f.kind == from.kind &&
                   f.space == from.name.space;
        });
        return from_ok && std::ranges::any_of(grant.to, [&](const ReferenceGrant::To& t) {
                   return same_group(t.group, to_group) && t.kind == to_kind &&
                          (t.name.empty() || t.name == to.name);
               });
    });
}

namespace {

/// One Gateway for every name, with the default listener.
Gateway implicit_gateway() {
    Gateway gateway;
    gateway.meta.kind = "Gateway";
    gateway.meta.name = {std::string(defaults::kNamespace), "implicit"};
    gateway.implicit = true;
    Listener listener;
    listener.name = "http";
    listener.port = defaults::kListenPort;
    listener.routes = Listener::Routes::all_namespaces;
    gateway.listeners.push_back(std::move(listener));
    return gateway;
}

/// With no Gateway loaded: adds the implicit one, and says once which names mean it.
void add_implicit_gateway(const Parts& parts, Configuration& configuration, Report& report) {
    if (!configuration.gateways.empty()) return;
    configuration.gateways.push_back(implicit_gateway());
    std::set<std::string> names;
    const Place* first = nullptr;
    auto mention = [&](const ObjectName& name, const Place& place) {
        if (!first || place < *first) first = &place;
        names.insert(name.to_string());
    };
    for (const Route& route : parts.routes)
        for (const ParentRef& parent : route.parents)
            mention(parent.gateway, parent.place);
    for (const TrafficPolicy& policy : parts.traffic_policies)
        for (const Reference& target : policy.targets)
            if (target.kind == "Gateway") mention(target.name, target.place);
    if (!first) return;
    report.set_subject("");
    report.warning(
        *first, "",
        fmt::format(
            "no Gateway is loaded: {} {} one implicit Gateway on port {}; add a Gateway to choose",
            fmt::join(names, ", "), names.size() == 1 ? "means" : "all mean",
            defaults::kListenPort));
}

bool admits(const Listener& listener, const Gateway& gateway, const Route& route) {
    return gateway.implicit || listener.routes != Listener::Routes::same_namespace ||
           gateway.meta.name.space == route.meta.name.space;
}

void check_parent(const Route& route, const ParentRef& parent, const std::string& field,
                  bool complete, const Configuration& configuration, Report& report) {
    const Gateway* gateway = configuration.gateway(parent.gateway);
    if (!gateway) {
        if (complete)
            report.error(parent.place, field,
                         absent("Gateway", parent.gateway, route.meta.name,
                                names_of(configuration.gateways)));
        return;
    }
    if (gateway->implicit) return;
    std::vector<std::string> listeners;
    bool found = false;
    bool admitted = false;
    for (const Listener& listener : gateway->listeners) {
        listeners.push_back(listener.name);
        if (!parent.section.empty() && listener.name != parent.section) continue;
        if (parent.port && listener.port != *parent.port) continue;
        found = true;
        admitted = admitted || admits(listener, *gateway, route);
    }
    if (!found)
        report.error(
            parent.place, field,
            fmt::format("Gateway {} has no such listener{}", quote(gateway->meta.name.name),
                        suggest(parent.section, listeners)));
    else if (!admitted)
        report.error(
            parent.place, field,
            fmt::format("no listener of Gateway {} admits routes of namespace {}; set "
                        "allowedRoutes.namespaces.from: All",
                        quote(gateway->meta.name.to_string()), quote(route.meta.name.space)));
}

void check_route(Route& route, bool complete, const Configuration& configuration, Report& report) {
    report.set_subject(subject(route.meta));
    for (size_t i = 0; i < route.parents.size(); ++i)
        check_parent(route, route.parents[i], join("spec.parentRefs", i), complete, configuration,
                     report);
    if (route.parents.empty() && configuration.gateways.front().implicit)
        route.parents.push_back(
            {configuration.gateways.front().meta.name, "", std::nullopt, route.meta.place});
    else if (route.parents.empty())
        report.warning(route.meta.place, "spec.parentRefs",
                       "attached to no Gateway; no request reaches it");
    for (size_t i = 0; i < route.rules.size(); ++i)
        for (size_t j = 0; j < route.rules[i].backends.size(); ++j) {
            const BackendRef& ref = route.rules[i].backends[j];
            if (ref.kind != BackendRef::Kind::backend || ref.name.name.empty()) continue;
            std::string field = join(join(join("spec.rules", i), "backendRefs"), j);
            if (group_of(route.meta) == kSeedGroup)
                field = join(join(join("spec.routes", i), "backends"), j);
            if (!configuration.backend(ref.name)) {
                if (complete)
                    report.error(ref.place, field,
                                 absent("AIServiceBackend", ref.name, route.meta.name,
                                        names_of(configuration.backends)));
            } else {
                check_grant(configuration, route.meta, kAiGroup, "AIServiceBackend", ref.name,
                            ref.place, field, report);
            }
        }
}

void check_backend(const DecodedBackend& decoded, Backend& backend, bool complete,
                   const Configuration& configuration, Report& report) {
    if (!decoded.endpoints || decoded.endpoints->name.name.empty()) return;
    const Reference& ref = *decoded.endpoints;
    report.set_subject(subject(backend.meta));
    const EndpointBackend* target = configuration.endpoint_backend(ref.name);
    if (!target) {
        if (complete)
            report.error(ref.place, ref.field,
                         absent("Backend", ref.name, backend.meta.name,
                                names_of(configuration.endpoint_backends)));
        return;
    }
    check_grant(configuration, backend.meta, kEnvoyGroup, "Backend", ref.name, ref.place, ref.field,
                report);
    for (const Endpoint& endpoint : target->endpoints)
        if (backend.region.empty()) backend.region = bedrock_region(endpoint.host);
}

}  // namespace

std::string subject(const Meta& meta) {
    return meta.kind + "/" + meta.name.name;
}

std::string absent(std::string_view kind, const ObjectName& wanted, const ObjectName& from,
                   const std::vector<ObjectName>& present) {
    bool local = wanted.space == from.space;
    std::vector<std::string> candidates;
    for (const ObjectName& name : present)
        candidates.push_back(local && name.space == wanted.space ? name.name : name.to_string());
    std::string shown = local ? wanted.name : wanted.to_string();
    return fmt::format("{} {} does not exist{}", kind, quote(shown), suggest(shown, candidates));
}

void check_grant(const Configuration& configuration, const Meta& from, std::string_view to_group,
                 std::string_view to_kind, const ObjectName& to, const Place& place,
                 const std::string& field, Report& report) {
    if (to.space == from.name.space || granted(configuration, from, to_group, to_kind, to)) return;
    report.error(
        place, field,
        fmt::format(
            "{} {} is in another namespace and no ReferenceGrant there permits it; add one in {}",
            to_kind, quote(to.to_string()), to.space));
}

Configuration resolve(Parts parts, const Options& options, Report& report) {
    Configuration c;
    c.gateways = std::move(parts.gateways);
    c.gateway_classes = std::move(parts.gateway_classes);
    c.secrets = std::move(parts.secrets);
    c.config_maps = std::move(parts.config_maps);
    c.reference_grants = std::move(parts.reference_grants);
    for (const DecodedEndpoints& decoded : parts.endpoints)
        c.endpoint_backends.push_back(decoded.backend);
    for (const DecodedBackend& decoded : parts.backends)
        c.backends.push_back(decoded.backend);
    for (const DecodedPolicy& decoded : parts.credential_policies)
        c.credential_policies.push_back(decoded.policy);
    add_implicit_gateway(parts, c, report);
    c.routes = std::move(parts.routes);
    for (Route& route : c.routes)
        check_route(route, parts.complete, c, report);
    for (size_t i = 0; i < c.backends.size(); ++i)
        check_backend(parts.backends[i], c.backends[i], parts.complete, c, report);
    check_credentials(parts, options, c, report);
    apply_tls(parts, options, c, report);
    apply_proxies(parts, options, c, report);
    apply_shared_store(parts, options, c, report);
    expand_selectors(c, parts.traffic_policies);
    apply_traffic(parts, c, report);
    apply_resilience(parts, c);
    apply_costs(parts, c, report);
    apply_limits(parts, c, report);
    apply_clients(parts, options, c, report);
    apply_quotas(parts, c, report);
    apply_limit_options(parts, c, report);
    apply_dialect_policies(parts, c, report);
    return c;
}

}  // namespace weir::config
