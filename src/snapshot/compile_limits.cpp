#include "snapshot/compile_limits.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <set>

namespace weir::snapshot {
namespace {

quota::Unit unit_of(config::LimitUnit unit) {
    switch (unit) {
        case config::LimitUnit::second:
            return quota::Unit::second;
        case config::LimitUnit::minute:
            return quota::Unit::minute;
        case config::LimitUnit::hour:
            return quota::Unit::hour;
        case config::LimitUnit::day:
            return quota::Unit::day;
        case config::LimitUnit::month:
            return quota::Unit::month;
        case config::LimitUnit::year:
            return quota::Unit::year;
    }
    return quota::Unit::hour;
}

std::shared_ptr<const re2::RE2> expression(const std::string& text) {
    return std::make_shared<const re2::RE2>(text, re2::RE2::Quiet);
}

/// Those that `wanted` names come first, each group in its order.
template <class T, class F>
void first_those(std::vector<T>& all, F wanted) {
    std::vector<T> ordered;
    for (bool turn : {true, false})
        for (T& one : all)
            if (wanted(one) == turn) ordered.push_back(turn ? T(one) : std::move(one));
    all = std::move(ordered);
}

bool tells_apart(const std::vector<config::Selector>& selectors) {
    auto distinct = [](const config::ValueSelector& value) {
        return value.test == config::ValueTest::distinct;
    };
    return std::any_of(selectors.begin(), selectors.end(), [&](const config::Selector& selector) {
        return std::any_of(selector.headers.begin(), selector.headers.end(), distinct) ||
               std::any_of(selector.query.begin(), selector.query.end(), distinct) ||
               (selector.source && selector.source->distinct);
    });
}

}  // namespace

Result<void> LimitCompiler::add(LimitPlan& plan, const config::LimitUse& use,
                                std::optional<uint32_t> port, uint32_t group) {
    for (auto& known : plan.rules_)
        if (known.counter == use.counter && known.label == use.rule->label) {
            if (port && !known.holds_at(*port)) known.ports.push_back(*port);
            return {};
        }
    const config::LimitRule& from = *use.rule;
    LimitRule rule;
    rule.policy = from.policy.to_string();
    rule.label = from.label;
    rule.kind = from.policy_kind;
    rule.name = fmt::format("{} rule {}", rule.policy, from.label);
    rule.counter = use.counter;
    rule.limit = from.limit;
    rule.window = {
        unit_of(from.unit),
        from.settings.window == config::WindowKind::sliding ? quota::Window::Kind::sliding
                                                            : quota::Window::Kind::fixed,
        registry_ && registry_->shares() && from.scope == config::LimitRule::Scope::global};
    rule.request_cost = from.request_cost;
    rule.counts_requests = from.counts_requests();
    rule.shadow = from.shadow;
    rule.otherwise = from.otherwise;
    rule.family = family_of(from);
    rule.group = group;
    rule.settings = from.settings;
    WEIR_TRY(rule.cost, Cost::compile(from.response, use.cost));
    if (port) rule.ports.push_back(*port);
    add_tests(plan, rule, from.selectors);
    if (registry_)
        rule.counters = registry_->acquire({.identity = use.counter,
                                            .window = rule.window,
                                            .distinct = tells_apart(from.selectors),
                                            .max_keys = static_cast<uint32_t>(std::min<uint64_t>(
                                                from.settings.max_keys, uint64_t{1} << 26))});
    plan.rules_.push_back(std::move(rule));
    return {};
}

/// Local rules of one policy know of each other.
uint16_t LimitCompiler::family_of(const config::LimitRule& rule) {
    if (rule.scope != config::LimitRule::Scope::local) return 0;
    auto next = static_cast<uint16_t>(families_.size() + 1);
    return families_.try_emplace(rule.policy.to_string(), next).first->second;
}

void LimitCompiler::finish(LimitPlan& plan, std::size_t ports) {
    for (auto& rule : plan.rules_)
        if (rule.ports.size() == ports) rule.ports.clear();
    first_those(plan.rules_, [](const LimitRule& rule) { return !rule.otherwise; });
    plan.index();
}

void LimitCompiler::add_value(LimitPlan& plan, LimitRule& rule, const config::ValueSelector& value,
                              bool query) {
    auto known = std::find_if(plan.fields_.begin(), plan.fields_.end(), [&](const auto& field) {
        return field.query == query && field.name == value.name;
    });
    LimitTest test;
    test.field = static_cast<uint16_t>(known - plan.fields_.begin());
    if (known == plan.fields_.end()) plan.fields_.push_back({value.name, query});
    test.test = value.test;
    test.invert = value.invert;
    test.value = value.value;
    if (value.test == config::ValueTest::regex) test.regex = expression(value.value);
    rule.tests.push_back(std::move(test));
}

void LimitCompiler::add_tests(LimitPlan& plan, LimitRule& rule,
                              const std::vector<config::Selector>& from) {
    for (const auto& selector : from) {
        for (const auto& value : selector.headers)
            add_value(plan, rule, value, false);
        for (const auto& value : selector.query)
            add_value(plan, rule, value, true);
        if (!selector.methods.empty()) {
            LimitTest test;
            test.on = LimitTest::On::method;
            test.methods = selector.methods;
            rule.tests.push_back(std::move(test));
        }
        if (selector.path) {
            LimitTest test;
            test.on = LimitTest::On::path;
            test.path = selector.path->match.type;
            test.value = selector.path->match.value;
            test.invert = selector.path->invert;
            if (test.path == config::PathMatch::Type::regex) test.regex = expression(test.value);
            rule.tests.push_back(std::move(test));
        }
        if (selector.source) {
            LimitTest test;
            test.on = LimitTest::On::source;
            test.source = *selector.source;
            rule.tests.push_back(std::move(test));
        }
    }
    // The cheap and telling ones first: a rule of another model is left at once.
    first_those(rule.tests, [](const LimitTest& test) {
        return test.on == LimitTest::On::field && test.test == config::ValueTest::exact;
    });
}

Result<std::vector<QuotaPlan>> LimitCompiler::quotas(const config::Backend& backend) {
    std::vector<QuotaPlan> out;
    std::set<std::string> models;
    for (const auto& place : configuration_.quota_places)
        if (place.backend == backend.meta.name) models.insert(place.model);
    for (const auto& model : models) {
        auto use = configuration_.quota_for(backend, model);
        if (!use) continue;
        QuotaPlan quota{model, {}};
        for (const auto& bucket : use->buckets)
            WEIR_CHECK(add(quota.plan, bucket, std::nullopt, 1));
        quota.plan.index();
        out.push_back(std::move(quota));
    }
    return out;
}

}  // namespace weir::snapshot
