// EnvoyProxy and EnvoyGateway: what of them concerns a proxy, and whose it is.
#include "base/test_certificate.h"
#include "config/configuration.h"
#include "config/test_support.h"

namespace weir::config {
namespace {

constexpr std::string_view kGateways = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: eg}
spec:
  controllerName: gateway.envoyproxy.io/gatewayclass-controller
  parametersRef: {group: gateway.envoyproxy.io, kind: EnvoyProxy, name: of-class, namespace: infra}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: plain}
spec: {gatewayClassName: eg, listeners: [{name: http, protocol: HTTP, port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: special}
spec:
  gatewayClassName: eg
  listeners: [{name: http, protocol: HTTP, port: 81}]
  infrastructure:
    labels: {a: b}
    parametersRef: {group: gateway.envoyproxy.io, kind: EnvoyProxy, name: of-gateway}
)";

std::string proxy(std::string_view name, std::string_view space, std::string_view spec) {
    return "---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyProxy\nmetadata: {name: " +
           std::string(name) + ", namespace: " + std::string(space) + "}\nspec: {" +
           std::string(spec) + "}\n";
}

std::string rate_limit(std::string_view redis, std::string_view more = "") {
    return "---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyGateway\nprovider: {type: "
           "Kubernetes}\nrateLimit: {backend: {type: Redis, redis: {" +
           std::string(redis) + "}}" + std::string(more) + "}\n";
}

std::string both(std::string_view of_class, std::string_view of_gateway) {
    return std::string(kGateways) + proxy("of-class", "infra", of_class) +
           proxy("of-gateway", "default", of_gateway);
}

TEST(EnvoyProxyTest, AGatewaysOwnCountsBeforeThatOfItsClass) {
    Loaded loaded = load_text(both("backendTLS: {minVersion: '1.3'}, provider: {type: Kubernetes}",
                                   "backendTLS: {alpnProtocols: [h2], ecdhCurves: [P-256]}"));
    ASSERT_TRUE(loaded.ok()) << errors(loaded);
    EXPECT_EQ(messages(loaded), "");
    const auto& plain = loaded.configuration.gateway({"default", "plain"})->provider_tls;
    const auto& special = loaded.configuration.gateway({"default", "special"})->provider_tls;
    ASSERT_TRUE(plain && special);
    EXPECT_EQ(plain->settings.min, TlsVersion::v1_3);
    EXPECT_FALSE(plain->settings.alpn);
    EXPECT_FALSE(special->settings.min);
    EXPECT_EQ(special->settings.alpn, std::vector<std::string>{"h2"});
    EXPECT_EQ(special->settings.curves, std::vector<std::string>{"P-256"});
    EXPECT_EQ(special->said_by, "EnvoyProxy/of-gateway");
}

TEST(EnvoyProxyTest, ABackendsOwnSettingsCountFirst) {
    TlsSettings mine;
    mine.min = TlsVersion::v1_2;
    mine.ciphers = {"A"};
    TlsSettings theirs;
    theirs.min = theirs.max = TlsVersion::v1_3;
    theirs.ciphers = {"B"};
    theirs.curves = {"C"};
    theirs.alpn.emplace();
    mine.fill_from(theirs);
    EXPECT_EQ(mine.least(), TlsVersion::v1_2);
    EXPECT_EQ(mine.max, TlsVersion::v1_3);
    EXPECT_EQ(mine.ciphers, std::vector<std::string>{"A"});
    EXPECT_EQ(mine.curves, std::vector<std::string>{"C"});
    EXPECT_TRUE(mine.alpn && mine.alpn->empty());
}

TEST(EnvoyProxyTest, MistakesAreNamed) {
    struct Case {
        std::string text;
        std::string_view message;
    };
    const Case cases[] = {
        {std::string(kGateways) + proxy("of-gateway", "default", ""),
         "GatewayClass/eg: spec.parametersRef: EnvoyProxy \"infra/of-class\" does not exist"},
        {both("backendTLS: {clientCertificateRef: {name: none}}", ""),
         "spec.backendTLS.clientCertificateRef: Secret \"none\" does not exist"},
        {both("backendTLS: {ciphers: [ROT13]}", ""), "\"ROT13\" is no cipher"},
        {both("backendTLS: {minVersion: '1.4'}", ""), "spec.backendTLS.minVersion"},
        {both("telemetry: {accessLog: {}}", ""), "spec.telemetry: accepted but not in force yet"},
        {both("", "") + proxy("lost", "default", "backendTLS: {minVersion: '1.3'}"),
         "EnvoyProxy/lost: spec.backendTLS: no Gateway or GatewayClass names this EnvoyProxy"},
    };
    for (const Case& c : cases) {
        std::string said = messages(load_text(c.text));
        EXPECT_NE(said.find(c.message), std::string::npos) << c.message << "\n" << said;
    }
}

TEST(EnvoyProxyTest, TheCertificateIsFoundWhereItIsNamed) {
    const TestCertificate made("DNS:weir.test");
    auto quoted = [](std::string text) {
        for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2)
            text.replace(at, 1, "\\n");
        return "\"" + text + "\"";
    };
    Loaded loaded = load_text(
        both("backendTLS: {clientCertificateRef: {name: own}}", "") +
        "---\napiVersion: v1\nkind: Secret\nmetadata: {name: own, namespace: infra}\nstringData: "
        "{tls.crt: " +
        quoted(made.pem) + ", tls.key: " + quoted(made.key_pem) + "}\n");
    ASSERT_TRUE(loaded.ok()) << errors(loaded);
    const auto& tls = loaded.configuration.gateway({"default", "plain"})->provider_tls;
    ASSERT_TRUE(tls && tls->client_certificate);
    EXPECT_EQ(tls->client_certificate->name.to_string(), "infra/own");
    EXPECT_FALSE(loaded.configuration.gateway({"default", "special"})->provider_tls);
}

TEST(EnvoyGatewayTest, TheAddressOfRedisIsRead) {
    auto store = [](const std::string& text) {
        Loaded loaded = load_text(std::string(kGateways) + proxy("of-class", "infra", "") +
                                  proxy("of-gateway", "default", "") + text);
        EXPECT_TRUE(loaded.ok()) << errors(loaded);
        return loaded.configuration.shared_store;
    };
    EXPECT_EQ(store(rate_limit("url: 'redis.infra.svc:6379'"))->url,
              "redis://redis.infra.svc:6379");
    EXPECT_EQ(store(rate_limit("url: 'redis.infra.svc:6379', tls: {}"))->url,
              "rediss://redis.infra.svc:6379");
    EXPECT_EQ(store(rate_limit("url: 'rediss://:pass@cache', tls: {}"))->url,
              "rediss://:pass@cache");
    EXPECT_EQ(store(rate_limit("url: 'cache?prefix=x'", ", timeout: 1s"))->url,
              "redis://cache?prefix=x&timeout=1000ms");
    EXPECT_EQ(store(rate_limit("url: 'redis+sentinel://a,b/main'", ", timeout: 50ms"))->url,
              "redis+sentinel://a,b/main?timeout=50ms");
    EXPECT_FALSE(store(rate_limit("url: cache"))->fail_closed);
    EXPECT_TRUE(store(rate_limit("url: cache", ", failClosed: true"))->fail_closed);
    EXPECT_FALSE(
        store("---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyGateway\n"
              "provider: {type: Kubernetes}\nextensionApis: {enableBackend: true}\n"));
}

TEST(EnvoyGatewayTest, MistakesAreNamed) {
    struct Case {
        std::string text;
        std::string_view message;
    };
    const Case cases[] = {
        {rate_limit("url: 'a:1,b:2'"), "redis+sentinel://HOST,HOST/PRIMARY or redis+cluster://"},
        {rate_limit("url: 'redis://a', tls: {}"), "is an address without TLS"},
        {rate_limit("uri: a"), "rateLimit.backend.redis.url: Required value"},
        {rate_limit("url: a", ", timeout: soon"), "rateLimit.timeout: "},
        {rate_limit("url: a, tls: {certificateRef: {name: none}}"),
         "rateLimit.backend.redis.tls.certificateRef: Secret \"none\" does not exist"},
    };
    for (const Case& c : cases) {
        std::string said = messages(load_text(c.text));
        EXPECT_NE(said.find(c.message), std::string::npos) << c.message << "\n" << said;
    }
}

}  // namespace
}  // namespace weir::config
