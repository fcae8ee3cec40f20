#include "cli/explain_limits.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir::cli {
namespace {

std::string amount(const snapshot::LimitRule& rule) {
    return fmt::format("{} {} per {}{}", rule.limit, rule.counts_requests ? "requests" : "tokens",
                       quota::to_string(rule.window.unit),
                       rule.window.kind == quota::Window::Kind::sliding ? " (sliding)" : "");
}

std::string how(const snapshot::LimitRule& rule) {
    if (rule.shadow) return "counted only (shadow mode)";
    return rule.settings.enforcement == config::Enforcement::reserve ? "reserved before the call"
                                                                     : "charged after the call";
}

std::string who(const snapshot::LimitPlan& plan, const snapshot::LimitRule& rule,
                const snapshot::LimitView& view) {
    std::string values = plan.values(rule, view);
    return values.empty() ? "one counter for all" : fmt::format("the counter of {}", values);
}

void explain_plan(const snapshot::LimitPlan& plan, std::optional<uint32_t> port,
                  const snapshot::LimitView& view, std::string_view indent) {
    snapshot::LimitScratch scratch;
    plan.select(view, port.value_or(0), quota::KeyHasher(0, 0), scratch);
    for (const auto& rule : plan.rules()) {
        bool selected = std::any_of(scratch.matches.begin(), scratch.matches.end(),
                                    [&](const auto& match) { return match.rule == &rule; });
        if (selected) {
            fmt::print("{}+ {}: {}, {}, {}\n", indent, rule.name, amount(rule),
                       who(plan, rule, view), how(rule));
            continue;
        }
        auto reason = plan.reason(rule, view);
        if (!reason)
            reason = port && !rule.holds_at(*port) ? "holds at other listeners only"
                                                   : "another rule of its policy applies";
        fmt::print("{}- {}: {}: {}\n", indent, rule.name, amount(rule), *reason);
    }
}

}  // namespace

void explain_limits(const snapshot::Rule& rule, uint32_t port, const snapshot::LimitView& view) {
    if (rule.limits.empty())
        fmt::print("Limits: none\n");
    else
        fmt::print("Limits (the client's address taken as 127.0.0.1):\n");
    explain_plan(rule.limits, port, view, "  ");
    for (const auto& attempt : rule.attempts)
        for (const auto& quota : attempt.quotas) {
            fmt::print("Quota of {} for {}:\n", attempt.backend,
                       quota.model.empty() ? "every other model" : "model " + quota.model);
            explain_plan(quota.plan, std::nullopt, view, "  ");
        }
}

}  // namespace weir::cli
