#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "config/resolve.h"
#include "config/text.h"

namespace weir::config {

namespace {

/// Whether the Secret of `ref` holds a certificate and its key.
void check_certificate(const Reference& ref, const Meta& gateway, bool complete,
                       const Options& options, const Configuration& configuration, Report& report) {
    const SecretResource* secret = configuration.secret(ref.name);
    if (!secret) {
        if (complete)
            lacking(options, ref.place, ref.field,
                    absent("Secret", ref.name, gateway.name, names_of(configuration.secrets)),
                    report);
        return;
    }
    check_grant(configuration, gateway, "", "Secret", ref.name, ref.place, ref.field, report);
    for (auto [key, mark] : {std::pair("tls.crt", "-----BEGIN CERTIFICATE-----"),
                             std::pair("tls.key", "PRIVATE KEY-----")}) {
        auto value = secret->values.find(key);
        if (value == secret->values.end() ||
            value->second.reveal().find(mark) == std::string_view::npos)
            lacking(options, ref.place, ref.field,
                    fmt::format("Secret {} has no PEM under {}; add it", quote(ref.name.name), key),
                    report);
    }
}

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
            for (const Listener& listener : gateway.listeners)
                configuration_.listener_clients[{gateway.meta.name, listener.name}] = {
                    tls_of(gateway, listener), settings_of(gateway, listener)};
        }
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
