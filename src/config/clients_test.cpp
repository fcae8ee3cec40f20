// What listeners say about clients: TLS, ClientTrafficPolicy.
#include "config/clients.h"

#include "config/test_support.h"

namespace weir::config {
namespace {

constexpr std::string_view kBase = R"(
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
---
apiVersion: v1
kind: Secret
metadata: {name: one}
stringData: {tls.crt: "-----BEGIN CERTIFICATE-----", tls.key: "-----BEGIN PRIVATE KEY-----"}
---
apiVersion: v1
kind: Secret
metadata: {name: two}
stringData: {tls.crt: "-----BEGIN CERTIFICATE-----", tls.key: "-----BEGIN EC PRIVATE KEY-----"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: ca}
data: {ca.crt: "-----BEGIN CERTIFICATE-----"}
)";

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
    Loaded loaded = load_text(std::string(kBase));
    ASSERT_TRUE(loaded.ok()) << errors(loaded);
    const ListenerClients& https = clients(loaded, 0);
    ASSERT_TRUE(https.tls);
    EXPECT_FALSE(https.tls->passthrough);
    ASSERT_EQ(https.tls->certificates.size(), 2u);
    EXPECT_EQ(https.tls->certificates[1].name.to_string(), "default/two");
    EXPECT_EQ(https.tls->options.at("a"), "b");
    EXPECT_FALSE(clients(loaded, 1).tls);
    EXPECT_FALSE(loaded.may_run()) << "HTTPS is not in force";
}

TEST(ListenerClientsTest, APolicySaysEverythingBesideDeadlines) {
    Loaded loaded = load_text(std::string(kBase) + policy("p", "", R"(
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
    Loaded loaded =
        load_text(std::string(kBase) + policy("all", "", "  enableProxyProtocol: true\n") +
                  policy("one", "http", "  headers: {requestID: Disable}\n"));
    ASSERT_TRUE(loaded.ok()) << errors(loaded);
    EXPECT_EQ(clients(loaded, 0).settings.proxy_protocol, ProxyProtocol::required);
    EXPECT_EQ(clients(loaded, 1).settings.proxy_protocol, ProxyProtocol::off);
    EXPECT_EQ(clients(loaded, 1).settings.request_id, RequestIdAction::disable);
}

TEST(ListenerClientsTest, WithoutAPolicyEverythingIsAtItsDefault) {
    Loaded loaded = load_text(std::string(kBase));
    const ClientSettings& s = clients(loaded, 1).settings;
    EXPECT_TRUE(s.policy.name.empty());
    EXPECT_EQ(s.tls.min, TlsVersion::v1_2);
    EXPECT_FALSE(s.validation);
    EXPECT_TRUE(s.rate_limit_headers);
    EXPECT_EQ(s.underscores, Underscores::reject);
}

}  // namespace
}  // namespace weir::config
