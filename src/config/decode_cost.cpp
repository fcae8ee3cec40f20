#include <fmt/format.h>

#include <set>

#include "config/decode.h"
#include "config/text.h"

namespace weir::config {

namespace {

CostRule read_cost(const Node& node, const std::string& path, Report& report) {
    struct Named {
        std::string_view name;
        CostRule::Type type;
    };
    static constexpr Named kTypes[] = {
        {"InputToken", CostRule::Type::input},
        {"CachedInputToken", CostRule::Type::cached_input},
        {"CacheCreationInputToken", CostRule::Type::cache_creation_input},
        {"OutputToken", CostRule::Type::output},
        {"ReasoningToken", CostRule::Type::reasoning},
        {"TotalToken", CostRule::Type::total},
        {"CEL", CostRule::Type::cel},
    };
    CostRule cost;
    cost.place = node.place;
    cost.key = node.text_at("metadataKey");
    cost.cel = node.text_at("cel");
    for (const Named& named : kTypes)
        if (node.text_at("type") == named.name) cost.type = named.type;
    if (cost.type == CostRule::Type::cel && cost.cel.empty())
        report.error(cost.place, join(path, "cel"), "Required value; type CEL needs an expression");
    return cost;
}

}  // namespace

std::vector<CostRule> read_costs(const Node& spec, std::string_view key, Report& report) {
    std::vector<CostRule> out;
    std::set<std::string> keys;
    const auto& costs = list_of(spec, key);
    for (size_t i = 0; i < costs.size(); ++i) {
        std::string path = join(join("spec", key), i);
        CostRule cost = read_cost(costs[i], path, report);
        if (!keys.insert(cost.key).second)
            report.error(cost.place, join(path, "metadataKey"),
                         fmt::format("{} is defined twice; give each cost a key of its own",
                                     quote(cost.key)));
        else
            out.push_back(std::move(cost));
    }
    return out;
}

GatewayCosts decode_gateway_config(const Object& object, Report& report) {
    return {object.meta(), read_costs(object.spec(), "globalLLMRequestCosts", report)};
}

}  // namespace weir::config
