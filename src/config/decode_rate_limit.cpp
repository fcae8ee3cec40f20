#include <fmt/format.h>

#include <algorithm>

#include "config/decode_limit.h"
#include "config/text.h"

namespace weir::config {

namespace {

/// Where Envoy AI Gateway writes the costs of a request.
constexpr std::string_view kCostNamespace = "io.envoy.ai_gateway";

LimitUnit read_unit(std::string_view text) {
    using enum LimitUnit;
    for (LimitUnit unit : {second, minute, hour, day, month, year})
        if (to_string(unit) == text) return unit;
    return hour;
}

uint64_t read_count(const Node& node, std::string_view key, uint64_t fallback) {
    auto value = read_int(node, key);
    return value && *value >= 0 ? static_cast<uint64_t>(*value) : fallback;
}

/// Whether `cost` has what its `from` needs; a mistake is reported.
bool check_cost(const Node& cost, const std::string& path, Report& report) {
    if (cost.text_at("from") != "Metadata") return true;
    const Node* metadata = cost.find("metadata");
    if (!metadata) {
        report.error(cost.place, join(path, "metadata"),
                     "Required value; from: Metadata needs metadata.namespace and metadata.key");
        return false;
    }
    std::string_view space = metadata->text_at("namespace");
    if (space.empty() || metadata->text_at("key").empty()) return false;  // the table said so
    if (space == kCostNamespace) return true;
    report.error(
        metadata->find("namespace")->place, join(path, "metadata.namespace"),
        fmt::format("unknown namespace {}; costs are in {}", quote(space), quote(kCostNamespace)));
    return false;
}

uint64_t read_request_cost(const Node* cost, const std::string& path, Report& report) {
    if (!cost || !check_cost(*cost, path, report)) return 1;
    if (cost->text_at("from") == "Metadata") {
        report.error(cost->place, path,
                     "costs are known only when the answer is; move the metadata to cost.response");
        return 1;
    }
    return read_count(*cost, "number", 1);
}

ResponseCost read_response_cost(const Node* cost, const std::string& path, Report& report) {
    ResponseCost out;
    if (!cost || !check_cost(*cost, path, report)) return out;
    out.place = cost->place;
    if (cost->text_at("from") == "Metadata") {
        const Node& key = *cost->at("metadata.key");
        out.from = ResponseCost::From::key;
        out.key = key.text;
        out.place = key.place;
    } else {
        out.from = ResponseCost::From::number;
        out.number = read_count(*cost, "number", 1);
    }
    return out;
}

LimitRule read_rule(const Node& node, size_t index, LimitRule::Scope scope, const Object& object,
                    const std::string& path, Report& report) {
    LimitRule rule;
    rule.place = node.place;
    rule.field = path;
    rule.scope = scope;
    rule.policy_kind = object.info->kind;
    rule.policy = object.name;
    rule.label = node.text_at("name", std::to_string(index));
    if (node.has("name") && rule.label.find_first_not_of("0123456789") == std::string::npos)
        report.error(node.find("name")->place, join(path, "name"),
                     fmt::format("{} reads as the index of a rule; begin it with a letter",
                                 quote(rule.label)));
    if (scope == LimitRule::Scope::local) rule.label = "local/" + rule.label;
    rule.identity =
        fmt::format("{}/{}/rule/{}", rule.policy_kind, rule.policy.to_string(), rule.label);
    rule.selectors = read_selectors(node, path, report);
    if (const Node* limit = node.find("limit")) {
        rule.limit = read_count(*limit, "requests", 0);
        rule.unit = read_unit(limit->text_at("unit"));
    }
    if (const Node* cost = node.find("cost")) {
        std::string at = join(path, "cost");
        rule.request_cost = read_request_cost(cost->find("request"), join(at, "request"), report);
        rule.response = read_response_cost(cost->find("response"), join(at, "response"), report);
    }
    rule.shared = node.text_at("shared") == "true";
    rule.shadow = node.text_at("shadowMode") == "true";
    return rule;
}

/// Envoy Gateway's default bucket: the local rule without selectors, of which there is one.
void mark_otherwise(std::vector<LimitRule>& rules, const std::string& path, Report& report) {
    const LimitRule* first = nullptr;
    for (size_t i = 0; i < rules.size(); ++i) {
        LimitRule& rule = rules[i];
        if (!rule.selectors.empty()) continue;
        if (first)
            report.error(
                rule.place, join(path, i),
                fmt::format("a second local rule without clientSelectors; the first is at {}",
                            first->place.to_string()));
        rule.otherwise = true;
        first = first ? first : &rule;
    }
}

std::vector<LimitRule> read_rules(const Node& spec, std::string_view scope, const Object& object,
                                  Report& report) {
    std::vector<LimitRule> out;
    const Node* block = spec.find(scope);
    if (!block) return out;
    std::string path = fmt::format("spec.rateLimit.{}.rules", scope);
    bool local = scope == "local";
    const auto& rules = list_of(*block, "rules");
    for (size_t i = 0; i < rules.size(); ++i)
        out.push_back(read_rule(rules[i], i,
                                local ? LimitRule::Scope::local : LimitRule::Scope::global, object,
                                join(path, i), report));
    if (local) mark_otherwise(out, path, report);
    return out;
}

}  // namespace

std::vector<LimitRule> decode_rate_limit(const Object& object, Report& report) {
    const Node* spec = object.spec().find("rateLimit");
    if (!spec) return {};
    // The deprecated `type` chooses one block; the other is not used.
    std::string_view type = spec->text_at("type");
    std::vector<LimitRule> out;
    for (std::string_view scope : {"global", "local"}) {
        if (type.empty() || (type == "Global") == (scope == "global")) {
            for (LimitRule& rule : read_rules(*spec, scope, object, report))
                out.push_back(std::move(rule));
        } else if (const Node* unused = spec->find(scope)) {
            report.warning(
                unused->place, join("spec.rateLimit", scope),
                fmt::format("has no effect with type: {}; remove type to use both", type));
        }
    }
    return out;
}

}  // namespace weir::config
