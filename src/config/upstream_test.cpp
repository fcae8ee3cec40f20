// Upstream's spelling of every kind, decoded and joined.
#include "base/test_certificate.h"
#include "config/test_support.h"

namespace weir::config {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kUpstream = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: weir
  listeners: [{name: http, port: 8080, protocol: HTTP, hostname: "*.example.com"}]
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIGatewayRoute
metadata: {name: chat}
spec:
  parentRefs: [{name: edge, sectionName: http}]
  hostnames: [ai.example.com]
  rules:
    - name: first
      matches: [{headers: [{name: X-AI-EG-Model, value: gpt-4o}]}]
      backendRefs:
        - name: openai
          modelNameOverride: gpt-4o-2024
          priority: 1
          headerMutation: {set: [{name: X-Tier, value: gold}], remove: [X-Old]}
          bodyMutation: {set: [{path: service_tier, value: '"scale"'}, {path: note, value: plain text}]}
      timeouts: {request: 2m, backendRequest: 90s}
      streamIdleTimeout: 5s
      modelsCreatedAt: "2024-01-01T00:00:00Z"
---
apiVersion: aigateway.envoyproxy.io/v1alpha1
kind: AIServiceBackend
metadata: {name: openai}
spec:
  schema: {name: OpenAI, prefix: /v1beta/openai/}
  backendRef: {name: openai, kind: Backend, group: gateway.envoyproxy.io}
  usage: never
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {name: openai}
spec: {endpoints: [{fqdn: {hostname: api.example.com, port: 443}}, {ip: {address: 10.0.0.1, port: 8443}}]}
---
apiVersion: gateway.networking.k8s.io/v1alpha3
kind: BackendTLSPolicy
metadata: {name: tls}
spec:
  targetRefs: [{group: gateway.envoyproxy.io, kind: Backend, name: openai}]
  validation: {hostname: api.example.com, caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: ca}
data: {ca.crt: "@AUTHORITY@"}
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: BackendSecurityPolicy
metadata: {name: aws}
spec:
  targetRefs: [{group: aigateway.envoyproxy.io, kind: AIServiceBackend, name: openai}]
  type: AWSCredentials
  awsCredentials: {region: eu-west-1, credentialsFile: {secretRef: {name: aws}, profile: prod}}
---
apiVersion: v1
kind: Secret
metadata: {name: aws}
data: {credentials: cGxhbnRlZA==}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: ClientTrafficPolicy
metadata: {name: client}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]
  connection: {bufferLimit: 50Mi}
  timeout: {http: {idleTimeout: 30s}}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: traffic}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: chat}]
  timeout: {tcp: {connectTimeout: 3s}, http: {requestTimeout: 9m}}
---
apiVersion: weir.dev/v1alpha1
kind: GatewayOptions
metadata: {name: all}
spec: {timeouts: {idle: 1m, firstByte: 7s}, limits: {responseBody: 1Mi}}
)";

/// With a certificate that can be read.
std::string upstream() {
    std::string pem = TestCertificate("DNS:api.example.com").pem;
    for (size_t at = 0; (at = pem.find('\n', at)) != std::string::npos; at += 2)
        pem.replace(at, 1, "\\n");
    std::string text(kUpstream);
    constexpr std::string_view kMark = "@AUTHORITY@";
    return text.replace(text.find(kMark), kMark.size(), pem);
}

TEST(UpstreamTest, ARouteIsDecodedWhole) {
    Loaded loaded = load_text(upstream());
    ASSERT_TRUE(loaded.ok()) << messages(loaded);
    EXPECT_EQ(loaded.accepted, 11u);
    const Rule& rule = loaded.configuration.routes.at(0).rules.at(0);
    EXPECT_EQ(rule.matches.at(0).headers.at(0).name, "x-ai-eg-model");
    EXPECT_EQ(rule.models_created_at, 1704067200);
    EXPECT_EQ(rule.models_owned_by, "Envoy AI Gateway");
    const BackendRef& ref = rule.backends.at(0);
    EXPECT_EQ(ref.model_override, "gpt-4o-2024");
    EXPECT_EQ(ref.priority, 1u);
    EXPECT_EQ(ref.headers.set.at(0).name, "x-tier");
    EXPECT_EQ(ref.headers.remove.at(0), "x-old");
    EXPECT_EQ(ref.body.set.at(0).value.text(), "scale");
    EXPECT_EQ(ref.body.set.at(1).value.text(), "plain text");
    EXPECT_EQ(rule.place.to_string(), "test.yaml:16:7");
}

TEST(UpstreamTest, ABackendIsJoinedWithItsEndpointsTlsAndCredential) {
    Loaded loaded = load_text(upstream());
    const Configuration& c = loaded.configuration;
    const Backend& openai = backend(loaded, "openai");
    EXPECT_EQ(openai.schema.prefix, "v1beta/openai");
    EXPECT_EQ(openai.usage, UsageMode::never);
    ASSERT_EQ(c.endpoints_of(openai).size(), 2u);
    EXPECT_EQ(c.endpoints_of(openai)[0].host, "api.example.com");
    EXPECT_TRUE(c.endpoints_of(openai)[1].is_ip);
    ASSERT_TRUE(c.tls_of(openai));
    EXPECT_FALSE(c.tls_of(openai)->system_roots);
    EXPECT_EQ(c.tls_of(openai)->ca_pem.size(), 1u);
    auto credential = c.credential_for(openai);
    EXPECT_EQ(credential->value->reveal(), "planted");
    EXPECT_EQ(credential->aws_region, "eu-west-1");
    EXPECT_EQ(credential->aws_profile, "prod");
}

TEST(UpstreamTest, DeadlinesComeFromTheClosestThatSaysThem) {
    Loaded loaded = load_text(upstream());
    const Gateway& gateway = loaded.configuration.gateways.at(0);
    EXPECT_EQ(gateway.limits.request_body, 50u << 20);
    EXPECT_EQ(gateway.limits.response_body, 1u << 20);
    EXPECT_EQ(gateway.limits.request_head, defaults::kRequestHead);
    EXPECT_EQ(gateway.timeouts.idle, 30s) << "the policy on the Gateway beats the options for all";
    EXPECT_EQ(gateway.timeouts.first_byte, 7s);
    Timeouts rule = loaded.configuration.routes.at(0).rules.at(0).timeouts.over(gateway.timeouts);
    EXPECT_EQ(rule.request, 2min) << "the rule beats the policy on its route";
    EXPECT_EQ(rule.first_byte, 90s);
    EXPECT_EQ(rule.stream_idle, 5s);
    EXPECT_EQ(rule.connect, 3s);
    EXPECT_EQ(rule.head_read, defaults::kHeadRead);
}

TEST(UpstreamTest, OfTwoPoliciesTheLastReadWins) {
    Loaded loaded = load_text(upstream() + R"(
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: later}
spec:
  targetRefs: [{kind: HTTPRoute, name: chat}, {kind: Gateway, name: edge}]
  timeout: {tcp: {connectTimeout: 4s}, http: {streamIdleTimeout: 0s}}
)");
    ASSERT_TRUE(loaded.ok()) << messages(loaded);
    const TimeoutOverrides& rule = loaded.configuration.routes.at(0).rules.at(0).timeouts;
    EXPECT_EQ(rule.connect, 4s);
    EXPECT_EQ(rule.stream_idle, 5s);
    EXPECT_EQ(loaded.configuration.gateways.at(0).timeouts.stream_idle, 0s)
        << "zero is none, not the default";
    EXPECT_EQ(loaded.configuration.gateways.at(0).timeouts.idle, 30s);
}

TEST(UpstreamTest, PrefixesAreNormal) {
    auto prefix = [](const std::string& schema) {
        Loaded loaded = load_text(
            "apiVersion: aigateway.envoyproxy.io/v1beta1\nkind: AIServiceBackend\nmetadata: "
            "{name: b}\nspec:\n  schema: " +
            schema + "\n  backendRef: {name: b, kind: Backend, group: gateway.envoyproxy.io}\n");
        return loaded.configuration.backends.at(0).schema.prefix;
    };
    EXPECT_EQ(prefix("{name: OpenAI}"), "v1");
    EXPECT_EQ(prefix("{name: OpenAI, prefix: \"\"}"), "v1");
    EXPECT_EQ(prefix("{name: OpenAI, prefix: /}"), "");
    EXPECT_EQ(prefix("{name: OpenAI, prefix: v1beta/openai/}"), "v1beta/openai");
    EXPECT_EQ(prefix("{name: OpenAI, version: api/v1}"), "api/v1");
    EXPECT_EQ(prefix("{name: AWSBedrock, version: x}"), "v1");
}

TEST(UpstreamTest, AGrantPermitsReferencesAcrossNamespaces) {
    auto route = [](std::string_view grant) {
        return load_text(R"(
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIGatewayRoute
metadata: {name: r, namespace: apps}
spec: {rules: [{backendRefs: [{name: b, namespace: models}]}]}
---
apiVersion: ai.gateway.envoyproxy.io/v1alpha1
kind: AIServiceBackend
metadata: {name: b, namespace: models}
spec: {provider: openai, endpoint: "http://127.0.0.1:11434/v1"}
)" + std::string(grant));
    };
    constexpr std::string_view kGrant = R"(
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: g, namespace: models}
spec:
  from: [{group: aigateway.envoyproxy.io, kind: AIGatewayRoute, namespace: apps}]
  to: [{group: aigateway.envoyproxy.io, kind: AIServiceBackend}]
)";
    EXPECT_NE(errors(route("")).find("no ReferenceGrant there permits it"), std::string::npos);
    EXPECT_TRUE(route(kGrant).ok()) << messages(route(kGrant));
    Loaded loaded = route(kGrant);
    EXPECT_FALSE(loaded.configuration.tls_of(loaded.configuration.backends.at(0)));
    EXPECT_TRUE(loaded.configuration.backends.at(0).url->endpoint.is_ip);
}

}  // namespace
}  // namespace weir::config
