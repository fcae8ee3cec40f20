// Which rules concern a request: from YAML through the compiler to select().
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "config/load.h"
#include "snapshot/snapshot.h"

namespace weir::snapshot {
namespace {

constexpr std::string_view kBase = R"(
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIGatewayRoute
metadata: {name: route}
spec:
  parentRefs: [{name: gateway}]
  rules: [{backendRefs: [{name: openai}]}]
  llmRequestCosts: [{metadataKey: total, type: TotalToken}]
---
apiVersion: ai.gateway.envoyproxy.io/v1alpha1
kind: AIServiceBackend
metadata: {name: openai}
spec: {provider: openai, endpoint: "http://127.0.0.1:9"}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: limits}
spec:
  targetRefs: [{group: aigateway.envoyproxy.io, kind: AIGatewayRoute, name: route}]
  rateLimit:
)";

class Headers final : public route::HeaderLookup {
public:
    std::optional<std::string_view> find(std::string_view name) const override {
        auto found = values.find(std::string(name));
        return found == values.end() ? std::nullopt
                                     : std::optional<std::string_view>(found->second);
    }
    std::map<std::string, std::string> values;
};

struct Request {
    std::map<std::string, std::string> headers;
    std::string model = "gpt-4o", query, method = "POST", path = "/v1/chat/completions";
    std::string peer = "10.1.2.3:5000";
};

class LimitsTest : public ::testing::Test {
protected:
    /// One global rule, called "rule", with one selector.
    void rule(const std::string& selector) {
        load("    global:\n      rules:\n        - name: rule\n          clientSelectors: [" +
             selector + "]\n          limit: {requests: 10, unit: Hour}\n");
    }
    void load(const std::string& rate_limit) {
        config::Options options;
        options.mock = true;
        std::vector<config::Document> documents{{"test.yaml", std::string(kBase) + rate_limit}};
        loaded = config::load(documents, options);
        for (const auto& diagnostic : loaded.diagnostics)
            EXPECT_NE(diagnostic.severity, config::Severity::error)
                << config::to_string(diagnostic);
        auto compiled = compile(loaded.configuration, {.limits = &registry});
        ASSERT_TRUE(compiled) << compiled.error().to_string();
        snapshot = *compiled;
    }
    std::vector<std::string> selected(const Request& request) {
        Headers headers;
        headers.values = request.headers;
        LimitView view{headers,        request.model, request.query,
                       request.method, request.path,  request.peer};
        snapshot->rules.at(0).limits.select(view, 0, quota::KeyHasher(1, 2), scratch);
        std::vector<std::string> labels;
        for (const auto& match : scratch.matches)
            labels.push_back(match.rule->label);
        return labels;
    }
    bool selects(const Request& request) { return !selected(request).empty(); }
    quota::Key key(const Request& request) {
        selected(request);
        return scratch.matches.at(0).key;
    }

    quota::HeapArena arena;
    quota::Registry registry{arena};
    config::Loaded loaded;
    std::shared_ptr<const Snapshot> snapshot;
    LimitScratch scratch;
};

TEST_F(LimitsTest, Headers) {
    rule("{headers: [{name: X-Tier, value: gold}]}");
    EXPECT_TRUE(selects({.headers = {{"x-tier", "gold"}}}));
    EXPECT_FALSE(selects({.headers = {{"x-tier", "silver"}}}));
    EXPECT_FALSE(selects({}));
    rule("{headers: [{name: x-tier, value: gold, invert: true}]}");
    EXPECT_TRUE(selects({}));
    EXPECT_FALSE(selects({.headers = {{"x-tier", "gold"}}}));
    rule("{headers: [{name: x-tier, type: RegularExpression, value: 'go.*'}]}");
    EXPECT_TRUE(selects({.headers = {{"x-tier", "gold"}}}));
    EXPECT_FALSE(selects({.headers = {{"x-tier", "no gold"}}}));
}

TEST_F(LimitsTest, TheModelIsTheBodys) {
    rule("{headers: [{name: x-ai-eg-model, value: gpt-4o}]}");
    EXPECT_TRUE(selects({}));
    EXPECT_FALSE(selects({.headers = {{"x-ai-eg-model", "gpt-4o"}}, .model = "other"}));
}

TEST_F(LimitsTest, DistinctValuesHaveKeysOfTheirOwn) {
    rule("{headers: [{name: x-user, type: Distinct}, {name: x-team, type: Distinct}]}");
    EXPECT_FALSE(selects({.headers = {{"x-user", "ada"}}}));
    Request ada{.headers = {{"x-user", "ada"}, {"x-team", "a"}}};
    Request bob{.headers = {{"x-user", "bob"}, {"x-team", "a"}}};
    Request crossed{.headers = {{"x-user", "a"}, {"x-team", "ada"}}};
    EXPECT_EQ(key(ada), key(ada));
    EXPECT_NE(key(ada), key(bob));
    EXPECT_NE(key(ada), key(crossed));
}

TEST_F(LimitsTest, MethodPathAndQuery) {
    rule("{methods: [{value: GET}, {value: PUT}]}");
    EXPECT_TRUE(selects({.method = "PUT"}));
    EXPECT_FALSE(selects({}));
    rule("{path: {value: /v1/chat}}");
    EXPECT_TRUE(selects({}));
    EXPECT_FALSE(selects({.path = "/v1/chatter"}));
    rule("{queryParams: [{name: team, value: a b}]}");
    EXPECT_TRUE(selects({.query = "x=1&team=a+b"}));
    EXPECT_TRUE(selects({.query = "team=a%20b"}));
    EXPECT_FALSE(selects({.query = "steam=a+b"}));
}

TEST_F(LimitsTest, Addresses) {
    rule("{sourceCIDR: {value: 10.1.0.0/17}}");
    EXPECT_TRUE(selects({}));
    EXPECT_TRUE(selects({.peer = "[::ffff:10.1.2.3]:80"}));
    EXPECT_FALSE(selects({.peer = "10.1.128.1:80"}));
    EXPECT_FALSE(selects({.peer = "[2001:db8::1]:80"}));
    rule("{sourceCIDR: {value: '2001:db8::/33', type: Distinct}}");
    Request one{.peer = "[2001:db8::1]:80"}, again{.peer = "[2001:db8::1]:81"};
    Request two{.peer = "[2001:db8::2]:80"}, out{.peer = "[2001:db8:8000::1]:80"};
    EXPECT_EQ(key(one), key(again));
    EXPECT_NE(key(one), key(two));
    EXPECT_FALSE(selects(out));
}

TEST_F(LimitsTest, ALocalRuleWithoutSelectorsIsForTheOthers) {
    load(R"(    local:
      rules:
        - {name: others, limit: {requests: 10, unit: Hour}}
        - name: gold
          clientSelectors: [{headers: [{name: x-tier, value: gold}]}]
          limit: {requests: 20, unit: Hour}
)");
    EXPECT_EQ(selected({}), std::vector<std::string>{"local/others"});
    EXPECT_EQ(selected({.headers = {{"x-tier", "gold"}}}), std::vector<std::string>{"local/gold"});
}

TEST_F(LimitsTest, RulesOfManyModelsKeepTheirOrder) {
    std::string rules = "    global:\n      rules:\n";
    for (int i = 0; i < 20; ++i)
        rules += "        - {name: r" + std::to_string(i) + ", limit: {requests: 1, unit: Hour}" +
                 (i % 5 == 4 ? ""
                             : ", clientSelectors: [{headers: [{name: x-ai-eg-model, value: m" +
                                   std::to_string(i % 3) + "}]}]") +
                 "}\n";
    load(rules);
    std::vector<std::string> expected;
    for (int i = 0; i < 20; ++i)
        if (i % 5 == 4 || i % 3 == 1) expected.push_back("r" + std::to_string(i));
    EXPECT_EQ(selected({.model = "m1"}), expected);
    EXPECT_EQ(selected({.model = "unknown"}), (std::vector<std::string>{"r4", "r9", "r14", "r19"}));
}

TEST_F(LimitsTest, ASnapshotAfterIsGivenTheSameCounters) {
    rule("{headers: [{name: x-team, value: a}]}");
    auto before = snapshot;
    rule("{headers: [{name: x-team, value: a}]}");
    EXPECT_EQ(before->rules[0].limits.rules()[0].counters,
              snapshot->rules[0].limits.rules()[0].counters);
}

}  // namespace
}  // namespace weir::snapshot
