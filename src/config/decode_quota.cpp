#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "config/decode_limit.h"
#include "config/text.h"

namespace weir::config {

namespace {

/// What upstream calls the cost of a quota.
constexpr std::string_view kQuotaCost = "quota_cost";

LimitUnit read_duration_unit(std::string_view text) {
    if (text == "1s") return LimitUnit::second;
    if (text == "1m") return LimitUnit::minute;
    return text == "1d" ? LimitUnit::day : LimitUnit::hour;
}

/// `costExpression` of a quota; without one the total counts.
CostRule read_formula(const Node& quota, const std::string& path, Report& report) {
    CostRule cost;
    cost.key = kQuotaCost;
    cost.place = quota.place;
    cost.type = CostRule::Type::total;
    if (const Node* written = quota.find("costExpression"); written && !written->text.empty()) {
        cost.type = CostRule::Type::cel;
        cost.cel = written->text;
        cost.place = written->place;
        check_expression(*written, join(path, "costExpression"), report);
    }
    return cost;
}

/// Makes the buckets of one quota.
class BucketReader {
public:
    BucketReader(const Object& object, std::string model, CostRule formula, Report& report)
        : object_(object),
          model_(std::move(model)),
          formula_(std::move(formula)),
          report_(report) {}

    LimitRule read(const Node& value, std::string label, const std::string& path) const {
        LimitRule rule;
        rule.place = value.place;
        rule.field = path;
        rule.policy_kind = object_.info->kind;
        rule.policy = object_.name;
        rule.label = std::move(label);
        rule.model = model_;
        rule.identity =
            fmt::format("{}/{}{}/rule/{}", rule.policy_kind, rule.policy.to_string(),
                        model_.empty() ? std::string() : "/model/" + model_, rule.label);
        auto limit = read_int(value, "limit");
        if (limit && *limit < 0)
            report_.error(value.find("limit")->place, join(path, "limit"),
                          fmt::format("{} is below 0; write how much may be used", *limit));
        else if (limit)
            rule.limit = static_cast<uint64_t>(*limit);
        rule.unit = read_duration_unit(value.text_at("duration"));
        rule.request_cost = 0;
        rule.response = {ResponseCost::From::formula, 0, "", formula_, formula_.place};
        return rule;
    }

private:
    const Object& object_;
    std::string model_;
    CostRule formula_;
    Report& report_;
};

std::vector<LimitRule> read_buckets(const Node& quota, const BucketReader& reader,
                                    const std::string& path, Report& report) {
    std::vector<LimitRule> out;
    const auto& rules = list_of(quota, "bucketRules");
    for (size_t i = 0; i < rules.size(); ++i) {
        std::string at = join(join(path, "bucketRules"), i);
        const Node* selectors = rules[i].find("clientSelectors");
        auto same = std::find_if(rules.begin(), rules.begin() + static_cast<std::ptrdiff_t>(i),
                                 [&](const Node& other) {
                                     const Node* theirs = other.find("clientSelectors");
                                     return selectors && theirs && same_value(*selectors, *theirs);
                                 });
        if (same != rules.begin() + static_cast<std::ptrdiff_t>(i)) {
            report.warning(rules[i].place, at,
                           fmt::format("selects the same requests as the rule at {}, whose limit "
                                       "counts; this one has no effect",
                                       same->place.to_string()));
            continue;
        }
        const Node* value = rules[i].find("quota");
        if (!value) continue;
        LimitRule rule = reader.read(*value, std::to_string(i), join(at, "quota"));
        rule.selectors = read_selectors(rules[i], at, report);
        rule.shadow = rules[i].text_at("shadowMode") == "true";
        out.push_back(std::move(rule));
    }
    if (const Node* value = quota.find("defaultBucket"))
        out.push_back(reader.read(*value, "default", join(path, "defaultBucket")));
    return out;
}

}  // namespace

QuotaPolicy decode_quota_policy(const Object& object, Report& report) {
    QuotaPolicy policy;
    policy.meta = object.meta();
    const auto& targets = list_of(object.spec(), "targetRefs");
    for (size_t i = 0; i < targets.size(); ++i)
        policy.targets.push_back(read_reference(targets[i], object.name, "aigateway.envoyproxy.io",
                                                "AIServiceBackend", join("spec.targetRefs", i)));
    std::set<std::string> models;
    const auto& quotas = list_of(object.spec(), "perModelQuotas");
    for (size_t i = 0; i < quotas.size(); ++i) {
        const Node* written = quotas[i].find("quota");
        std::string model(quotas[i].text_at("modelName"));
        std::string path = join("spec.perModelQuotas", i);
        if (!written || model.empty()) continue;  // the table said so
        if (!models.insert(model).second) {
            report.error(quotas[i].place, join(path, "modelName"),
                         fmt::format("{} has a quota already; unite the two", quote(model)));
            continue;
        }
        path = join(path, "quota");
        BucketReader reader(object, model, read_formula(*written, path, report), report);
        policy.quotas.push_back({model, read_buckets(*written, reader, path, report),
                                 quotas[i].place, std::move(path)});
    }
    const Node* service = object.spec().find("serviceQuota");
    if (const Node* value = service ? service->find("quota") : nullptr) {
        BucketReader reader(object, "", read_formula(*service, "spec.serviceQuota", report),
                            report);
        policy.quotas.push_back({"",
                                 {reader.read(*value, "service", "spec.serviceQuota.quota")},
                                 service->place,
                                 "spec.serviceQuota"});
    }
    return policy;
}

}  // namespace weir::config
