// What listeners say about clients: TLS, ClientTrafficPolicy.
#include "config/clients.h"

#include <gmock/gmock.h>

#include <ctime>

#include "base/test_certificate.h"
#include "config/name_match.h"
#include "config/test_support.h"

namespace weir::config {
namespace {

/// PEM as a YAML string.
std::string quoted(std::string text) {
    for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2)
        text.replace(at, 1, "\\n");
    return "\"" + text + "\"";
}

std::string tls_secret(const std::string& name, const std::string& pem, const std::string& key) {
    return "---\napiVersion: v1\nkind: Secret\nmetadata: {name: " + name +
           "}\nstringData: {tls.crt: " + quoted(pem) + ", tls.key: " + quoted(key) + "}\n";
}

const TestCertificate& certificate() {
    static const TestCertificate kMade("DNS:edge.test");
    return kMade;
}

std::string base() {
    return R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: weir
  listeners:
    - name: https
      protocol: HTTPS
      port: 443
      tls: {certificateRefs: [{name: one}, {name: two}], options: {a: b}}
    - {name: http, protocol: HTTP, port: 80}
)" + tls_secret("one", certificate().pem, certificate().key_pem) +
           tls_secret("two", certificate().pem, certificate().key_pem) +
           "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: ca}\ndata: {ca.crt: " +
           quoted(certificate().pem) + "}\n";
}

std::string policy(std::string name, std::string section, std::string rest) {
    return "---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: ClientTrafficPolicy\nmetadata: "
           "{name: " +
           name + "}\nspec:\n  targetRefs: [{group: g, kind: Gateway, name: edge" +
           (section.empty() ? "" : ", sectionName: " + section) + "}]\n" + rest;
}

const ListenerClients& clients(const Loaded& loaded, size_t listener) {
    const Gateway& gateway = loaded.configuration.gateways.front();
    return loaded.configuration.clients_of(gateway, gateway.listeners.at(listener));
}

TEST(ListenerClientsTest, AListenerNamesItsCertificates) {
    Loaded loaded = load_text(base());
    ASSERT_TRUE(loaded.ok()) << errors(loaded);
    const ListenerClients& https = clients(loaded, 0);
    ASSERT_TRUE(https.tls);
    EXPECT_FALSE(https.tls->passthrough);
    ASSERT_EQ(https.tls->certificates.size(), 2u);
    EXPECT_EQ(https.tls->certificates[1].name.to_string(), "default/two");
    EXPECT_EQ(https.tls->options.at("a"), "b");
    EXPECT_FALSE(clients(loaded, 1).tls);
    EXPECT_TRUE(loaded.may_run()) << messages(loaded);
}

TEST(ListenerClientsTest, APolicySaysEverythingBesideDeadlines) {
    Loaded loaded = load_text(base() + policy("p", "", R"(
  tls:
    minVersion: "1.3"
    alpnProtocols: [http/1.1]
    clientValidation:
      optional: true
      caCertificateRefs: [{kind: ConfigMap, group: "", name: ca}]
      certificateHashes: ["DF:6F:F7:2F:E9:11:65:21:26:8F:6F:2D:D4:96:6F:51:DF:47:98:83:FE:70:37:B3:9F:75:91:6A:C3:04:9D:1A"]
      subjectAltNames: {dnsNames: [{type: Suffix, value: .agents.example}], uris: [{value: spiffe://a/b}]}
  connection: {connectionLimit: {value: 100, closeDelay: 2s}}
  proxyProtocol: {optional: true}
  clientIPDetection: {xForwardedFor: {trustedCIDRs: [10.0.0.0/8, 2001:db8::/32]}}
  headers:
    disableRateLimitHeaders: true
    withUnderscoresAction: DropHeader
    preserveXRequestID: true
    xForwardedClientCert: {mode: SanitizeSet}
)"));
    ASSERT_TRUE(loaded.ok()) << errors(loaded);
    const ClientSettings& s = clients(loaded, 0).settings;
    EXPECT_EQ(s.policy.name, "p");
    EXPECT_EQ(s.tls.min, TlsVersion::v1_3);
    EXPECT_EQ(s.tls.alpn, std::vector<std::string>{"http/1.1"});
    ASSERT_TRUE(s.validation);
    EXPECT_TRUE(s.validation->optional);
    EXPECT_EQ(s.validation->ca_pem.size(), 1u);
    EXPECT_EQ(s.validation->certificate_hashes.at(0).substr(0, 6), "df6ff7");
    EXPECT_EQ(s.validation->dns_names.at(0).type, NameMatch::Type::suffix);
    EXPECT_EQ(s.validation->uris.at(0).value, "spiffe://a/b");
    EXPECT_EQ(s.connections->most, 100u);
    EXPECT_EQ(s.connections->close_delay, std::chrono::seconds(2));
    EXPECT_EQ(s.proxy_protocol, ProxyProtocol::optional);
    EXPECT_EQ(s.address.trusted.size(), 2u);
    EXPECT_FALSE(s.rate_limit_headers);
    EXPECT_EQ(s.underscores, Underscores::drop);
    EXPECT_EQ(s.request_id, RequestIdAction::preserve_or_generate);
    EXPECT_EQ(s.forwarded_cert, ForwardedCert::sanitize_set);
}

TEST(ListenerClientsTest, TheListenersPolicyGovernsAlone) {
    Loaded loaded = load_text(base() + policy("all", "", "  enableProxyProtocol: true\n") +
                              policy("one", "http", "  headers: {requestID: Disable}\n"));
    ASSERT_TRUE(loaded.ok()) << errors(loaded);
    EXPECT_EQ(clients(loaded, 0).settings.proxy_protocol, ProxyProtocol::required);
    EXPECT_EQ(clients(loaded, 1).settings.proxy_protocol, ProxyProtocol::off);
    EXPECT_EQ(clients(loaded, 1).settings.request_id, RequestIdAction::disable);
}

TEST(ListenerClientsTest, WithoutAPolicyEverythingIsAtItsDefault) {
    Loaded loaded = load_text(base());
    const ClientSettings& s = clients(loaded, 1).settings;
    EXPECT_TRUE(s.policy.name.empty());
    EXPECT_EQ(s.tls.least(), TlsVersion::v1_2);
    EXPECT_FALSE(s.validation);
    EXPECT_TRUE(s.rate_limit_headers);
    EXPECT_EQ(s.underscores, Underscores::allow);
    EXPECT_EQ(s.request_id, RequestIdAction::preserve_or_generate);
}

TEST(ListenerClientsTest, ACertificateThatCannotBeUsedIsAMistake) {
    const TestCertificate other("DNS:a.test");
    Options options;
    options.now = std::time(nullptr);
    auto mistakes = [&](const std::string& pem, const std::string& key) {
        std::string text = base();
        const std::string good = tls_secret("one", certificate().pem, certificate().key_pem);
        text.replace(text.find(good), good.size(), tls_secret("one", pem, key));
        return errors(load_text(text, options));
    };
    EXPECT_THAT(mistakes(certificate().pem, other.key_pem), testing::HasSubstr("does not belong"));
    const TestCertificate ended("DNS:a.test", -60);
    EXPECT_THAT(mistakes(ended.pem, ended.key_pem), testing::HasSubstr("the certificate ended on"));
    EXPECT_EQ(mistakes(certificate().pem, certificate().key_pem), "");
    options.mock = true;
    EXPECT_EQ(mistakes(ended.pem, ended.key_pem), "") << "a laptop may lack it";
}

TEST(ListenerClientsTest, AListenersDeadlinesAreItsOwn) {
    Loaded loaded = load_text(base() + policy("all", "", "  timeout: {http: {idleTimeout: 7s}}\n") +
                              policy("one", "http", R"(
  timeout: {http: {requestReceivedTimeout: 3s}}
  connection: {bufferLimit: 1Mi, connectionLimit: {value: 5, maxRequestsPerConnection: 9}}
)"));
    ASSERT_TRUE(loaded.ok()) << errors(loaded);
    using namespace std::chrono_literals;
    EXPECT_EQ(clients(loaded, 0).timeouts.idle, 7s);
    EXPECT_EQ(clients(loaded, 0).timeouts.head_read, defaults::kHeadRead);
    EXPECT_EQ(clients(loaded, 1).timeouts.head_read, 3s);
    EXPECT_EQ(clients(loaded, 1).request_body, 1u << 20);
    EXPECT_EQ(clients(loaded, 1).settings.life.max_requests, 9u);
    EXPECT_EQ(loaded.configuration.gateways.front().timeouts.head_read, defaults::kHeadRead);
}

TEST(NameMatcherTest, TypesOfMatches) {
    using Type = NameMatch::Type;
    NameMatcher names(
        {{Type::exact, "A.test"}, {Type::suffix, ".b.test"}, {Type::regex, "c[0-9]+"}}, true);
    for (const char* name : {"a.test", "A.TEST", "x.B.test", "c42"})
        EXPECT_TRUE(names.any_of(std::vector<std::string>{"no", name})) << name;
    for (const char* name : {"aa.test", "b.test", "c42x", ""})
        EXPECT_FALSE(names.any_of(std::vector<std::string>{name})) << name;
    NameMatcher uris({{Type::prefix, "spiffe://A/"}}, false);
    EXPECT_TRUE(uris.any_of(std::vector<std::string>{"spiffe://A/b"}));
    EXPECT_FALSE(uris.any_of(std::vector<std::string>{"spiffe://a/b"}));
}

TEST(ForwardProxyTest, AddressCredentialsAndExceptions) {
    auto load_with = [](const std::string& proxy) {
        return load_text(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, "
            "annotations: {aigateway.envoyproxy.io/gateway-config: c}}\nspec: {gatewayClassName: "
            "w, "
            "listeners: [{name: http, protocol: HTTP, port: 80}]}\n---\napiVersion: "
            "aigateway.envoyproxy.io/v1beta1\nkind: GatewayConfig\nmetadata: {name: c}\nspec: "
            "{forwardProxy: {address: \"" +
            proxy + "\", noProxy: [localhost, .internal]}}\n");
    };
    Loaded loaded = load_with("http://me:p%40ss@proxy.test:3128/");
    ASSERT_TRUE(loaded.ok()) << errors(loaded);
    const auto& proxy = loaded.configuration.gateways.front().forward_proxy;
    ASSERT_TRUE(proxy);
    EXPECT_EQ(proxy->host, "proxy.test");
    EXPECT_EQ(proxy->port, 3128);
    EXPECT_EQ(proxy->credentials.reveal(), "me:p@ss");
    EXPECT_TRUE(bypasses(*proxy, "localhost"));
    EXPECT_TRUE(bypasses(*proxy, "a.internal"));
    EXPECT_TRUE(bypasses(*proxy, "internal"));
    EXPECT_FALSE(bypasses(*proxy, "api.openai.com"));
    for (const char* bad : {"proxy.test", "https://proxy.test:1", "socks5://a:1", "a:0",
                            "planted:planted@proxy.test", "http://a:1/path"}) {
        Loaded wrong = load_with(bad);
        EXPECT_FALSE(wrong.ok()) << bad;
        EXPECT_EQ(messages(wrong).find("planted"), std::string::npos);
    }
}

}  // namespace
}  // namespace weir::config
