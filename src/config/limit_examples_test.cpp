// Upstream's own manifests that limit tokens: the rules that come out of them.
#include "config/test_support.h"

namespace weir::config {
namespace {

Loaded load_example(const std::string& file) {
    const Document document{file, read_text(conformance() / "examples" / file)};
    Options options;
    options.mock = true;
    return beside_pending(load(std::span(&document, 1), options));
}

TEST(LimitExampleTest, FiveKindsOfTokensEachWithItsBudget) {
    if (conformance_missing("examples")) GTEST_SKIP() << "conformance data missing";
    Loaded loaded = load_example("examples/token_ratelimit/token_ratelimit.yaml");
    ASSERT_TRUE(loaded.ok()) << errors(loaded);
    EXPECT_TRUE(loaded.may_run()) << messages(loaded);
    const Route& route = loaded.configuration.routes.at(0);
    auto uses = loaded.configuration.limits_for(route, 0);
    ASSERT_EQ(uses.size(), 5u);
    struct Wanted {
        uint64_t limit;
        CostRule::Type type;
    };
    using enum CostRule::Type;
    const Wanted wanted[] = {
        {10, input}, {100, output}, {1000, total}, {100, cached_input}, {1000, cel}};
    for (size_t i = 0; i < uses.size(); ++i) {
        const LimitRule& rule = *uses[i].rule;
        EXPECT_EQ(rule.limit, wanted[i].limit) << i;
        EXPECT_EQ(rule.unit, LimitUnit::hour) << i;
        EXPECT_EQ(rule.request_cost, 0u) << i;
        ASSERT_TRUE(uses[i].cost) << i;
        EXPECT_EQ(uses[i].cost->type, wanted[i].type) << i;
        EXPECT_EQ(rule.selectors.at(0).headers.at(0).name, "x-tenant-id");
        EXPECT_EQ(rule.selectors.at(0).headers.at(0).test, ValueTest::distinct);
        EXPECT_EQ(uses[i].counter,
                  rule.identity + "@AIGatewayRoute/default/" + route.meta.name.name);
    }
}

TEST(LimitExampleTest, AQuotaOfTenTokensAnHour) {
    if (conformance_missing("examples")) GTEST_SKIP() << "conformance data missing";
    Loaded loaded = load_example("e2e/backend_quota_ratelimit.yaml");
    ASSERT_TRUE(loaded.ok()) << errors(loaded);
    EXPECT_TRUE(loaded.may_run()) << messages(loaded);
    auto use =
        loaded.configuration.quota_for(loaded.configuration.backends.at(0), "quota-test-model");
    ASSERT_TRUE(use);
    ASSERT_EQ(use->buckets.size(), 1u);
    EXPECT_EQ(use->buckets[0].rule->limit, 10u);
    EXPECT_EQ(use->buckets[0].cost->type, CostRule::Type::total);
    EXPECT_EQ(messages(loaded).find("no route asks"), std::string::npos) << messages(loaded);
}

TEST(LimitExampleTest, TheSeedsPolicyHoldsOnTheAgentsRoute) {
    Loaded loaded = load_text(read_text(test_data() / "seed.yaml"));
    ASSERT_FALSE(loaded.configuration.routes.empty());
    const Route& route = loaded.configuration.routes.at(0);
    for (size_t i = 0; i < route.rules.size(); ++i) {
        auto uses = loaded.configuration.limits_for(route, i);
        ASSERT_FALSE(uses.empty()) << i;
        EXPECT_EQ(uses[0].rule->limit, 1000000u);
        EXPECT_EQ(uses[0].rule->selectors.at(0).headers.at(1).value, "gpt-4");
    }
}

}  // namespace
}  // namespace weir::config
