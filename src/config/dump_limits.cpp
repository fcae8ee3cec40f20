#include "config/dump_limits.h"

#include <string>

#include "base/secret.h"

namespace weir::config {

namespace {

using json::Value;

Value text(std::string_view s) {
    return Value::string(std::string(s));
}

Value number(uint64_t n) {
    return Value::number(std::to_string(n));
}

Value values_of(const std::vector<ValueSelector>& selectors) {
    static constexpr std::string_view kTests[] = {"Exact", "RegularExpression", "Distinct"};
    Value out = Value::array();
    for (const ValueSelector& selector : selectors) {
        Value v = Value::object();
        v.set("name", text(selector.name));
        v.set("type", text(kTests[static_cast<size_t>(selector.test)]));
        bool model = selector.name == "x-ai-eg-model";
        if (selector.test != ValueTest::distinct)
            v.set("value", text(model ? std::string_view(selector.value) : kRedacted));
        if (selector.invert) v.set("invert", Value::boolean(true));
        out.push_back(std::move(v));
    }
    return out;
}

Value path_of(const PathSelector& path) {
    static constexpr std::string_view kTypes[] = {"Exact", "PathPrefix", "RegularExpression"};
    Value out = Value::object();
    out.set("type", text(kTypes[static_cast<size_t>(path.match.type)]));
    out.set("value", text(path.match.value));
    if (path.invert) out.set("invert", Value::boolean(true));
    return out;
}

Value methods_of(const std::vector<MethodSelector>& methods) {
    Value out = Value::array();
    for (const MethodSelector& method : methods)
        out.push_back(text((method.invert ? "!" : "") + method.method));
    return out;
}

Value source_of(const AddressSelector& source) {
    Value out = Value::object();
    out.set("value", text(source.text));
    out.set("type", text(source.distinct ? "Distinct" : "Exact"));
    if (source.invert) out.set("invert", Value::boolean(true));
    return out;
}

Value selector_of(const Selector& selector) {
    Value out = Value::object();
    if (!selector.headers.empty()) out.set("headers", values_of(selector.headers));
    if (!selector.query.empty()) out.set("queryParams", values_of(selector.query));
    if (!selector.methods.empty()) out.set("methods", methods_of(selector.methods));
    if (selector.path) out.set("path", path_of(*selector.path));
    if (selector.source) out.set("sourceCIDR", source_of(*selector.source));
    return out;
}

Value settings_of(const LimitSettings& settings) {
    Value out = Value::object();
    out.set("enforcement", text(to_string(settings.enforcement)));
    out.set("overflow", text(to_string(settings.overflow)));
    out.set("window", text(to_string(settings.window)));
    out.set("failure", text(to_string(settings.failure)));
    out.set("lease", text(to_string(settings.lease)));
    out.set("maxKeys", number(settings.max_keys));
    out.set("showKeys", Value::boolean(settings.show_keys));
    return out;
}

/// A cost by its name, or the number that is charged.
Value response_of(const ResponseCost& response) {
    switch (response.from) {
        case ResponseCost::From::nothing:
            return number(0);
        case ResponseCost::From::number:
            return number(response.number);
        case ResponseCost::From::key:
            return text(response.key);
        case ResponseCost::From::formula:
            return cost_of(response.formula);
    }
    return {};
}

Value uses_of(const std::vector<LimitUse>& uses) {
    Value out = Value::array();
    for (const LimitUse& use : uses)
        out.push_back(limit_use_of(use));
    return out;
}

}  // namespace

Value cost_of(const CostRule& cost) {
    static constexpr std::string_view kTypes[] = {
        "InputToken",  "CachedInputToken", "CacheCreationInputToken",
        "OutputToken", "ReasoningToken",   "TotalToken",
        "CEL"};
    Value out = Value::object();
    out.set("key", text(cost.key));
    out.set("type", text(kTypes[static_cast<size_t>(cost.type)]));
    if (cost.type == CostRule::Type::cel) out.set("cel", text(cost.cel));
    return out;
}

Value limit_rule_of(const LimitRule& rule) {
    Value out = Value::object();
    out.set("identity", text(rule.identity));
    out.set("words", text(describe(rule)));
    if (rule.place.known()) out.set("place", text(rule.place.to_string()));
    out.set("scope", text(rule.scope == LimitRule::Scope::global ? "Global" : "Local"));
    Value selectors = Value::array();
    for (const Selector& selector : rule.selectors)
        selectors.push_back(selector_of(selector));
    out.set("selectors", std::move(selectors));
    out.set("limit", number(rule.limit));
    out.set("unit", text(to_string(rule.unit)));
    out.set("counts", text(rule.counts_requests() ? "requests" : "cost"));
    out.set("requestCost", number(rule.request_cost));
    out.set("responseCost", response_of(rule.response));
    if (rule.shared) out.set("shared", Value::boolean(true));
    if (rule.shadow) out.set("shadow", Value::boolean(true));
    if (rule.otherwise) out.set("otherwise", Value::boolean(true));
    out.set("settings", settings_of(rule.settings));
    return out;
}

Value limit_use_of(const LimitUse& use) {
    Value out = Value::object();
    out.set("rule", text(use.rule->identity));
    out.set("counter", text(use.counter));
    if (use.cost) out.set("cost", cost_of(*use.cost));
    return out;
}

Value quotas_of(const Configuration& configuration, const Backend& backend) {
    Value out = Value::array();
    for (const QuotaPlace& place : configuration.quota_places) {
        if (place.backend != backend.meta.name) continue;
        auto use = configuration.quota_for(backend, place.model);
        Value q = Value::object();
        q.set("policy", text(place.policy.to_string()));
        q.set("model", text(place.model.empty() ? "*" : place.model));
        q.set("buckets", uses_of(use->buckets));
        out.push_back(std::move(q));
    }
    return out;
}

}  // namespace weir::config
