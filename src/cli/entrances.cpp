#include "cli/entrances.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/name_match.h"

namespace weir::cli {
namespace {

net::Duration or_never(config::Duration d) {
    return d.count() ? net::Duration(d) : net::Duration(std::chrono::hours(24 * 365));
}

int version_of(config::TlsVersion version) {
    return version == config::TlsVersion::v1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
}

/// Asked of a client's certificate beside its chain (ClientTrafficPolicy clientValidation).
struct Acceptance {
    std::vector<std::string> spki, hashes;
    config::NameMatcher dns, emails, addresses, uris;

    explicit Acceptance(const config::ClientValidation& rules)
        : spki(rules.spki_hashes),
          hashes(rules.certificate_hashes),
          dns(rules.dns_names, true),
          emails(rules.emails, false),
          addresses(rules.addresses, false),
          uris(rules.uris, false) {}

    bool operator()(const net::PeerCertificate& peer) const {
        auto has = [](const std::vector<std::string>& list, const std::string& value) {
            return std::ranges::find(list, value) != list.end();
        };
        bool pinned = spki.empty() && hashes.empty();
        pinned = pinned || has(spki, peer.spki_sha256) || has(hashes, peer.sha256);
        bool any_name = dns.empty() && emails.empty() && addresses.empty() && uris.empty();
        return pinned && (any_name || dns.any_of(peer.dns_names) || emails.any_of(peer.emails) ||
                          addresses.any_of(peer.addresses) || uris.any_of(peer.uris));
    }
};

/// A text that differs whenever the rules do.
std::string identity_of(const config::ClientValidation& rules) {
    std::string out = rules.optional ? "optional" : "required";
    auto add = [&out](std::string_view text) { out.append("\n").append(text); };
    for (const auto* list : {&rules.ca_pem, &rules.spki_hashes, &rules.certificate_hashes}) {
        add("--");
        for (const std::string& item : *list)
            add(item);
    }
    for (const auto* names : {&rules.dns_names, &rules.emails, &rules.addresses, &rules.uris}) {
        add("--");
        for (const config::NameMatch& name : *names)
            add(fmt::format("{} {}", static_cast<int>(name.type), name.value));
    }
    return out;
}

net::ClientRules client_rules(const config::ClientValidation& rules) {
    net::ClientRules out;
    out.optional = rules.optional;
    for (const std::string& pem : rules.ca_pem)
        out.ca_pem.append(pem).append("\n");
    out.accepts = Acceptance(rules);
    out.identity = identity_of(rules);
    return out;
}

net::TlsHost tls_host(const snapshot::Entry& entry, bool http2) {
    static const std::vector<std::string> kServed(std::begin(http::kSpokenProtocols),
                                                  std::end(http::kSpokenProtocols));
    const config::TlsSettings& tls = entry.settings.tls;
    net::TlsHost host;
    host.hostname = entry.hostname;
    for (const snapshot::Certificate& certificate : entry.certificates)
        host.certificates.push_back(
            {certificate.chain_pem, certificate.key_pem, certificate.names});
    host.rules = {version_of(tls.least()), version_of(tls.most()), tls.ciphers, tls.curves,
                  tls.signature_algorithms};
    for (const std::string& protocol : tls.alpn.value_or(kServed))
        if (std::ranges::find(http::kSpokenProtocols, protocol) != std::end(http::kSpokenProtocols))
            host.alpn.push_back(protocol);
    if (!http2) std::erase(host.alpn, "h2");
    if (entry.settings.validation) host.clients = client_rules(*entry.settings.validation);
    return host;
}

http::KeepAliveProbes probes_of(const config::TcpProbes& probes) {
    auto seconds = [](config::Duration d) {
        return static_cast<int>(std::chrono::ceil<std::chrono::seconds>(d).count());
    };
    return {static_cast<int>(std::min<uint32_t>(probes.count, 127)), seconds(probes.idle),
            seconds(probes.interval)};
}

void put_http2(const snapshot::Entry& entry, http::h2::Limits& into) {
    auto put = [](uint32_t& value, const std::optional<uint32_t>& said) {
        value = said.value_or(value);
    };
    const config::Http2Settings& said = entry.settings.http2;
    put(into.max_streams, said.max_streams);
    put(into.stream_window, said.stream_window);
    put(into.connection_window, said.connection_window);
    into.end_connection = said.end_connection.value_or(into.end_connection);
    if (said.ping_interval) into.keepalive.interval = *said.ping_interval;
    if (said.ping_timeout) into.keepalive.timeout = *said.ping_timeout;
    put(into.keepalive.jitter, said.ping_jitter);
    put(into.resets, entry.http2.resets);
    put(into.continuations, entry.http2.continuations);
    put(into.control_frames, entry.http2.control_frames);
    put(into.empty_frames, entry.http2.empty_frames);
    put(into.idle_frames, entry.http2.idle_frames);
    put(into.window_updates, entry.http2.window_updates);
}

net::ProxyProtocol proxy_protocol(config::ProxyProtocol rule) {
    return rule == config::ProxyProtocol::off        ? net::ProxyProtocol::off
           : rule == config::ProxyProtocol::optional ? net::ProxyProtocol::optional
                                                     : net::ProxyProtocol::required;
}

}  // namespace

http::ServerOptions Entrances::options(const snapshot::Entry& entry,
                                       const http::ServerOptions& shared) {
    http::ServerOptions out = shared;
    out.head_timeout = or_never(entry.timeouts.head_read);
    out.idle_timeout = or_never(entry.timeouts.idle);
    out.stall_timeout = or_never(entry.timeouts.stream_idle);
    out.head_limit =
        static_cast<std::size_t>(std::min<uint64_t>(entry.request_head, net::Blocks::kSize / 2));
    out.body_limit = entry.request_body;
    put_http2(entry, out.http2);
    out.max_age = entry.settings.life.max_age;
    out.max_requests = entry.settings.life.max_requests;
    if (const auto& limit = entry.settings.connections) {
        auto& counter = counters_[entry.listener];
        if (!counter) counter = std::make_shared<std::atomic<uint32_t>>(0);
        out.listener_connections = counter;
        out.listener_limit = static_cast<uint32_t>(std::min<uint64_t>(limit->most, UINT32_MAX));
        out.close_delay = limit->close_delay;
    }
    return out;
}

Result<Entrances::Made> Entrances::make(const snapshot::Snapshot& snapshot,
                                        const http::ServerOptions& shared) {
    Made made;
    for (const snapshot::Port& port : snapshot.ports) {
        auto entrance = std::make_shared<http::Entrance>();
        entrance->hosts.clear();
        std::vector<net::TlsHost> hosts;
        for (const snapshot::Entry& entry : port.entries) {
            if (port.tls) hosts.push_back(tls_host(entry, shared.http2.enabled));
            entrance->hosts.push_back(options(entry, shared));
        }
        const config::ClientSettings& settings = port.entries.front().settings;
        entrance->proxy_protocol = proxy_protocol(settings.proxy_protocol);
        if (settings.probes) entrance->probes = probes_of(*settings.probes);
        entrance->handshake_timeout = or_never(port.entries.front().timeouts.handshake);
        entrance->handshakes = &handshakes_;
        if (port.tls) {
            auto server = net::TlsServer::create(std::move(hosts), tickets_);
            if (!server)
                return fail(codes::config_invalid, fmt::format("listeners of port {}: {}",
                                                               port.port, server.error().detail()));
            entrance->tls = std::move(*server);
        }
        made.push_back(std::move(entrance));
    }
    return made;
}

}  // namespace weir::cli
