#include "config/attach.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "config/text.h"

namespace weir::config {

namespace {

constexpr std::string_view kPolicyKind = "BackendTrafficPolicy";

/// An AIGatewayRoute is an HTTPRoute of the same name to Envoy Gateway, so both names hit it.
bool is_route_kind(std::string_view kind) {
    return kind == "HTTPRoute" || kind == "AIGatewayRoute";
}

/// The order in which policies get their targets.
bool before(const TrafficPolicy* a, const TrafficPolicy* b) {
    constexpr int64_t kUnknown = std::numeric_limits<int64_t>::max();
    int64_t a_created = a->meta.created.value_or(kUnknown);
    int64_t b_created = b->meta.created.value_or(kUnknown);
    return a_created != b_created ? a_created < b_created : a->meta.name < b->meta.name;
}

std::vector<std::string> section_names(const Route& route) {
    std::vector<std::string> names;
    for (const Rule& rule : route.rules)
        if (!rule.name.empty()) names.push_back(rule.name);
    return names;
}

std::vector<std::string> section_names(const Gateway& gateway) {
    std::vector<std::string> names;
    for (const Listener& listener : gateway.listeners)
        names.push_back(listener.name);
    return names;
}

/// Whether `selector` means something with these labels.
bool selects(const TargetSelector& selector, const Meta& meta) {
    return std::ranges::all_of(selector.requirements, [&](const TargetSelector::Requirement& r) {
        auto label = meta.labels.find(r.key);
        bool present = label != meta.labels.end();
        bool listed = present && std::ranges::find(r.values, label->second) != r.values.end();
        using enum TargetSelector::Operator;
        switch (r.op) {
            case in:
                return listed;
            case not_in:
                return !listed;
            case exists:
                return present;
            case does_not_exist:
                return !present;
        }
        return false;
    });
}

/// Whether `reference` names no section, or one that is there; a mistake is reported.
template <class Resource>
bool has_section(const Resource& resource, const Reference& reference, std::string_view what,
                 Report& report) {
    std::vector<std::string> names = section_names(resource);
    if (reference.section.empty() || std::ranges::find(names, reference.section) != names.end())
        return true;
    report.error(
        reference.place, join(reference.field, "sectionName"),
        fmt::format("{} {} has no {} of this name{}", resource.meta.kind,
                    quote(resource.meta.name.name), what, suggest(reference.section, names)));
    return false;
}

}  // namespace

void expand_selectors(const Configuration& configuration, std::vector<TrafficPolicy>& policies) {
    for (TrafficPolicy& policy : policies)
        for (const TargetSelector& selector : policy.selectors) {
            auto add = [&](const auto& resource) {
                const Meta& meta = resource.meta;
                bool local = meta.name.space == policy.meta.name.space;
                if (!local && (!selector.all_namespaces ||
                               !granted(configuration, policy.meta, selector.group, selector.kind,
                                        meta.name)))
                    return;
                if (!selects(selector, meta)) return;
                policy.targets.push_back(
                    {selector.group, selector.kind, meta.name, "", selector.place, selector.field});
            };
            if (selector.kind == "Gateway") {
                for (const Gateway& gateway : configuration.gateways)
                    if (!gateway.implicit) add(gateway);
            } else if (is_route_kind(selector.kind)) {
                std::ranges::for_each(configuration.routes, add);
            }
        }
}

Attachments::Attachments(const Parts& parts, const Configuration& configuration, Report& report) {
    std::vector<const TrafficPolicy*> policies;
    for (const TrafficPolicy& policy : parts.traffic_policies)
        if (policy.meta.kind == kPolicyKind) policies.push_back(&policy);
    std::ranges::sort(policies, before);
    for (const TrafficPolicy* policy : policies) {
        report.set_subject(subject(policy->meta));
        attach(*policy, configuration, report);
    }
}

void Attachments::attach(const TrafficPolicy& policy, const Configuration& configuration,
                         Report& report) {
    for (const Reference& ref : policy.targets) {
        if (ref.kind == "Gateway") {
            const Gateway* gateway = configuration.gateway(ref.name);
            if (gateway && (gateway->implicit || has_section(*gateway, ref, "listener", report)))
                attach_one(policy, {true, ref.name, ref.section}, ref.place, ref.field, report);
        } else if (is_route_kind(ref.kind)) {
            for (const Route& route : configuration.routes)
                if (route.meta.name == ref.name && has_section(route, ref, "rule", report))
                    attach_one(policy, {false, ref.name, ref.section}, ref.place, ref.field,
                               report);
        }
    }
}

void Attachments::attach_one(const TrafficPolicy& policy, Target target, const Place& place,
                             const std::string& field, Report& report) {
    auto [at, fresh] = by_target_.emplace(std::move(target), &policy);
    if (fresh || at->second == &policy) return;
    const Meta& other = at->second->meta;
    report.warning(
        place, field,
        fmt::format(
            "{} at {} already governs {} {}{} and is {}, so this policy has no effect there",
            subject(other), other.place.to_string(), at->first.is_gateway ? "Gateway" : "route",
            quote(at->first.name.name),
            at->first.section.empty() ? "" : fmt::format(" section {}", at->first.section),
            other.created && other.created != policy.meta.created ? "older" : "first by name"));
}

const TrafficPolicy* Attachments::find(const Target& target) const {
    auto found = by_target_.find(target);
    return found == by_target_.end() ? nullptr : found->second;
}

std::vector<const TrafficPolicy*> Attachments::behind(const Gateway& gateway,
                                                      const Listener& listener) const {
    std::vector<const TrafficPolicy*> out;
    if (gateway.implicit) {
        for (const auto& [target, policy] : by_target_)
            if (target.is_gateway && std::ranges::find(out, policy) == out.end())
                out.push_back(policy);
        return out;
    }
    const TrafficPolicy* policy = find({true, gateway.meta.name, listener.name});
    if (!policy) policy = find({true, gateway.meta.name, ""});
    if (policy) out.push_back(policy);
    return out;
}

std::vector<Governing> Attachments::at(const Route& route, const Rule& rule, const Gateway& gateway,
                                       const Listener& listener) const {
    const TrafficPolicy* closest =
        rule.name.empty() ? nullptr : find({false, route.meta.name, rule.name});
    AttachLevel level = closest ? AttachLevel::route_rule : AttachLevel::route;
    if (!closest) closest = find({false, route.meta.name, ""});
    std::vector<const TrafficPolicy*> others = behind(gateway, listener);
    std::vector<Governing> out;
    if (!closest) {
        for (const TrafficPolicy* policy : others)
            out.push_back({policy, AttachLevel::gateway, nullptr});
    } else if (closest->merge == MergeType::none || others.empty()) {
        out.push_back({closest, level, nullptr});
    } else {
        for (const TrafficPolicy* base : others)
            out.push_back({closest, level, base == closest ? nullptr : base});
    }
    return out;
}

}  // namespace weir::config
