#include "cli/limit_report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "json/value.h"

namespace weir::cli {
namespace {

constexpr std::size_t kMaxKeys = 100;  // shown of one limit

/// fn(rule) for each limit in force, once for those that several rules of routes share.
template <class F>
void for_each_limit(const snapshot::Snapshot& snapshot, F&& fn) {
    std::set<const quota::Counters*> seen;
    auto all = [&](const snapshot::LimitPlan& plan) {
        for (const auto& rule : plan.rules())
            if (rule.counters && seen.insert(rule.counters.get()).second) fn(rule);
    };
    for (const auto& rule : snapshot.rules) {
        all(rule.limits);
        for (const auto& attempt : rule.attempts)
            for (const auto& quota : attempt.quotas)
                all(quota.plan);
    }
}

std::string date(quota::Time time) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

json::Value number(uint64_t value) {
    return json::Value::integer(static_cast<int64_t>(value));
}

struct KeyUse {
    uint64_t taken = 0;
    uint64_t reserved = 0;
    uint64_t elsewhere = 0;
    quota::Key key;
    quota::Time resets;
};

std::vector<KeyUse> largest(const snapshot::LimitRule& rule, quota::Time now) {
    std::vector<KeyUse> out;
    rule.counters->for_each([&](const quota::Node& node) {
        uint64_t taken = node.taken(rule.window, now);
        if (taken == 0) return;
        out.push_back({taken, std::min(taken, quota::held_amount(node.held.load())),
                       node.elsewhere(rule.window, now), node.key(),
                       node.fits_at(rule.window, now, rule.limit, rule.limit)});
    });
    auto middle = out.begin() + static_cast<long>(std::min(out.size(), kMaxKeys));
    std::partial_sort(out.begin(), middle, out.end(),
                      [](const KeyUse& a, const KeyUse& b) { return a.taken > b.taken; });
    out.resize(std::min(out.size(), kMaxKeys));
    return out;
}

json::Value key_to_json(const snapshot::LimitRule& rule, const KeyUse& use) {
    json::Value out;
    if (rule.counters->spec().distinct) {
        std::string shown = rule.settings.show_keys ? rule.counters->name_of(use.key) : "";
        if (!shown.empty()) out.set("value", json::Value::string(shown));
        out.set("key", json::Value::string(use.key.to_string()));
    }
    out.set("used", number(use.taken - use.reserved));
    out.set("reserved", number(use.reserved));
    if (rule.window.leased) out.set("elsewhere", number(use.elsewhere));
    out.set("remaining", number(rule.limit - std::min(rule.limit, use.taken + use.elsewhere)));
    out.set("resets", json::Value::string(date(use.resets)));
    return out;
}

json::Value limit_to_json(const snapshot::LimitRule& rule, quota::Time now) {
    quota::Use use = rule.counters->use(now);
    json::Value out;
    out.set("policy", json::Value::string(rule.policy));
    out.set("kind", json::Value::string(rule.kind));
    out.set("rule", json::Value::string(rule.label));
    out.set("counter", json::Value::string(rule.counter));
    out.set("limit", number(rule.limit));
    out.set("unit", json::Value::string(std::string(quota::to_string(rule.window.unit))));
    out.set("window", json::Value::string(std::string(to_string(rule.settings.window))));
    out.set("counts", json::Value::string(rule.counts_requests ? "requests" : "tokens"));
    out.set("enforcement", json::Value::string(std::string(to_string(rule.settings.enforcement))));
    out.set("overflow", json::Value::string(std::string(to_string(rule.settings.overflow))));
    out.set("shadow", json::Value::boolean(rule.shadow));
    out.set("distinct", json::Value::boolean(rule.counters->spec().distinct));
    out.set("used", number(use.used()));
    out.set("reserved", number(use.reserved));
    out.set("shared", json::Value::boolean(rule.window.leased));
    if (rule.window.leased) {
        out.set("elsewhere", number(use.elsewhere));
        out.set("leased", number(use.leased));
        out.set("failure", json::Value::string(std::string(to_string(rule.settings.failure))));
        out.set("admitted_without_store", number(rule.counters->admitted_without_store.load()));
        out.set("refused_without_store", number(rule.counters->refused_without_store.load()));
    }
    out.set("keys", number(use.keys));
    out.set("rejected", number(rule.counters->rejected.load()));
    out.set("shadow_rejected", number(rule.counters->shadowed.load()));
    out.set("forgotten", number(rule.counters->evicted()));
    json::Value keys = json::Value::array();
    for (const auto& key : largest(rule, now))
        keys.push_back(key_to_json(rule, key));
    out.set("usage", std::move(keys));
    return out;
}

void shared_metrics(const snapshot::LimitRule& rule, const quota::Use& use,
                    const telemetry::Labels& labels, telemetry::Sink& sink) {
    auto value = [](uint64_t n) { return static_cast<double>(n); };
    sink.gauge("weir_limit_leased", "Of a shared limit: what this instance has in advance.",
               value(use.leased), labels);
    sink.gauge("weir_limit_elsewhere",
               "Of a shared limit: what other instances had when the store last told.",
               value(use.elsewhere), labels);
    for (bool admitted : {true, false}) {
        telemetry::Labels outcome = labels;
        outcome.emplace_back("outcome", admitted ? "admitted" : "refused");
        sink.counter("weir_limit_without_store_total",
                     "Requests that the rule's `failure` decided, as its store did not answer.",
                     value(admitted ? rule.counters->admitted_without_store
                                    : rule.counters->refused_without_store),
                     outcome);
    }
}

}  // namespace

std::string limits_json(const snapshot::Snapshot& snapshot, const LeaseService* leases,
                        quota::Time now) {
    json::Value limits = json::Value::array();
    for_each_limit(snapshot, [&](const snapshot::LimitRule& rule) {
        limits.push_back(limit_to_json(rule, now));
    });
    json::Value out;
    out.set("time", json::Value::string(date(now)));
    if (leases) {
        json::Value store;
        store.set("address", json::Value::string(leases->address()));
        store.set("up", json::Value::boolean(leases->reachable()));
        out.set("store", std::move(store));
    }
    out.set("limits", std::move(limits));
    return json::serialize(out);
}

void limit_metrics(const snapshot::Snapshot& snapshot, quota::Time now, telemetry::Sink& sink) {
    std::size_t listed = 0, unlisted = 0;
    for_each_limit(snapshot, [&](const snapshot::LimitRule& rule) {
        if (listed == kMaxLimitSeries) {
            ++unlisted;
            return;
        }
        ++listed;
        quota::Use use = rule.counters->use(now);
        telemetry::Labels labels{
            {"policy", rule.policy}, {"rule", rule.label}, {"counter", rule.counter}};
        auto value = [](uint64_t n) { return static_cast<double>(n); };
        sink.gauge("weir_limit", "What a key may use in a window.", value(rule.limit), labels);
        sink.gauge("weir_limit_used", "Settled use in the present window, over all keys.",
                   value(use.used()), labels);
        sink.gauge("weir_limit_reserved", "Reserved by exchanges under way, over all keys.",
                   value(use.reserved), labels);
        sink.gauge("weir_limit_keys", "Keys that used something in the present window.",
                   value(use.keys), labels);
        if (rule.window.leased) shared_metrics(rule, use, labels, sink);
        sink.counter("weir_limit_rejected_total", "Requests refused because of this rule.",
                     value(rule.counters->rejected.load()), labels);
        sink.counter("weir_limit_shadow_rejected_total",
                     "Requests that this rule would have refused, were it enforced.",
                     value(rule.counters->shadowed.load()), labels);
        sink.counter("weir_limit_forgotten_total",
                     "Keys forgotten for want of room while they still counted.",
                     value(rule.counters->evicted()), labels);
    });
    if (unlisted > 0)
        sink.gauge("weir_limits_unlisted", "Limits without series, to bound their number.",
                   static_cast<double>(unlisted), {});
}

}  // namespace weir::cli
