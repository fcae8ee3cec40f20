#include "config/resilience.h"

#include "config/test_support.h"

namespace weir::config {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kRoute = R"(
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIGatewayRoute
metadata: {name: chat}
spec:
  rules:
    - {name: first, backendRefs: [{name: b}]}
    - {name: second, backendRefs: [{name: b}]}
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIServiceBackend
metadata: {name: b}
spec:
  schema: {name: OpenAI}
  backendRef: {name: b, kind: Backend, group: gateway.envoyproxy.io}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {name: b}
spec: {endpoints: [{ip: {address: 127.0.0.1, port: 80}}]}
)";

std::string policy(std::string spec, std::string name = "p",
                   std::string kind = "BackendTrafficPolicy") {
    std::string group = kind == "ResiliencePolicy" ? "weir.dev" : "gateway.envoyproxy.io";
    return "\n---\napiVersion: " + group + "/v1alpha1\nkind: " + kind +
           "\nmetadata: {name: " + name + "}\nspec:\n" + spec;
}

const Resilience& first_rule(const Loaded& loaded) {
    EXPECT_TRUE(loaded.ok()) << messages(loaded);
    return loaded.configuration.routes.at(0).rules.at(0).resilience;
}

// Upstream's examples/provider_fallback/fallback.yaml, its policy.
TEST(ResilienceConfigTest, UpstreamsProviderFallbackIsUnderstood) {
    Loaded loaded = load_text(std::string(kRoute) + policy(R"(
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: chat}]
  retry:
    numAttemptsPerPriority: 1
    numRetries: 5
    perRetry:
      backOff: {baseInterval: 100ms, maxInterval: 10s}
      timeout: 30s
    retryOn:
      httpStatusCodes: [500]
      triggers: [connect-failure, retriable-status-codes]
  healthCheck:
    passive:
      baseEjectionTime: 30s
      interval: 2s
      maxEjectionPercent: 100
      consecutive5XxErrors: 1
      consecutiveGatewayErrors: 0
      consecutiveLocalOriginFailures: 1
      splitExternalLocalOriginErrors: false
)"));
    const Resilience& r = first_rule(loaded);
    ASSERT_TRUE(r.retry && r.passive);
    EXPECT_EQ(r.retry->attempts_per_priority, 1u);
    EXPECT_EQ(r.retry->retries, 5u);
    EXPECT_EQ(r.retry->base_interval, 100ms);
    EXPECT_EQ(r.retry->max_interval, 10s);
    EXPECT_EQ(r.retry->per_try, 30s);
    EXPECT_EQ(r.retry->triggers,
              (std::vector<std::string>{"connect-failure", "retriable-status-codes"}));
    EXPECT_EQ(r.retry->statuses, (std::vector<uint16_t>{500}));
    EXPECT_EQ(r.passive->consecutive_5xx, 1u);
    EXPECT_EQ(r.passive->max_ejection_percent, 100u);
    EXPECT_EQ(r.passive->interval, 2s);
    EXPECT_EQ(messages(loaded).find("not in force"), std::string::npos) << messages(loaded);
}

TEST(ResilienceConfigTest, SlowStartAndGrpcChecks) {
    const Loaded loaded = load_text(std::string(kRoute) + policy(R"(
  targetRefs: [{kind: AIGatewayRoute, name: chat}]
  loadBalancer: {type: RoundRobin, slowStart: {window: 30s}}
  healthCheck: {active: {type: GRPC, grpc: {service: models.v1}, unhealthyThreshold: 2}}
)"));
    const Resilience& r = first_rule(loaded);
    EXPECT_EQ(r.load_balancer->slow_start, 30s);
    EXPECT_EQ(r.active->type, ActiveHealthSettings::Type::grpc);
    EXPECT_EQ(r.active->service, "models.v1");
    EXPECT_EQ(r.active->unhealthy_threshold, 2u);
    EXPECT_EQ(messages(loaded).find("not in force"), std::string::npos) << messages(loaded);
}

TEST(ResilienceConfigTest, EmptyPartsHaveEnvoyGatewaysDefaults) {
    const Loaded loaded = load_text(std::string(kRoute) + policy(R"(
  targetRefs: [{kind: AIGatewayRoute, name: chat}]
  retry: {}
  healthCheck: {passive: {}, active: {type: HTTP, http: {path: /health}}}
  circuitBreaker: {}
)"));
    const Resilience& r = first_rule(loaded);
    EXPECT_EQ(r.retry->retries, 2u);
    EXPECT_FALSE(r.retry->chosen);
    EXPECT_EQ(r.passive->consecutive_5xx, 5u);
    EXPECT_EQ(r.passive->interval, 3s);
    EXPECT_EQ(r.passive->max_ejection_percent, 10u);
    EXPECT_EQ(r.active->unhealthy_threshold, 3u);
    EXPECT_EQ(r.active->path, "/health");
    EXPECT_EQ(r.circuit->max_connections, 1024u);
    EXPECT_FALSE(r.panic_threshold);
    EXPECT_FALSE(r.load_balancer);
}

TEST(ResilienceConfigTest, EveryFieldIsRead) {
    const Loaded loaded = load_text(std::string(kRoute) + policy(R"(
  targetRefs: [{kind: AIGatewayRoute, name: chat}]
  retry: {perRetry: {backOff: {baseInterval: 10ms}}}
  healthCheck:
    panicThreshold: 20
    active:
      type: TCP
      timeout: 2s
      interval: 5s
      healthyThreshold: 2
      unhealthyThreshold: 4
      tcp: {send: {type: Text, text: PING}, receive: {type: Binary, binary: UE9ORw==}}
      overrides: {port: 8081}
  circuitBreaker:
    maxConnections: 7
    maxPendingRequests: 6
    maxParallelRequests: 5
    maxParallelRetries: 4
    maxRequestsPerConnection: 3
    perEndpoint: {maxConnections: 2}
    retryBudget: {minRetryConcurrency: 1, percent: {numerator: 1, denominator: 4}}
  timeout: {http: {connectionIdleTimeout: 11s, maxConnectionDuration: 12m}}
  loadBalancer:
    type: ConsistentHash
    consistentHash: {type: Cookie, cookie: {name: session, ttl: 1h}}
)"));
    const Resilience& r = first_rule(loaded);
    EXPECT_EQ(r.retry->max_interval, 100ms) << "ten times the base";
    EXPECT_EQ(r.panic_threshold, 20u);
    EXPECT_EQ(r.active->type, ActiveHealthSettings::Type::tcp);
    EXPECT_EQ(r.active->send, "PING");
    EXPECT_EQ(r.active->receive, "PONG");
    EXPECT_EQ(r.active->port, 8081);
    EXPECT_EQ(r.circuit->max_connections, 7u);
    EXPECT_EQ(r.circuit->max_pending, 6u);
    EXPECT_EQ(r.circuit->max_requests, 5u);
    EXPECT_EQ(r.circuit->max_retries, 4u);
    EXPECT_EQ(r.circuit->max_requests_per_connection, 3u);
    EXPECT_EQ(r.circuit->max_connections_per_endpoint, 2u);
    EXPECT_EQ(r.circuit->budget_percent, 25.0);
    EXPECT_EQ(r.circuit->budget_at_least, 1u);
    EXPECT_EQ(r.connection.idle, 11s);
    EXPECT_EQ(r.connection.max_age, 12min);
    EXPECT_EQ(r.load_balancer->hash.source, LoadBalancerSettings::Hash::Source::cookie);
    EXPECT_EQ(r.load_balancer->hash.names, (std::vector<std::string>{"session"}));
    EXPECT_EQ(r.load_balancer->hash.cookie_ttl, 1h);
}

TEST(ResilienceConfigTest, TheMostSpecificPolicyGovernsAloneUnlessItMerges) {
    auto second = [](std::string merge) {
        Loaded loaded = load_text(
            std::string(kRoute) +
            policy("  targetRefs: [{kind: Gateway, name: any}]\n"
                   "  retry: {numRetries: 9}\n  healthCheck: {panicThreshold: 1}\n",
                   "gateway") +
            policy("  targetRefs: [{kind: AIGatewayRoute, name: chat, sectionName: second}]\n"
                   "  retry: {numRetries: 1}\n" +
                       merge,
                   "section"));
        EXPECT_TRUE(loaded.ok()) << messages(loaded);
        EXPECT_EQ(loaded.configuration.routes.at(0).rules.at(0).resilience.retry->retries, 9u);
        return loaded.configuration.routes.at(0).rules.at(1).resilience;
    };
    EXPECT_EQ(second("").retry->retries, 1u);
    EXPECT_FALSE(second("").panic_threshold);
    EXPECT_EQ(second("  mergeType: StrategicMerge\n").retry->retries, 1u);
    EXPECT_EQ(second("  mergeType: StrategicMerge\n").panic_threshold, 1u);
}

TEST(ResilienceConfigTest, ResiliencePolicySaysWhatEnvoyCannot) {
    Loaded loaded =
        load_text(std::string(kRoute) +
                  policy("  targetRefs: [{kind: AIGatewayRoute, name: chat}]\n"
                         "  streams: {firstToken: 8s, onBreak: continue, maxContinuations: 2}\n"
                         "  hedging: {percentile: 95, budgetPercent: 5}\n",
                         "route", "ResiliencePolicy") +
                  policy("  streams: {firstToken: 9s, eventIdle: 20s, keepAlive: 15s, "
                         "maxHeldText: 4Ki}\n",
                         "all", "ResiliencePolicy"));
    const Resilience& r = first_rule(loaded);
    EXPECT_EQ(r.streams.first_token, 8s);
    EXPECT_EQ(r.streams.event_idle, 20s);
    EXPECT_EQ(r.streams.keep_alive, 15s);
    EXPECT_EQ(r.streams.on_break, StreamSettings::OnBreak::proceed);
    EXPECT_EQ(r.streams.max_continuations, 2u);
    EXPECT_EQ(r.streams.max_held_text, 4096u);
    for (const auto& said : loaded.diagnostics)
        EXPECT_EQ(said.message.find("not in force"), std::string::npos) << said.message;
    EXPECT_EQ(r.hedging->percentile, 95u);
    EXPECT_FALSE(r.hedging->delay);
    EXPECT_EQ(r.hedging->budget_percent, 5);
}

TEST(ResilienceConfigTest, MistakesAreNamedAndWhatIsNotInForceIsSaid) {
    struct Case {
        const char* kind;
        const char* spec;
        const char* message;
    };
    const Case cases[] = {
        {"BackendTrafficPolicy",
         "  retry: {perRetry: {backOff: {baseInterval: 2s, maxInterval: 1s}}}\n",
         "smaller than baseInterval"},
        {"BackendTrafficPolicy", "  retry: {retryOn: {triggers: [5XX]}}\n", "5xx"},
        {"BackendTrafficPolicy", "  loadBalancer: {type: Random, slowStart: {window: 10s}}\n",
         "SlowStart is only supported for"},
        {"BackendTrafficPolicy",
         "  loadBalancer: {type: DynamicModule, dynamicModule: {name: a, lbPolicyName: b}}\n",
         "LeastRequest is used"},
        {"ResiliencePolicy", "  hedging: {budgetPercent: 5}\n",
         "exactly one of delay or percentile"},
        {"ResiliencePolicy", "  hedging: {percentile: 100}\n", "percentile"},
        {"ResiliencePolicy", "  streams: {onBreak: retry}\n", "onBreak"},
        {"ResiliencePolicy", "  streams: {firstByte: 1s}\n", "firstByte"},
        {"ResiliencePolicy", "  streams: {maxContinuations: 9}\n", "maxContinuations"},
    };
    for (const Case& c : cases) {
        Loaded loaded = load_text(
            std::string(kRoute) +
            policy(std::string("  targetRefs: [{kind: AIGatewayRoute, name: chat}]\n") + c.spec,
                   "p", c.kind));
        EXPECT_NE(messages(loaded).find(c.message), std::string::npos)
            << c.spec << messages(loaded);
    }
}

}  // namespace
}  // namespace weir::config
