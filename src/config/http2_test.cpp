// What configurations say of HTTP/2: clients, providers, allowances.
#include "config/http2.h"

#include "config/configuration.h"
#include "config/test_support.h"

namespace weir::config {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kBase = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: weir
  listeners: [{name: a, protocol: HTTP, port: 80}, {name: b, protocol: HTTP, port: 81}]
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIGatewayRoute
metadata: {name: chat}
spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: one}]}]}
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIServiceBackend
metadata: {name: one}
spec: {schema: {name: OpenAI}, backendRef: {group: gateway.envoyproxy.io, kind: Backend, name: one}}
)";

std::string object(std::string_view kind, std::string_view name, std::string_view spec) {
    std::string group =
        kind == "GatewayOptions" ? "weir.dev/v1alpha1" : "gateway.envoyproxy.io/v1alpha1";
    return "---\napiVersion: " + group + "\nkind: " + std::string(kind) +
           "\nmetadata: {name: " + std::string(name) + "}\nspec:\n" + std::string(spec);
}

Loaded load_with(const std::string& more, std::string_view endpoint = "") {
    return load_text(
        std::string(kBase) +
        object("Backend", "one",
               "  endpoints: [{ip: {address: 127.0.0.1, port: 1}}]\n" + std::string(endpoint)) +
        more);
}

TEST(Http2ConfigTest, ClientsAreSaidByListener) {
    Loaded loaded = load_with(
        object("ClientTrafficPolicy", "all",
               "  targetRefs: [{group: g, kind: Gateway, name: edge}]\n"
               "  http2: {maxConcurrentStreams: 7, initialStreamWindowSize: 128Ki, "
               "initialConnectionWindowSize: 2Mi, onInvalidMessage: TerminateConnection, "
               "connectionKeepalive: {interval: 20s, timeout: 5s, intervalJitter: 10}}\n") +
        object("ClientTrafficPolicy", "one",
               "  targetRefs: [{group: g, kind: Gateway, name: edge, sectionName: b}]\n"
               "  http2: {onInvalidMessage: TerminateStream}\n") +
        object("GatewayOptions", "o", "  limits: {http2: {resets: 5, windowUpdates: 6}}\n"));
    ASSERT_TRUE(loaded.ok()) << errors(loaded);
    const Gateway& gateway = loaded.configuration.gateways.front();
    auto http2 = [&](size_t i) {
        return loaded.configuration.clients_of(gateway, gateway.listeners.at(i)).settings.http2;
    };
    EXPECT_EQ(http2(0).max_streams, 7u);
    EXPECT_EQ(http2(0).stream_window, 128u * 1024);
    EXPECT_EQ(http2(0).connection_window, 2u << 20);
    EXPECT_EQ(http2(0).end_connection, true);
    EXPECT_EQ(http2(0).ping_interval, 20s);
    EXPECT_EQ(http2(0).ping_timeout, 5s);
    EXPECT_EQ(http2(0).ping_jitter, 10u);
    EXPECT_EQ(messages(loaded).find("not in force"), std::string::npos) << messages(loaded);
    EXPECT_EQ(http2(1).end_connection, false);
    EXPECT_FALSE(http2(1).max_streams) << "the listener's policy governs alone";
    EXPECT_EQ(gateway.limits.http2_allowances.resets, 5u);
    EXPECT_EQ(gateway.limits.http2_allowances.window_updates, 6u);
    EXPECT_FALSE(gateway.limits.http2_allowances.empty_frames);
}

TEST(Http2ConfigTest, ProvidersAreSaidByPolicyAndBackend) {
    Loaded loaded = load_with(
        object("BackendTrafficPolicy", "p",
               "  targetRefs: [{group: g, kind: Gateway, name: edge}]\n"
               "  http2: {maxConcurrentStreams: 9, connectionKeepalive: {interval: 5s, timeout: "
               "2s, idleInterval: 7s, intervalJitter: 0}}\n"),
        "  appProtocols: [gateway.envoyproxy.io/h2c]\n  tls: {insecureSkipVerify: true, "
        "alpnProtocols: [h2]}\n");
    ASSERT_TRUE(loaded.ok()) << errors(loaded);
    const Http2Settings& http2 = loaded.configuration.routes.front().rules.front().resilience.http2;
    EXPECT_EQ(http2.max_streams, 9u);
    EXPECT_EQ(http2.ping_interval, 5s);
    EXPECT_EQ(http2.ping_timeout, 2s);
    EXPECT_EQ(http2.ping_after_idle, 7s);
    EXPECT_EQ(http2.ping_jitter, 0u);
    const EndpointBackend& backend = loaded.configuration.endpoint_backends.front();
    EXPECT_TRUE(backend.http2);
    EXPECT_EQ(backend.tls->settings.alpn, std::vector<std::string>{"h2"});
    EXPECT_FALSE(load_with("").configuration.endpoint_backends.front().http2);
}

TEST(Http2ConfigTest, MistakesAreNamed) {
    const std::string at_gateway = "  targetRefs: [{group: g, kind: Gateway, name: edge}]\n";
    struct Case {
        std::string_view kind, spec, message;
    };
    const Case cases[] = {
        {"ClientTrafficPolicy", "  http2: {initialStreamWindowSize: 1Ki}\n",
         "spec.http2.initialStreamWindowSize: not a window; write a number of bytes from 65535 to "
         "2147483647"},
        {"BackendTrafficPolicy", "  http2: {initialConnectionWindowSize: 2Gi}\n",
         "spec.http2.initialConnectionWindowSize: not a window"},
        {"BackendTrafficPolicy", "  http2: {initialStreamWindowSize: many}\n", "not a window"},
        {"ClientTrafficPolicy", "  http2: {onInvalidMessage: Panic}\n",
         "write TerminateStream or TerminateConnection"},
        {"ClientTrafficPolicy", "  http2: {maxConcurrentStreams: 0}\n",
         "spec.http2.maxConcurrentStreams"},
        {"ClientTrafficPolicy", "  http2: {connectionKeepalive: {interval: 1s, timeout: 2s}}\n",
         "timeout must be less than interval"},
        {"ClientTrafficPolicy", "  http2: {connectionKeepalive: {intervalJitter: 101}}\n",
         "spec.http2.connectionKeepalive.intervalJitter"},
        {"ClientTrafficPolicy", "  tls: {alpnProtocols: [spdy]}\n", "spec.tls.alpnProtocols[0]"},
        {"GatewayOptions", "  limits: {http2: {emptyFrames: 0}}\n",
         "spec.limits.http2.emptyFrames"},
        {"GatewayOptions", "  limits: {http2: {pings: 1}}\n", "spec.limits.http2.pings"},
    };
    for (const Case& c : cases) {
        Loaded loaded = load_with(object(c.kind, "p", at_gateway + std::string(c.spec)));
        EXPECT_NE(messages(loaded).find(c.message), std::string::npos)
            << c.spec << messages(loaded);
    }
}

}  // namespace
}  // namespace weir::config
