// Rate limits: how rules are decoded, and where they apply.
#include "config/limits.h"

#include "config/cidr.h"
#include "config/test_support.h"

namespace weir::config {
namespace {

/// Two routes of two rules on a Gateway with two listeners, to which tests add policies.
constexpr std::string_view kBase = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, labels: {tier: edge}}
spec:
  gatewayClassName: eg
  listeners: [{name: public, protocol: HTTP, port: 80}, {name: inner, protocol: HTTP, port: 81}]
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIGatewayRoute
metadata: {name: a, labels: {team: search}}
spec:
  parentRefs: [{name: gw}]
  rules:
    - {name: first, matches: [{headers: [{name: x-ai-eg-model, value: m}]}], backendRefs: [{name: b}]}
    - {name: second, backendRefs: [{name: b}]}
  llmRequestCosts:
    - {metadataKey: total, type: TotalToken}
    - {metadataKey: input, type: InputToken}
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIGatewayRoute
metadata: {name: z}
spec: {parentRefs: [{name: gw, sectionName: inner}], rules: [{backendRefs: [{name: b}]}]}
---
apiVersion: ai.gateway.envoyproxy.io/v1alpha1
kind: AIServiceBackend
metadata: {name: b}
spec: {provider: openai, endpoint: https://api.openai.com}
)";

/// A policy of one rule without selectors: `limit` requests an hour.
std::string policy(std::string name, std::string target, int limit, std::string more = "",
                   std::string metadata = "") {
    return "---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: BackendTrafficPolicy\nmetadata: "
           "{name: " +
           name + metadata + "}\nspec:\n  targetRefs: [{group: g, " + target + "}]\n" + more +
           "  rateLimit: {global: {rules: [{limit: {requests: " + std::to_string(limit) +
           ", unit: Hour}}]}}\n";
}

Loaded with(std::string policies) {
    return load_text(std::string(kBase) + policies);
}

const Route& route(const Loaded& loaded, std::string name) {
    for (const Route& r : loaded.configuration.routes)
        if (r.meta.name.name == name) return r;
    ADD_FAILURE() << "no route " << name;
    return loaded.configuration.routes.front();
}

/// "LIMIT:COUNTER" of each limit that holds for a route's rule.
std::vector<std::string> limits(const Loaded& loaded, std::string name, size_t rule = 0,
                                std::string listener = "") {
    const Gateway& gateway = loaded.configuration.gateways.front();
    const Listener* through = nullptr;
    for (const Listener& l : gateway.listeners)
        if (l.name == listener) through = &l;
    std::vector<std::string> out;
    for (const LimitUse& use : loaded.configuration.limits_for(
             route(loaded, name), rule, through ? &gateway : nullptr, through))
        out.push_back(std::to_string(use.rule->limit) + ":" + use.counter);
    return out;
}

using Names = std::vector<std::string>;

TEST(LimitRuleTest, SaysWhomItSelectsAndWhatCounts) {
    Loaded loaded = with(R"(
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: p}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: a}]
  rateLimit:
    type: Global
    global:
      rules:
        - name: per-user
          clientSelectors:
            - headers:
                - {name: X-User-Id, type: Distinct}
                - {name: x-ai-eg-model, value: gpt-4, invert: true}
                - {name: x-team, type: RegularExpression, value: "a|b"}
              methods: [{value: POST}]
              path: {value: /v1, invert: true}
              queryParams: [{name: Key, value: v}]
            - sourceCIDR: {type: Distinct, value: 10.1.2.3/8}
          limit: {requests: 1000000, unit: Month}
          cost:
            request: {from: Number, number: 0}
            response: {from: Metadata, metadata: {namespace: io.envoy.ai_gateway, key: input}}
          shared: true
          shadowMode: true
        - {limit: {requests: 5, unit: Second}}
)");
    ASSERT_TRUE(loaded.ok()) << errors(loaded);
    auto uses = loaded.configuration.limits_for(route(loaded, "a"), 1);
    ASSERT_EQ(uses.size(), 2u);
    const LimitRule& rule = *uses[0].rule;
    EXPECT_EQ(rule.identity, "BackendTrafficPolicy/default/p/rule/per-user");
    EXPECT_EQ(uses[0].counter, rule.identity) << "shared: one counter for all";
    EXPECT_EQ(rule.limit, 1000000u);
    EXPECT_EQ(to_string(rule.unit), "Month");
    EXPECT_EQ(rule.request_cost, 0u);
    EXPECT_TRUE(rule.shadow);
    EXPECT_FALSE(rule.counts_requests());
    ASSERT_TRUE(uses[0].cost);
    EXPECT_EQ(uses[0].cost->type, CostRule::Type::input);
    ASSERT_EQ(rule.selectors.size(), 2u);
    const Selector& selector = rule.selectors[0];
    ASSERT_EQ(selector.headers.size(), 3u);
    EXPECT_EQ(selector.headers[0].name, "x-user-id");
    EXPECT_EQ(selector.headers[0].test, ValueTest::distinct);
    EXPECT_TRUE(selector.headers[1].invert);
    EXPECT_EQ(selector.headers[2].test, ValueTest::regex);
    EXPECT_EQ(selector.methods.at(0).method, "POST");
    EXPECT_EQ(selector.path->match.type, PathMatch::Type::prefix);
    EXPECT_TRUE(selector.path->invert);
    EXPECT_EQ(selector.query.at(0).name, "Key");
    EXPECT_EQ(rule.selectors[1].source->text, "10.0.0.0/8");
    EXPECT_TRUE(rule.selectors[1].source->distinct);

    const LimitRule& plain = *uses[1].rule;
    EXPECT_EQ(plain.identity, "BackendTrafficPolicy/default/p/rule/1");
    EXPECT_EQ(uses[1].counter, plain.identity + "@AIGatewayRoute/default/a");
    EXPECT_TRUE(plain.selectors.empty());
    EXPECT_EQ(plain.request_cost, 1u);
    EXPECT_TRUE(plain.counts_requests());
    EXPECT_FALSE(uses[1].cost);
}

TEST(LimitRuleTest, ALocalRuleWithoutSelectorsIsForThoseThatNoOtherSelects) {
    Loaded loaded = with(R"(
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: p}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: a}]
  rateLimit:
    global: {rules: [{limit: {requests: 1, unit: Hour}}]}
    local:
      rules:
        - {limit: {requests: 2, unit: Second}}
        - {clientSelectors: [{methods: [{value: GET}]}], limit: {requests: 3, unit: Minute}}
)");
    ASSERT_TRUE(loaded.ok()) << errors(loaded);
    auto uses = loaded.configuration.limits_for(route(loaded, "a"), 0);
    ASSERT_EQ(uses.size(), 3u);
    EXPECT_EQ(uses[0].rule->scope, LimitRule::Scope::global);
    EXPECT_EQ(uses[1].rule->scope, LimitRule::Scope::local);
    EXPECT_EQ(uses[1].rule->label, "local/0");
    EXPECT_TRUE(uses[1].rule->otherwise);
    EXPECT_FALSE(uses[0].rule->otherwise);
    EXPECT_FALSE(uses[2].rule->otherwise);
}

TEST(LimitPlaceTest, APolicyOfAGatewayHoldsOnAllItsRoutesEachWithItsOwnCounter) {
    Loaded loaded = with(policy("p", "kind: Gateway, name: gw", 7));
    EXPECT_TRUE(loaded.ok()) << errors(loaded);
    const std::string rule = "7:BackendTrafficPolicy/default/p/rule/0@AIGatewayRoute/default/";
    EXPECT_EQ(limits(loaded, "a", 0), Names{rule + "a"});
    EXPECT_EQ(limits(loaded, "a", 1), Names{rule + "a"});
    EXPECT_EQ(limits(loaded, "z"), Names{rule + "z"});
}

TEST(LimitPlaceTest, TheMostSpecificPolicyGoverns) {
    Loaded loaded = with(policy("p-gw", "kind: Gateway, name: gw", 1) +
                         policy("p-in", "kind: Gateway, name: gw, sectionName: inner", 2) +
                         policy("p-r", "kind: HTTPRoute, name: a", 3) +
                         policy("p-rule", "kind: AIGatewayRoute, name: a, sectionName: second", 4));
    EXPECT_TRUE(loaded.ok()) << errors(loaded);
    const std::string head = "BackendTrafficPolicy/default/p-";
    EXPECT_EQ(limits(loaded, "a", 0), Names{"3:" + head + "r/rule/0@AIGatewayRoute/default/a"});
    EXPECT_EQ(limits(loaded, "a", 1),
              Names{"4:" + head + "rule/rule/0@AIGatewayRoute/default/a/rule/second"});
    EXPECT_EQ(limits(loaded, "z"), Names{"2:" + head + "in/rule/0@AIGatewayRoute/default/z"});
}

TEST(LimitPlaceTest, ListenersMayDiffer) {
    Loaded loaded = with(policy("p", "kind: Gateway, name: gw, sectionName: public", 5));
    EXPECT_EQ(limits(loaded, "a", 0, "public").size(), 1u);
    EXPECT_EQ(limits(loaded, "a", 0, "inner").size(), 0u);
    EXPECT_EQ(limits(loaded, "z").size(), 0u) << "attached to the other listener";
}

TEST(LimitPlaceTest, MergeTypeKeepsTheLimitsBehind) {
    auto merged = [](std::string type) {
        return with(policy("p-gw", "kind: Gateway, name: gw", 1) +
                    policy("p-r", "kind: HTTPRoute, name: a", 2, "  mergeType: " + type + "\n"));
    };
    const std::string own = "2:BackendTrafficPolicy/default/p-r/rule/0@AIGatewayRoute/default/a";
    const std::string base = "1:BackendTrafficPolicy/default/p-gw/rule/0@AIGatewayRoute/default/a";
    EXPECT_EQ(limits(merged("StrategicMerge"), "a"), (Names{base, own}));
    EXPECT_EQ(limits(merged("JSONMerge"), "a"), Names{own}) << "a list replaces the other";
}

TEST(LimitPlaceTest, APolicyWithoutLimitsThatReplacesOneWithLimitsIsWarnedOf) {
    const std::string deadline =
        "---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: BackendTrafficPolicy\nmetadata: "
        "{name: deadline}\nspec:\n  targetRefs: [{group: g, kind: HTTPRoute, name: a}]\n"
        "  timeout: {http: {requestTimeout: 5s}}\n";
    Loaded loaded = with(policy("p", "kind: Gateway, name: gw", 1) + deadline);
    EXPECT_EQ(limits(loaded, "a"), Names{});
    EXPECT_NE(messages(loaded).find("add mergeType: StrategicMerge"), std::string::npos)
        << messages(loaded);
    loaded =
        with(policy("p", "kind: Gateway, name: gw", 1) + deadline + "  mergeType: JSONMerge\n");
    EXPECT_EQ(limits(loaded, "a").size(), 1u);
    EXPECT_EQ(messages(loaded).find("add mergeType"), std::string::npos) << messages(loaded);
}

TEST(LimitPlaceTest, OfTwoOnOneTargetTheOlderCountsElseTheFirstByName) {
    Loaded loaded =
        with(policy("b", "kind: Gateway, name: gw", 1) + policy("a", "kind: Gateway, name: gw", 2));
    EXPECT_TRUE(limits(loaded, "z").at(0).starts_with("2:")) << "by name";
    EXPECT_NE(messages(loaded).find("BackendTrafficPolicy/b: spec.targetRefs[0]: "
                                    "BackendTrafficPolicy/a at "),
              std::string::npos)
        << messages(loaded);
    loaded = with(policy("b", "kind: Gateway, name: gw", 1, "",
                         ", creationTimestamp: \"2024-01-01T00:00:00Z\"") +
                  policy("a", "kind: Gateway, name: gw", 2, "",
                         ", creationTimestamp: \"2025-01-01T00:00:00Z\""));
    EXPECT_TRUE(limits(loaded, "z").at(0).starts_with("1:")) << "by age";
}

TEST(LimitPlaceTest, SelectorsFindTargetsByTheirLabels) {
    auto selecting = [](std::string selector) {
        return with(
            "---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: BackendTrafficPolicy\n"
            "metadata: {name: p}\nspec:\n  targetSelectors: [" +
            selector + "]\n  rateLimit: {global: {rules: [{limit: {requests: 1, unit: Day}}]}}\n");
    };
    Loaded loaded = selecting("{kind: HTTPRoute, matchLabels: {team: search}}");
    EXPECT_EQ(limits(loaded, "a").size(), 1u) << messages(loaded);
    EXPECT_EQ(limits(loaded, "z").size(), 0u);
    loaded = selecting(
        "{kind: HTTPRoute, matchExpressions: [{key: team, operator: NotIn, values: [search]}]}");
    EXPECT_EQ(limits(loaded, "a").size(), 0u);
    EXPECT_EQ(limits(loaded, "z").size(), 1u);
    loaded = selecting("{kind: Gateway, matchExpressions: [{key: tier, operator: Exists}]}");
    EXPECT_EQ(limits(loaded, "z").size(), 1u);
    loaded = selecting("{kind: HTTPRoute, matchLabels: {team: none}}");
    EXPECT_NE(messages(loaded).find("spec.targetSelectors: targets nothing"), std::string::npos);
}

TEST(LimitPlaceTest, SelectorsReachAnotherNamespaceOnlyWithAGrant) {
    const std::string policy = R"(
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: p, namespace: ops}
spec:
  targetSelectors: [{kind: HTTPRoute, matchLabels: {team: search}, namespaces: {from: All}}]
  rateLimit: {global: {rules: [{limit: {requests: 1, unit: Day}}]}}
)";
    EXPECT_EQ(limits(with(policy), "a").size(), 0u);
    Loaded granted = with(policy + R"(
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: g}
spec:
  from: [{group: gateway.envoyproxy.io, kind: BackendTrafficPolicy, namespace: ops}]
  to: [{group: gateway.networking.k8s.io, kind: HTTPRoute}]
)");
    EXPECT_EQ(limits(granted, "a").size(), 1u) << messages(granted);
    EXPECT_EQ(limits(granted, "z").size(), 0u);
}

TEST(LimitPlaceTest, WithAnImplicitGatewayPoliciesOfEveryGatewayNameHold) {
    std::string base(kBase);
    base = base.substr(base.find("---"));
    Loaded loaded = load_text(base + policy("p", "kind: Gateway, name: gw", 1) +
                              policy("q", "kind: Gateway, name: other", 2));
    EXPECT_TRUE(loaded.ok()) << errors(loaded);
    EXPECT_EQ(limits(loaded, "a").size(), 2u);
}

TEST(LimitCostTest, CostsOfTheGatewaysConfigFillWhatARouteDoesNotDefine) {
    std::string base(kBase);
    base.replace(base.find("{name: gw,"), 10,
                 "{name: gw, annotations: {aigateway.envoyproxy.io/gateway-config: c},");
    Loaded loaded = load_text(base + R"(
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: GatewayConfig
metadata: {name: c}
spec:
  globalLLMRequestCosts:
    - {metadataKey: total, type: OutputToken}
    - {metadataKey: output, type: OutputToken}
)");
    EXPECT_TRUE(loaded.ok()) << errors(loaded);
    const auto& costs = route(loaded, "a").costs;
    ASSERT_EQ(costs.size(), 3u);
    EXPECT_EQ(costs[0].type, CostRule::Type::total) << "the route's own wins";
    EXPECT_EQ(costs[2].key, "output");
    EXPECT_EQ(route(loaded, "z").costs.size(), 2u);
}

TEST(LimitRuleTest, IsToldInWords) {
    Loaded loaded = with(R"(
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: p}
spec:
  targetRefs: [{group: g, kind: HTTPRoute, name: a}]
  rateLimit:
    global:
      rules:
        - clientSelectors: [{headers: [{name: x-user-id, type: Distinct}, {name: x-ai-eg-model, value: gpt-4}, {name: x-key, value: planted, invert: true}]}]
          limit: {requests: 1000000, unit: Hour}
          cost: {request: {from: Number, number: 0}, response: {from: Metadata, metadata: {namespace: io.envoy.ai_gateway, key: total}}}
        - clientSelectors: [{path: {value: /v1}, methods: [{value: POST}, {value: PUT}], sourceCIDR: {value: 10.0.0.0/8, type: Distinct}}]
          limit: {requests: 5, unit: Second}
          shared: true
          shadowMode: true
    local: {rules: [{limit: {requests: 9, unit: Day}}]}
)");
    std::vector<std::string> told;
    for (const LimitRule& rule : loaded.configuration.limit_rules)
        told.push_back(describe(rule));
    EXPECT_EQ(told, (Names{"1000000 total an hour, for each header x-user-id, where header "
                           "x-ai-eg-model is gpt-4, header x-key is not as configured",
                           "5 requests a second, for each address, where method POST or PUT, path "
                           "under /v1, address in 10.0.0.0/8, shared, only counted",
                           "9 requests a day, for those that no other local rule selects, by each "
                           "instance"}));
}

TEST(LimitDumpTest, ShowsRulesAndPlacesButNoValueOfAHeader) {
    Loaded loaded = with(R"(
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: p}
spec:
  targetRefs: [{group: g, kind: HTTPRoute, name: a}]
  rateLimit:
    global:
      rules:
        - clientSelectors:
            - headers: [{name: x-api-key, value: planted-key}, {name: x-ai-eg-model, value: gpt-4}]
          limit: {requests: 9223372036854775807, unit: Day}
        - limit: {requests: 3, unit: Day}
          cost: {response: {from: Metadata, metadata: {namespace: io.envoy.ai_gateway, key: total}}}
)");
    const json::Value dump = to_json(loaded.configuration);
    const std::string text = json::serialize(dump);
    EXPECT_EQ(text.find("planted-key"), std::string::npos) << text;
    EXPECT_NE(text.find("gpt-4"), std::string::npos);
    const auto& rules = dump.find("limitRules")->items();
    ASSERT_EQ(rules.size(), 2u);
    EXPECT_EQ(rules[1].string_at("responseCost"), "total");
    for (const json::Value& r : dump.find("routes")->items()) {
        if (r.string_at("name") != "a") continue;
        const auto& limits = r.find("rules")->items().at(0).find("limits")->items();
        ASSERT_EQ(limits.size(), 2u);
        EXPECT_EQ(limits[1].find("cost")->string_at("type"), "TotalToken");
    }
}

TEST(CidrTest, ReadsRangesAndClearsTheBitsOutside) {
    struct Case {
        std::string_view text, canonical;
    };
    for (const Case& c :
         {Case{"10.1.2.3/8", "10.0.0.0/8"}, Case{"0.0.0.0/0", "0.0.0.0/0"},
          Case{"192.0.2.7/32", "192.0.2.7/32"}, Case{"10.255.0.0/9", "10.128.0.0/9"},
          Case{"::/0", "0:0:0:0:0:0:0:0/0"}, Case{"2001:db8:1:2::3/33", "2001:db8:0:0:0:0:0:0/33"},
          Case{"::ffff:192.0.2.1/128", "0:0:0:0:0:ffff:c000:201/128"},
          Case{"1:2:3:4:5:6:7:8/128", "1:2:3:4:5:6:7:8/128"},
          Case{"fe80::/10", "fe80:0:0:0:0:0:0:0/10"}}) {
        auto range = parse_cidr(c.text);
        ASSERT_TRUE(range) << c.text;
        EXPECT_EQ(range->to_string(), c.canonical);
        EXPECT_TRUE(parse_cidr(range->to_string()));
    }
    for (std::string_view text : {"",
                                  "10.0.0.0",
                                  "10.0.0/8",
                                  "10.0.0.0/33",
                                  "10.0.0.0/-1",
                                  "10.0.0.0/8 ",
                                  "010.0.0.0/8",
                                  "256.0.0.0/8",
                                  "1.2.3.4.5/8",
                                  "/8",
                                  "::1",
                                  "::/129",
                                  ":1/8",
                                  "1:/8",
                                  "1:2:3:4:5:6:7/8",
                                  "1:2:3:4:5:6:7:8:9/8",
                                  "1::2::3/8",
                                  "12345::/16",
                                  "::1.2.3/128",
                                  "1.2.3.4::/16",
                                  "a/8",
                                  "1:2:3:4:5:6:7:8::/16",
                                  "1:2:3:4:5:6:7:1.2.3.4/16"})
        EXPECT_FALSE(parse_cidr(text)) << text;
}

}  // namespace
}  // namespace weir::config
