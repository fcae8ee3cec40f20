#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/certificate.h"
#include "config/resolve.h"
#include "config/text.h"

namespace weir::config {

void lacking(const Options& options, const Place& place, const std::string& field,
             std::string message, Report& report) {
    if (options.mock)
        report.warning(place, field, std::move(message));
    else
        report.error(place, field, std::move(message));
}

namespace {

void check_secret(const Parts& parts, const DecodedPolicy& decoded, const CredentialPolicy& policy,
                  const Options& options, const Configuration& configuration, Report& report) {
    const SecretRef& ref = *policy.secret;
    const SecretResource* secret = configuration.secret(ref.name);
    if (!secret) {
        if (parts.complete)
            lacking(options, ref.place, decoded.secret_field,
                    absent("Secret", ref.name, policy.meta.name, names_of(configuration.secrets)),
                    report);
        return;
    }
    check_grant(configuration, policy.meta, "", "Secret", ref.name, ref.place, decoded.secret_field,
                report);
    for (const ObjectName& target : policy.targets) {
        const Backend* backend = configuration.backend(target);
        auto credential = backend ? configuration.credential_for(*backend) : std::nullopt;
        if (!credential) continue;
        if (!credential->value) {
            std::string wanted =
                policy.seed_spelling
                    ? fmt::format("{}, {} or {}", quote(backend->meta.name.name),
                                  quote(backend->provider), quote(defaults::kApiKeyEntry))
                    : quote(credential->entry);
            lacking(options, ref.place, decoded.secret_field,
                    fmt::format("Secret {} has no key {} for backend {}; add it",
                                quote(ref.name.name), wanted, quote(target.name)),
                    report);
        } else if (credential->value->empty() && options.mock) {
            report.warning(ref.place, decoded.secret_field,
                           fmt::format("key {} of Secret {} is empty", quote(credential->entry),
                                       quote(ref.name.name)));
        } else if (credential->value->empty()) {
            report.unenforced(
                ref.place, decoded.secret_field,
                fmt::format(
                    "key {} of Secret {} is empty, so the provider would get no credential; fill "
                    "it in, or start with --allow-unenforced Secret",
                    quote(credential->entry), quote(ref.name.name)),
                "Secret");
        }
    }
}

/// The ID of an exchange's client, when a Secret has it.
void check_client_id(const Parts& parts, const DecodedPolicy& decoded,
                     const CredentialPolicy& policy, const Options& options,
                     const Configuration& configuration, Report& report) {
    if (!policy.oidc || !policy.oidc->client_id_secret) return;
    const SecretRef& ref = *policy.oidc->client_id_secret;
    const std::string& field = decoded.client_id_field;
    const SecretResource* secret = configuration.secret(ref.name);
    if (!secret && parts.complete)
        lacking(options, ref.place, field,
                absent("Secret", ref.name, policy.meta.name, names_of(configuration.secrets)),
                report);
    if (!secret) return;
    check_grant(configuration, policy.meta, "", "Secret", ref.name, ref.place, field, report);
    if (!secret->values.contains("client-id"))
        lacking(options, ref.place, field,
                fmt::format("Secret {} has no key \"client-id\"; add it", quote(ref.name.name)),
                report);
}

}  // namespace

void check_credentials(const Parts& parts, const Options& options, Configuration& configuration,
                       Report& report) {
    std::map<ObjectName, const CredentialPolicy*> owner;
    for (size_t i = 0; i < parts.credential_policies.size(); ++i) {
        const DecodedPolicy& decoded = parts.credential_policies[i];
        CredentialPolicy& policy = configuration.credential_policies[i];
        report.set_subject(subject(policy.meta));
        for (const Reference& target : decoded.targets) {
            if (!configuration.backend(target.name)) {
                if (parts.complete)
                    report.error(target.place, target.field,
                                 absent("AIServiceBackend", target.name, policy.meta.name,
                                        names_of(configuration.backends)));
                continue;
            }
            auto [at, fresh] = owner.emplace(target.name, &policy);
            if (fresh)
                policy.targets.push_back(target.name);
            else if (at->second != &policy)
                report.error(
                    target.place, target.field,
                    fmt::format("{} already has the credential of {} at {}; a backend takes one",
                                quote(target.name.name), subject(at->second->meta),
                                at->second->meta.place.to_string()));
        }
        if (decoded.targets.empty())
            report.warning(policy.meta.place, "spec.targetRefs",
                           "targets no backend; it has no effect");
        if (policy.secret) check_secret(parts, decoded, policy, options, configuration, report);
        check_client_id(parts, decoded, policy, options, configuration, report);
    }
}

std::vector<std::string> certificates(const std::vector<Reference>& references, const Meta& owner,
                                      bool complete, const Options& options,
                                      const Configuration& configuration, Report& report) {
    std::vector<std::string> out;
    for (const Reference& ref : references) {
        std::string pem;
        bool exists = true;
        if (ref.kind == "Secret") {
            const SecretResource* secret = configuration.secret(ref.name);
            exists = secret != nullptr;
            if (secret && secret->values.contains("ca.crt"))
                pem = secret->values.at("ca.crt").reveal();
        } else {
            const ConfigMapResource* map = configuration.config_map(ref.name);
            exists = map != nullptr;
            if (map && map->data.contains("ca.crt")) pem = map->data.at("ca.crt");
        }
        auto known = ref.kind == "Secret" ? names_of(configuration.secrets)
                                          : names_of(configuration.config_maps);
        if (!exists) {
            if (complete)
                lacking(options, ref.place, ref.field,
                        absent(ref.kind, ref.name, owner.name, known), report);
        } else if (pem.find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
            lacking(options, ref.place, ref.field,
                    fmt::format("{} {} has no PEM certificate under ca.crt; add it", ref.kind,
                                quote(ref.name.name)),
                    report);
        } else if (auto judged = inspect_bundle(pem); !judged) {
            lacking(options, ref.place, ref.field,
                    fmt::format("{} {}, ca.crt: {}", ref.kind, quote(ref.name.name),
                                judged.error().detail()),
                    report);
        } else {
            out.push_back(std::move(pem));
        }
    }
    return out;
}

namespace {

EndpointBackend* find_endpoints(Configuration& configuration, const ObjectName& name) {
    return const_cast<EndpointBackend*>(configuration.endpoint_backend(name));
}

void apply_tls_policy(const Parts& parts, const TlsPolicy& policy, const Options& options,
                      std::map<ObjectName, const TlsPolicy*>& owner, Configuration& configuration,
                      Report& report) {
    report.set_subject(subject(policy.meta));
    Tls tls = policy.tls;
    tls.ca_pem = certificates(policy.authorities, policy.meta, parts.complete, options,
                              configuration, report);
    for (const Reference& target : policy.targets) {
        if (target.kind != "Backend") {
            report.warning(
                target.place, target.field,
                fmt::format("{} targets are accepted but not in force yet; it has no effect",
                            target.kind));
            continue;
        }
        EndpointBackend* backend = find_endpoints(configuration, target.name);
        if (!backend) {
            if (parts.complete)
                report.error(target.place, target.field,
                             absent("Backend", target.name, policy.meta.name,
                                    names_of(configuration.endpoint_backends)));
            continue;
        }
        auto [at, fresh] = owner.emplace(target.name, &policy);
        if (fresh) {
            // A policy says whom to trust; what the Backend itself offers and shows stays.
            Tls merged = tls;
            if (backend->tls) {
                merged.settings = backend->tls->settings;
                merged.client_certificate = backend->tls->client_certificate;
            }
            backend->tls = std::move(merged);
        } else
            report.error(target.place, target.field,
                         fmt::format("{} already has the TLS of {} at {}; a Backend takes one",
                                     quote(target.name.name), subject(at->second->meta),
                                     at->second->meta.place.to_string()));
    }
}

}  // namespace

void apply_tls(const Parts& parts, const Options& options, Configuration& configuration,
               Report& report) {
    for (size_t i = 0; i < parts.endpoints.size(); ++i) {
        EndpointBackend& backend = configuration.endpoint_backends[i];
        report.set_subject(subject(backend.meta));
        if (!backend.tls) continue;
        backend.tls->ca_pem = certificates(parts.endpoints[i].authorities, backend.meta,
                                           parts.complete, options, configuration, report);
        const auto& shown = parts.endpoints[i].client_certificate;
        if (shown &&
            check_certificate(*shown, backend.meta, parts.complete, options, configuration, report))
            backend.tls->client_certificate = SecretRef{shown->name, shown->place};
    }
    std::map<ObjectName, const TlsPolicy*> owner;
    for (const TlsPolicy& policy : parts.tls_policies)
        apply_tls_policy(parts, policy, options, owner, configuration, report);
    for (const EndpointBackend& backend : configuration.endpoint_backends) {
        report.set_subject(subject(backend.meta));
        if (backend.tls && !backend.tls->verify)
            report.warning(
                backend.tls->place, "spec.tls.insecureSkipVerify",
                "the provider's certificate is not verified, so anyone may pose as it; remove it");
        for (const Endpoint& endpoint : backend.endpoints)
            if (!backend.tls && endpoint.port == 443)
                report.warning(endpoint.place, "spec.endpoints",
                               fmt::format("{}:443 is spoken to in plain text; add a "
                                           "BackendTLSPolicy for this Backend",
                                           endpoint.host));
    }
}

namespace {

/// What `policy` says, put over what was said before: of two policies the one read last wins.
void put_on_gateway(const TrafficPolicy& policy, TimeoutOverrides& timeouts, Limits& limits) {
    TimeoutOverrides said = policy.timeouts;
    said.fill_from(timeouts);
    timeouts = said;
    limits.request_body = policy.request_body.value_or(limits.request_body);
    limits.request_head = policy.request_head.value_or(limits.request_head);
    limits.body_memory = policy.body_memory.value_or(limits.body_memory);
    limits.response_body = policy.response_body.value_or(limits.response_body);
    limits.connections = policy.connections.value_or(limits.connections);
    limits.exchanges = policy.exchanges.value_or(limits.exchanges);
    limits.handshakes = policy.handshakes.value_or(limits.handshakes);
    limits.exchanges_per_listener =
        policy.exchanges_per_listener.value_or(limits.exchanges_per_listener);
    limits.exchanges_per_principal =
        policy.exchanges_per_principal.value_or(limits.exchanges_per_principal);
    Http2Allowances allowances = policy.http2_allowances;
    allowances.fill_from(limits.http2_allowances);
    limits.http2_allowances = allowances;
}

/// A ClientTrafficPolicy on one listener says nothing of the others (apply_clients).
bool targets_gateway(const TrafficPolicy& policy, const Gateway& gateway) {
    bool of_listeners = policy.meta.kind == "ClientTrafficPolicy";
    return std::ranges::any_of(policy.targets, [&](const Reference& target) {
        return target.kind == "Gateway" &&
               (gateway.implicit ||
                (target.name == gateway.meta.name && (!of_listeners || target.section.empty())));
    });
}

bool for_everyone(const TrafficPolicy& policy) {
    return policy.targets.empty() &&
           (policy.meta.kind == "GatewayOptions" || policy.meta.kind == "ResiliencePolicy");
}

void check_targets(const Parts& parts, const TrafficPolicy& policy,
                   const Configuration& configuration, Report& report) {
    report.set_subject(subject(policy.meta));
    if (policy.targets.empty() && !for_everyone(policy))
        report.warning(policy.meta.place,
                       policy.selectors.empty() ? "spec.targetRefs" : "spec.targetSelectors",
                       "targets nothing; it has no effect");
    for (const Reference& target : policy.targets) {
        auto is_target = [&](const auto& r) { return r.meta.name == target.name; };
        if (target.kind == "Gateway" && !configuration.gateway(target.name) && parts.complete)
            report.error(
                target.place, target.field,
                absent("Gateway", target.name, policy.meta.name, names_of(configuration.gateways)));
        else if ((target.kind == "HTTPRoute" || target.kind == "AIGatewayRoute") &&
                 std::ranges::none_of(configuration.routes, is_target) &&
                 std::ranges::find(parts.other_routes, target.name) == parts.other_routes.end())
            report.warning(
                target.place, target.field,
                absent(target.kind, target.name, policy.meta.name, names_of(configuration.routes)) +
                    "; the policy has no effect there");
    }
}

}  // namespace

void apply_traffic(const Parts& parts, Configuration& configuration, Report& report) {
    for (const TrafficPolicy& policy : parts.traffic_policies)
        check_targets(parts, policy, configuration, report);
    for (Gateway& gateway : configuration.gateways) {
        TimeoutOverrides timeouts;
        for (const TrafficPolicy& policy : parts.traffic_policies)
            if (for_everyone(policy)) put_on_gateway(policy, timeouts, gateway.limits);
        TimeoutOverrides closer;
        for (const TrafficPolicy& policy : parts.traffic_policies)
            if (targets_gateway(policy, gateway)) put_on_gateway(policy, closer, gateway.limits);
        gateway.timeouts = closer.over(timeouts.over({}));
    }
    // From the last policy to the first, because fill_from() keeps what is there: the rule's own
    // first.
    for (Route& route : configuration.routes)
        for (auto policy = parts.traffic_policies.rbegin(); policy != parts.traffic_policies.rend();
             ++policy)
            for (const Reference& target : policy->targets)
                if (target.kind != "Gateway" && target.name == route.meta.name)
                    for (Rule& rule : route.rules)
                        if (target.section.empty() || target.section == rule.name)
                            rule.timeouts.fill_from(policy->timeouts);
}

}  // namespace weir::config
