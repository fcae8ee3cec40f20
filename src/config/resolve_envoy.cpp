// Which EnvoyProxy is whose, and the one store that limits are shared through.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/resolve.h"
#include "config/text.h"

namespace weir::config {
namespace {

/// What a Gateway names itself counts, else what its class does.
const ParametersRef* parameters_of(const Parts& parts, const Gateway& gateway) {
    for (const ParametersRef& ref : parts.parameters)
        if (ref.owner.kind == "Gateway" && ref.owner.name == gateway.meta.name) return &ref;
    for (const ParametersRef& ref : parts.parameters)  // classes have no namespace
        if (ref.owner.kind == "GatewayClass" && ref.owner.name.name == gateway.class_name)
            return &ref;
    return nullptr;
}

/// A name in a file that is not loaded is a mistake, once for each place.
const ProxySettings* find_proxy(const Parts& parts, const ParametersRef& ref, Report& report) {
    auto found = std::ranges::find(parts.proxies, ref.proxy.name,
                                   [](const ProxySettings& p) { return p.meta.name; });
    if (found != parts.proxies.end()) return &*found;
    report.set_subject(subject(ref.owner));
    if (parts.complete)
        report.error(ref.proxy.place, ref.proxy.field,
                     absent("EnvoyProxy", ref.proxy.name, ref.owner.name, names_of(parts.proxies)));
    return nullptr;
}

}  // namespace

void apply_proxies(const Parts& parts, const Options& options, Configuration& configuration,
                   Report& report) {
    std::set<const ProxySettings*> named;
    for (const ParametersRef& ref : parts.parameters)
        if (const ProxySettings* proxy = find_proxy(parts, ref, report)) named.insert(proxy);
    std::vector<Diagnostic> said_already;
    Report silent(said_already);
    for (Gateway& gateway : configuration.gateways) {
        const ParametersRef* ref = parameters_of(parts, gateway);
        const ProxySettings* proxy = ref ? find_proxy(parts, *ref, silent) : nullptr;
        if (proxy && proxy->tls) gateway.provider_tls = proxy->tls;
    }
    for (const ProxySettings& proxy : parts.proxies) {
        report.set_subject(subject(proxy.meta));
        if (proxy.tls && !named.contains(&proxy))
            report.warning(proxy.meta.place, "spec.backendTLS",
                           "no Gateway or GatewayClass names this EnvoyProxy; it has no effect");
        const auto& shown = proxy.client_certificate;
        if (!shown ||
            !check_certificate(*shown, proxy.meta, parts.complete, options, configuration, report))
            continue;
        for (Gateway& gateway : configuration.gateways) {
            const ParametersRef* ref = parameters_of(parts, gateway);
            if (ref && gateway.provider_tls && ref->proxy.name == proxy.meta.name)
                gateway.provider_tls->client_certificate = SecretRef{shown->name, shown->place};
        }
    }
}

void apply_shared_store(const Parts& parts, const Options& options, Configuration& configuration,
                        Report& report) {
    for (const DecodedSharedStore& decoded : parts.shared_stores) {
        report.set_subject(decoded.meta.kind);
        if (configuration.shared_store) {
            report.error(decoded.store.place, "rateLimit.backend.redis",
                         fmt::format("there is one at {} already; remove one",
                                     configuration.shared_store->place.to_string()));
            continue;
        }
        configuration.shared_store = decoded.store;
        const auto& shown = decoded.client_certificate;
        if (shown &&
            check_certificate(*shown, decoded.meta, parts.complete, options, configuration, report))
            configuration.shared_store->client_certificate = SecretRef{shown->name, shown->place};
    }
}

}  // namespace weir::config
