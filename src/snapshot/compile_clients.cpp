#include "snapshot/compile_clients.h"

#include <fmt/format.h>

#include "balance/hash.h"
#include "base/certificate.h"

namespace weir::snapshot {
namespace {

/// Certificates whose Secrets are there; those that lack (with --mock only) were named by config/.
Result<std::vector<Certificate>> compile_certificates(const config::Configuration& configuration,
                                                      const config::ListenerTls& tls) {
    std::vector<Certificate> out;
    for (const config::SecretRef& ref : tls.certificates) {
        const config::SecretResource* secret = configuration.secret(ref.name);
        if (!secret || !secret->values.contains("tls.crt") || !secret->values.contains("tls.key"))
            continue;
        Certificate certificate{
            std::string(secret->values.at("tls.crt").reveal()), secret->values.at("tls.key"), {}};
        auto facts = inspect_certificate(certificate.chain_pem, certificate.key_pem.reveal());
        if (!facts)
            return fail(codes::config_invalid,
                        fmt::format("Secret {}: {}", ref.name.to_string(), facts.error().detail()));
        certificate.names = std::move(facts->dns_names);
        out.push_back(std::move(certificate));
    }
    return out;
}

/// Whether requests meet anything but the defaults before they are routed.
bool asks_anything(const config::ClientSettings& s) {
    return !s.address.header.empty() || !s.address.trusted.empty() || s.address.trusted_hops > 0 ||
           s.underscores != config::Underscores::allow || !s.early.empty() || s.path ||
           !s.health_path.empty();
}

}  // namespace

Result<Entry> compile_entry(const config::Configuration& configuration,
                            const config::Gateway& gateway, const config::Listener& listener) {
    const config::ListenerClients& clients = configuration.clients_of(gateway, listener);
    Entry entry;
    entry.name = listener.name;
    entry.listener = fmt::format("{}/{}", gateway.meta.name.to_string(), listener.name);
    entry.hostname = listener.hostname;
    entry.settings = clients.settings;
    entry.timeouts = clients.timeouts;
    entry.request_body = clients.request_body;
    entry.request_head = gateway.limits.request_head;
    entry.http2 = gateway.limits.http2_allowances;
    entry.exchanges_per_principal = gateway.limits.exchanges_per_principal;
    entry.principals = balance::hash_of(gateway.meta.name.to_string());
    if (clients.tls && listener.protocol == config::Protocol::https) {
        WEIR_TRY(entry.certificates, compile_certificates(configuration, *clients.tls));
    }
    entry.asks = listener.protocol == config::Protocol::https || asks_anything(clients.settings);
    return entry;
}

}  // namespace weir::snapshot
