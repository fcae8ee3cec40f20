// QuotaPolicies: what a backend may use of each model. LimitOptions: how rules are enforced.
#include "config/limits.h"
#include "config/test_support.h"

namespace weir::config {
namespace {

constexpr std::string_view kBackends = R"(
apiVersion: ai.gateway.envoyproxy.io/v1alpha1
kind: AIServiceBackend
metadata: {name: one}
spec: {provider: openai, endpoint: https://api.openai.com}
---
apiVersion: ai.gateway.envoyproxy.io/v1alpha1
kind: AIServiceBackend
metadata: {name: two}
spec: {provider: openai, endpoint: https://api.openai.com}
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIGatewayRoute
metadata: {name: r}
spec:
  parentRefs: [{name: gw}]
  rules:
    - backendRefs: [{name: one, modelNameOverride: gpt-4}]
    - {matches: [{headers: [{name: x-ai-eg-model, value: small}]}], backendRefs: [{name: one}, {name: two}]}
)";

Loaded with(std::string more) {
    return load_text(std::string(kBackends) + more);
}

std::string quota(std::string name, std::string targets, std::string rest) {
    std::string refs;
    for (size_t at = 0; at < targets.size(); ++at)
        refs += (refs.empty() ? "" : ", ") +
                std::string("{group: aigateway.envoyproxy.io, kind: AIServiceBackend, name: ") +
                (targets[at] == '1' ? "one" : "two") + "}";
    return "---\napiVersion: aigateway.envoyproxy.io/v1alpha1\nkind: QuotaPolicy\nmetadata: "
           "{name: " +
           name + "}\nspec:\n  targetRefs: [" + refs + "]\n" + rest;
}

std::string options(std::string name, std::string rest) {
    return "---\napiVersion: weir.dev/v1alpha1\nkind: LimitOptions\nmetadata: {name: " + name +
           "}\nspec:\n" + rest;
}

std::optional<QuotaUse> use(const Loaded& loaded, std::string name, std::string_view model) {
    return loaded.configuration.quota_for(backend(loaded, std::move(name)), model);
}

TEST(QuotaTest, AModelsBucketsAndTheServices) {
    Loaded loaded = with(quota("q", "12", R"(
  perModelQuotas:
    - modelName: gpt-4
      quota:
        costExpression: input_tokens + output_tokens * 6u
        mode: Shared
        defaultBucket: {limit: 10000, duration: 1h}
        bucketRules:
          - clientSelectors: [{headers: [{name: X-Tenant, value: premium}]}]
            quota: {limit: 50000, duration: 1d}
          - clientSelectors: [{headers: [{name: x-tenant, type: Distinct}]}]
            quota: {limit: 500, duration: 1m}
            shadowMode: true
  serviceQuota: {quota: {limit: 7, duration: 1s}}
)"));
    ASSERT_TRUE(loaded.ok()) << errors(loaded);
    auto gpt = use(loaded, "one", "gpt-4");
    ASSERT_TRUE(gpt);
    EXPECT_EQ(gpt->model, "gpt-4");
    ASSERT_EQ(gpt->buckets.size(), 3u);
    const LimitUse& premium = gpt->buckets[0];
    EXPECT_EQ(premium.rule->identity, "QuotaPolicy/default/q/model/gpt-4/rule/0");
    EXPECT_EQ(premium.counter,
              "QuotaPolicy/default/q/model/gpt-4/rule/0@AIServiceBackend/default/one");
    EXPECT_EQ(premium.rule->limit, 50000u);
    EXPECT_EQ(to_string(premium.rule->unit), "Day");
    EXPECT_EQ(premium.rule->selectors.at(0).headers.at(0).name, "x-tenant");
    EXPECT_EQ(premium.rule->request_cost, 0u);
    ASSERT_TRUE(premium.cost);
    EXPECT_EQ(premium.cost->type, CostRule::Type::cel);
    EXPECT_EQ(premium.cost->cel, "input_tokens + output_tokens * 6u");
    EXPECT_TRUE(gpt->buckets[1].rule->shadow);
    EXPECT_EQ(gpt->buckets[2].rule->label, "default");
    EXPECT_TRUE(gpt->buckets[2].rule->selectors.empty());

    auto other = use(loaded, "one", "small");
    ASSERT_TRUE(other) << "the service's quota is for every other model";
    ASSERT_EQ(other->buckets.size(), 1u);
    EXPECT_EQ(other->buckets[0].rule->identity, "QuotaPolicy/default/q/rule/service");
    EXPECT_EQ(other->buckets[0].cost->type, CostRule::Type::total);
    EXPECT_NE(other->buckets[0].counter, use(loaded, "two", "small")->buckets[0].counter)
        << "each backend has its own";
}

TEST(QuotaTest, WithoutAPolicyThereIsNone) {
    Loaded loaded = with(quota("q", "1",
                               "  perModelQuotas: [{modelName: gpt-4, quota: "
                               "{defaultBucket: {limit: 1, duration: 1h}}}]\n"));
    EXPECT_TRUE(use(loaded, "one", "gpt-4"));
    EXPECT_FALSE(use(loaded, "one", "small"));
    EXPECT_FALSE(use(loaded, "one", ""));
    EXPECT_FALSE(use(loaded, "two", "gpt-4"));
}

TEST(QuotaTest, TheFirstPolicyByNameCountsForAModel) {
    auto rest = [](int gpt, int small) {
        return "  perModelQuotas:\n    - {modelName: gpt-4, quota: {defaultBucket: {limit: " +
               std::to_string(gpt) + ", duration: 1h}}}\n" +
               (small ? "    - {modelName: small, quota: {defaultBucket: {limit: " +
                            std::to_string(small) + ", duration: 1h}}}\n"
                      : "");
    };
    Loaded loaded = with(quota("b", "1", rest(1, 2)) + quota("a", "1", rest(3, 0)));
    EXPECT_TRUE(loaded.ok()) << errors(loaded);
    EXPECT_EQ(use(loaded, "one", "gpt-4")->buckets.at(0).rule->limit, 3u);
    EXPECT_EQ(use(loaded, "one", "small")->buckets.at(0).rule->limit, 2u);
    EXPECT_NE(messages(loaded).find("QuotaPolicy/a at test.yaml:30:1 comes first by name"),
              std::string::npos)
        << messages(loaded);
}

TEST(QuotaTest, AModelThatNoRouteAsksForIsWarnedOf) {
    Loaded loaded = with(quota("q", "1",
                               "  perModelQuotas: [{modelName: gpt4, quota: "
                               "{defaultBucket: {limit: 1, duration: 1h}}}]\n"));
    EXPECT_NE(messages(loaded).find("no route asks backend \"one\" for model \"gpt4\", so this "
                                    "quota has no effect there; did you mean \"gpt-4\"?"),
              std::string::npos)
        << messages(loaded);
}

TEST(LimitOptionsTest, TheClosestSaysHow) {
    Loaded loaded = with(
        quota("q", "1", R"(
  perModelQuotas:
    - modelName: gpt-4
      quota:
        defaultBucket: {limit: 1, duration: 1h}
        bucketRules: [{quota: {limit: 2, duration: 1h}}]
    - {modelName: small, quota: {defaultBucket: {limit: 3, duration: 1h}}}
)") + options("all", "  failure: closed\n  lease: \"off\"\n  window: sliding\n") +
        options("q",
                "  targetRefs: [{kind: QuotaPolicy, name: q}]\n  window: fixed\n  distinct: "
                "{maxKeys: 10}\n") +
        options("gpt",
                "  targetRefs: [{kind: QuotaPolicy, name: q, model: gpt-4}]\n"
                "  enforcement: afterwards\n") +
        options(
            "one",
            "  targetRefs: [{kind: QuotaPolicy, name: q, model: gpt-4, sectionName: "
            "\"0\"}]\n  enforcement: reserve\n  overflow: cut\n  distinct: {showKeys: true}\n"));
    ASSERT_TRUE(loaded.ok()) << errors(loaded);
    const LimitSettings& bucket = use(loaded, "one", "gpt-4")->buckets.at(0).rule->settings;
    EXPECT_EQ(bucket.enforcement, Enforcement::reserve);
    EXPECT_EQ(bucket.overflow, Overflow::cut);
    EXPECT_EQ(bucket.window, WindowKind::fixed);
    EXPECT_EQ(bucket.failure, StoreFailure::closed);
    EXPECT_EQ(bucket.lease, Lease::off);
    EXPECT_EQ(bucket.max_keys, 10u);
    EXPECT_TRUE(bucket.show_keys);
    const LimitSettings& rest = use(loaded, "one", "gpt-4")->buckets.at(1).rule->settings;
    EXPECT_EQ(rest.enforcement, Enforcement::afterwards);
    EXPECT_EQ(rest.overflow, Overflow::allow_last);
    EXPECT_FALSE(rest.show_keys);
    const LimitSettings& small = use(loaded, "one", "small")->buckets.at(0).rule->settings;
    EXPECT_EQ(small.enforcement, Enforcement::reserve) << "the default";
    EXPECT_EQ(small.max_keys, 10u);
}

TEST(LimitOptionsTest, OfTwoAsCloseTheFirstByNameCountsAndTheOtherIsToldSo) {
    const std::string q = quota("q", "1", "  serviceQuota: {quota: {limit: 1, duration: 1h}}\n");
    Loaded loaded =
        with(q + options("b", "  failure: open\n") + options("a", "  failure: closed\n"));
    EXPECT_EQ(use(loaded, "one", "m")->buckets.at(0).rule->settings.failure, StoreFailure::closed);
    EXPECT_NE(messages(loaded).find("LimitOptions/b: spec.failure: LimitOptions/a at "),
              std::string::npos)
        << messages(loaded);
    loaded = with(q + options("b", "  failure: open\n") + options("a", "  failure: open\n"));
    EXPECT_EQ(messages(loaded).find("LimitOptions"), std::string::npos) << "they agree";
}

}  // namespace
}  // namespace weir::config
