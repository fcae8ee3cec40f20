#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "base/certificate.h"
#include "config/resolve.h"
#include "config/text.h"

namespace weir::config {

bool check_certificate(const Reference& ref, const Meta& owner, bool complete,
                       const Options& options, const Configuration& configuration, Report& report) {
    const SecretResource* secret = configuration.secret(ref.name);
    if (!secret) {
        if (complete)
            lacking(options, ref.place, ref.field,
                    absent("Secret", ref.name, owner.name, names_of(configuration.secrets)),
                    report);
        return false;
    }
    check_grant(configuration, owner, "", "Secret", ref.name, ref.place, ref.field, report);
    bool whole = true;
    for (auto [key, mark] : {std::pair("tls.crt", "-----BEGIN CERTIFICATE-----"),
                             std::pair("tls.key", "PRIVATE KEY-----")}) {
        auto value = secret->values.find(key);
        if (value != secret->values.end() &&
            value->second.reveal().find(mark) != std::string_view::npos)
            continue;
        whole = false;
        lacking(options, ref.place, ref.field,
                fmt::format("Secret {} has no PEM under {}; add it", quote(ref.name.name), key),
                report);
    }
    if (!whole) return false;
    auto wrong = [&](std::string_view what) {
        whole = false;
        lacking(options, ref.place, ref.field,
                fmt::format("Secret {}: {}", quote(ref.name.name), what), report);
    };
    auto facts = inspect_certificate(secret->values.at("tls.crt").reveal(),
                                     secret->values.at("tls.key").reveal());
    if (!facts)
        wrong(facts.error().detail());
    else if (options.now && options.now >= facts->not_after)
        wrong(fmt::format("the certificate ended on {}; renew it", utc_minute(facts->not_after)));
    else if (options.now && options.now < facts->not_before)
        wrong(fmt::format("the certificate is not valid before {}; check the clock",
                          utc_minute(facts->not_before)));
    return whole;
}

namespace {

/// Policies in the order in which they get their targets.
std::vector<const ClientPolicy*> in_order(const std::vector<ClientPolicy>& policies) {
    std::vector<const ClientPolicy*> out;
    for (const ClientPolicy& policy : policies)
        out.push_back(&policy);
    std::ranges::sort(out, {}, [](const ClientPolicy* policy) {
        return std::pair(policy->meta.created.value_or(std::numeric_limits<int64_t>::max()),
                         policy->meta.name);
    });
    return out;
}

class ClientResolver {
public:
    ClientResolver(const Parts& parts, const Options& options, Configuration& configuration,
                   Report& report)
        : parts_(parts), options_(options), configuration_(configuration), report_(report) {}

    void run() {
        for (const ClientPolicy* policy : in_order(parts_.client_policies))
            attach(*policy);
        for (const Gateway& gateway : configuration_.gateways) {
            report_.set_subject(subject(gateway.meta));
            for (const Listener& listener : gateway.listeners) {
                ClientSettings settings = settings_of(gateway, listener);
                Timeouts timeouts = settings.timeouts.over(gateway.timeouts);
                uint64_t body = settings.request_body.value_or(gateway.limits.request_body);
                configuration_.listener_clients[{gateway.meta.name, listener.name}] = {
                    tls_of(gateway, listener), std::move(settings), timeouts, body};
            }
        }
        check_ports();
    }

private:
    void attach(const ClientPolicy& policy) {
        report_.set_subject(subject(policy.meta));
        ClientSettings settings = policy.settings;
        if (settings.validation)
            settings.validation->ca_pem =
                certificates(policy.authorities, policy.meta, parts_.complete, options_,
                             configuration_, report_);
        for (const Reference& target : policy.targets) {
            const Gateway* gateway = configuration_.gateway(target.name);
            if (target.kind != "Gateway" || !gateway) continue;  // apply_traffic() said so
            std::string section = gateway->implicit ? "" : target.section;
            if (!check_section(*gateway, target, section)) continue;
            auto [at, fresh] = by_target_.emplace(std::pair(gateway->meta.name, section),
                                                  Attached{&policy, settings});
            if (!fresh && at->second.policy != &policy)
                report_.warning(target.place, target.field,
                                fmt::format("{} at {} already governs these clients; this policy's "
                                            "tls, addresses, headers and connection limit have no "
                                            "effect there",
                                            subject(at->second.policy->meta),
                                            at->second.policy->meta.place.to_string()));
        }
    }

    bool check_section(const Gateway& gateway, const Reference& target,
                       const std::string& section) {
        std::vector<std::string> names;
        for (const Listener& listener : gateway.listeners)
            names.push_back(listener.name);
        if (section.empty() || std::ranges::find(names, section) != names.end()) return true;
        report_.error(target.place, join(target.field, "sectionName"),
                      fmt::format("Gateway {} has no listener of this name{}",
                                  quote(gateway.meta.name.name), suggest(section, names)));
        return false;
    }

    ClientSettings settings_of(const Gateway& gateway, const Listener& listener) const {
        for (const std::string& section : {listener.name, std::string()})
            if (auto found = by_target_.find({gateway.meta.name, section});
                found != by_target_.end())
                return found->second.settings;
        return {};
    }

    std::optional<ListenerTls> tls_of(const Gateway& gateway, const Listener& listener) {
        for (const DecodedListenerTls& decoded : parts_.listener_tls) {
            if (decoded.gateway != gateway.meta.name || decoded.listener != listener.name) continue;
            for (const Reference& ref : decoded.certificates)
                check_certificate(ref, gateway.meta, parts_.complete, options_, configuration_,
                                  report_);
            return decoded.tls;
        }
        return std::nullopt;
    }

    /// Listeners that share a port share what comes before a host name is known.
    void check_ports() {
        struct First {
            const Gateway* gateway;
            const Listener* listener;
        };
        std::map<uint16_t, First> first;
        for (const Gateway& gateway : configuration_.gateways) {
            report_.set_subject(subject(gateway.meta));
            for (size_t i = 0; i < gateway.listeners.size(); ++i) {
                const Listener& here = gateway.listeners[i];
                if (here.protocol != Protocol::http && here.protocol != Protocol::https) continue;
                auto [at, fresh] = first.emplace(here.port, First{&gateway, &here});
                if (!fresh)
                    check_sharing(gateway, here, *at->second.gateway, *at->second.listener,
                                  join("spec.listeners", i));
            }
        }
    }

    void check_sharing(const Gateway& gateway, const Listener& here, const Gateway& other,
                       const Listener& there, const std::string& field) {
        std::string what = fmt::format("port {} is shared with listener {} at {}", here.port,
                                       quote(there.name), there.place.to_string());
        if (here.protocol != there.protocol) {
            report_.error(here.place, join(field, "protocol"),
                          what + ", which has the other protocol; use two ports");
            return;
        }
        const ClientSettings& mine = configuration_.clients_of(gateway, here).settings;
        const ClientSettings& theirs = configuration_.clients_of(other, there).settings;
        if (here.protocol == Protocol::http && mine.policy != theirs.policy) {
            what +=
                ", which has another ClientTrafficPolicy; without TLS nothing tells their "
                "clients apart: use two ports or one policy";
            if (&gateway == &other)
                report_.error(here.place, join(field, "port"), what);
            else  // Gateways of different owners: the first one's policy holds
                report_.warning(here.place, join(field, "port"), what);
        } else if (mine.proxy_protocol != theirs.proxy_protocol)
            report_.error(here.place, join(field, "port"),
                          what + ", of which another PROXY protocol is expected; use two ports");
    }

    struct Attached {
        const ClientPolicy* policy = nullptr;
        ClientSettings settings;
    };
    const Parts& parts_;
    const Options& options_;
    Configuration& configuration_;
    Report& report_;
    std::map<std::pair<ObjectName, std::string>, Attached> by_target_;  ///< Gateway and listener
};

}  // namespace

void apply_clients(const Parts& parts, const Options& options, Configuration& configuration,
                   Report& report) {
    ClientResolver(parts, options, configuration, report).run();
}

}  // namespace weir::config
