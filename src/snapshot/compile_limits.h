/// Limits of the configuration → LimitPlans, with their counters from the registry.
#pragma once
#include <map>

#include "snapshot/limits.h"

namespace weir::snapshot {

class LimitCompiler {
public:
    /// Without a registry the rules have no counters: for a look at what holds. Both outlive it.
    LimitCompiler(const config::Configuration& configuration, quota::Registry* registry)
        : configuration_(configuration), registry_(registry) {}

    /// Adds a rule as one entrance sees it; the same rule at another port is added once.
    Result<void> add(LimitPlan& plan, const config::LimitUse& use, std::optional<uint32_t> port,
                     uint32_t group = 0);
    /// Puts the rules into their order once all are added; `ports` is how many there are.
    static void finish(LimitPlan& plan, std::size_t ports);
    /// What requests for each model of `backend` may use.
    Result<std::vector<QuotaPlan>> quotas(const config::Backend& backend);

private:
    void add_tests(LimitPlan& plan, LimitRule& rule, const std::vector<config::Selector>& from);
    void add_value(LimitPlan& plan, LimitRule& rule, const config::ValueSelector& value,
                   bool query);
    uint16_t family_of(const config::LimitRule& rule);
    const config::Configuration& configuration_;
    quota::Registry* registry_;
    std::map<std::string, uint16_t> families_;
};

}  // namespace weir::snapshot
