#include <fmt/format.h>

#include <set>

#include "cel/cost.h"
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
    const Node* expression = node.find("cel");
    if (cost.type == CostRule::Type::cel && cost.cel.empty())
        report.error(cost.place, join(path, "cel"), "Required value; type CEL needs an expression");
    else if (cost.type == CostRule::Type::cel)
        check_expression(*expression, join(path, "cel"), report);
    else if (expression && node.has("type"))
        report.warning(expression->place, join(path, "cel"),
                       fmt::format("has no effect with type {}; write type: CEL, or remove it",
                                   node.text_at("type")));
    return cost;
}

}  // namespace

void check_expression(const Node& node, const std::string& field, Report& report) {
    auto compiled = cel::CostExpression::compile(node.text);
    if (compiled) return;
    // A detail may quote the expression, and what came from the environment is never printed.
    report.error(node.place, field,
                 node.substituted ? "not an expression for a cost (it comes from the environment)"
                                  : "not an expression for a cost: " + compiled.error().detail());
}

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
    return {object.meta(), read_costs(object.spec(), "globalLLMRequestCosts", report),
            read_forward_proxy(object, report)};
}

}  // namespace weir::config
