#include <fmt/format.h>

#include <map>
#include <set>

#include "base/encoding.h"
#include "credential/aws_credentials.h"
#include "dialect/translate.h"
#include "route/hosts.h"
#include "snapshot/compile_clients.h"
#include "snapshot/compile_credential.h"
#include "snapshot/compile_limits.h"
#include "snapshot/resilience.h"
#include "snapshot/snapshot.h"

namespace weir::snapshot {
namespace {

dialect::Schema schema_of(config::SchemaName name) {
    switch (name) {
        case config::SchemaName::openai:
            return dialect::Schema::OpenAI;
        case config::SchemaName::cohere:
            return dialect::Schema::Cohere;
        case config::SchemaName::aws_bedrock:
            return dialect::Schema::AWSBedrock;
        case config::SchemaName::azure_openai:
            return dialect::Schema::AzureOpenAI;
        case config::SchemaName::gcp_vertex:
            return dialect::Schema::GCPVertexAI;
        case config::SchemaName::gcp_anthropic:
            return dialect::Schema::GCPAnthropic;
        case config::SchemaName::anthropic:
            return dialect::Schema::Anthropic;
        case config::SchemaName::aws_anthropic:
            return dialect::Schema::AWSAnthropic;
        case config::SchemaName::gemini:
            return dialect::Schema::Gemini;
    }
    return dialect::Schema::OpenAI;
}

dialect::ConversationApi api_of(config::Conversations conversations) {
    switch (conversations) {
        case config::Conversations::both:
            return dialect::ConversationApi::both;
        case config::Conversations::chat_completions:
            return dialect::ConversationApi::chat_completions;
        case config::Conversations::responses:
            return dialect::ConversationApi::responses;
    }
    return dialect::ConversationApi::both;
}

route::PathMatch path_of(const std::optional<config::PathMatch>& match) {
    if (!match) return {};
    auto type = match->type == config::PathMatch::Type::exact   ? route::PathType::exact
                : match->type == config::PathMatch::Type::regex ? route::PathType::regex
                                                                : route::PathType::prefix;
    return {type, match->value};
}

/// What stands before the operation in a path. dialect/ reads an empty prefix as the usual one;
/// config/ says an empty one for "none".
std::string path_prefix(const config::Backend& backend, const config::CredentialPolicy* policy) {
    const bool vertex = backend.schema.name == config::SchemaName::gcp_vertex ||
                        backend.schema.name == config::SchemaName::gcp_anthropic;
    if (!vertex) return backend.schema.prefix.empty() ? "/" : backend.schema.prefix;
    if (!policy || policy->gcp_project.empty() || policy->gcp_region.empty()) return "/";
    return fmt::format("/v1/projects/{}/locations/{}", percent_encode(policy->gcp_project),
                       percent_encode(policy->gcp_region));
}

/// Mutations of the reference beat the backend's per name; removals are united (reference §1.1).
void merge(Attempt& attempt, const config::Backend& backend, const config::BackendRef& ref) {
    std::map<std::string, config::HeaderField> headers;
    for (const auto& field : backend.headers.set)
        headers.insert_or_assign(field.name, field);
    for (const auto& field : ref.headers.set)
        headers.insert_or_assign(field.name, field);
    for (auto& [name, field] : headers)
        attempt.set_headers.push_back(std::move(field));
    for (const auto* mutation : {&backend.headers, &ref.headers})
        for (const auto& name : mutation->remove)
            attempt.remove_headers.push_back(name);

    for (const auto* mutation : {&backend.body, &ref.body})
        for (const auto& name : mutation->remove)
            attempt.body_edits.push_back(json::Edit::remove({name}));
    std::map<std::string, json::Value> body;
    for (const auto* mutation : {&backend.body, &ref.body})
        for (const auto& field : mutation->set)
            body.insert_or_assign(field.path, field.value);
    for (const auto& [name, value] : body)
        attempt.body_edits.push_back(json::Edit::set({name}, json::serialize(value)));
}

class Compiler {
public:
    Compiler(const config::Configuration& configuration, const CompileOptions& options)
        : configuration_(configuration),
          options_(options),
          out_(std::make_shared<Snapshot>()),
          limits_(configuration, options.limits) {}

    Result<std::shared_ptr<const Snapshot>> run() {
        if (options_.mock) out_->origins.push_back(*options_.mock);
        if (!configuration_.gateways.empty()) {
            out_->timeouts = configuration_.gateways.front().timeouts;
            out_->limits = configuration_.gateways.front().limits;
        }
        for (const auto& gateway : configuration_.gateways)
            WEIR_CHECK(open_ports(gateway));
        for (const auto& route : configuration_.routes)
            WEIR_CHECK(add_route(route));
        for (std::size_t i = 0; i < out_->ports.size(); ++i) {
            WEIR_TRY(out_->ports[i].matcher, route::Matcher::compile(std::move(alternatives_[i])));
        }
        out_->attempts = next_id_;
        return std::shared_ptr<const Snapshot>(out_);
    }

private:
    struct PortListener {
        const config::Gateway* gateway;
        const config::Listener* listener;
        std::size_t port;  // index into out_->ports
    };

    Result<void> open_ports(const config::Gateway& gateway) {
        for (const auto& listener : gateway.listeners) {
            bool tls = listener.protocol == config::Protocol::https;
            if (!tls && listener.protocol != config::Protocol::http) continue;  // said by config/
            WEIR_TRY(Entry entry, compile_entry(configuration_, gateway, listener));
            if (tls && entry.certificates.empty()) continue;  // with --mock, and said by config/
            auto known = std::find_if(out_->ports.begin(), out_->ports.end(),
                                      [&](const Port& port) { return port.port == listener.port; });
            if (known == out_->ports.end()) {
                out_->ports.emplace_back();
                alternatives_.emplace_back();
                known = out_->ports.end() - 1;
                known->port = listener.port;
                known->implicit = gateway.implicit;
                known->tls = tls;
            }
            known->hostnames.push_back(entry.hostname);
            known->entries.push_back(std::move(entry));
            // Gateways that share a port share its limit, the smallest that one of them names.
            uint64_t limit = gateway.limits.exchanges_per_listener;
            if (limit && (!known->max_exchanges || limit < known->max_exchanges))
                known->max_exchanges = limit;
            if (std::find(known->listeners.begin(), known->listeners.end(), listener.name) ==
                known->listeners.end())
                known->listeners.push_back(listener.name);
            listeners_.push_back(
                {&gateway, &listener, static_cast<std::size_t>(known - out_->ports.begin())});
        }
        return {};
    }

    static bool admits(const config::Listener& listener, const config::Gateway& gateway,
                       const config::Route& route) {
        return gateway.implicit || listener.routes != config::Listener::Routes::same_namespace ||
               gateway.meta.name.space == route.meta.name.space;
    }

    /// Where a route is served: (port, host names).
    std::vector<std::pair<std::size_t, std::vector<std::string>>> attachments(
        const config::Route& route) const {
        std::vector<std::pair<std::size_t, std::vector<std::string>>> found;
        for (const auto& entry : listeners_) {
            bool attached = entry.gateway->implicit;
            for (const auto& parent : route.parents) {
                attached |= configuration_.gateway(parent.gateway) == entry.gateway &&
                            (parent.section.empty() || parent.section == entry.listener->name) &&
                            (!parent.port || *parent.port == entry.listener->port);
            }
            if (!attached || !admits(*entry.listener, *entry.gateway, route)) continue;
            auto hosts = route::effective_hostnames(entry.listener->hostname, route.hostnames);
            if (hosts) found.emplace_back(entry.port, std::move(*hosts));
        }
        return found;
    }

    Result<void> add_route(const config::Route& route) {
        auto places = attachments(route);
        for (std::size_t i = 0; i < route.rules.size(); ++i) {
            const auto& written = route.rules[i];
            WEIR_TRY(Rule rule, compile_rule(route, written, i));
            WEIR_CHECK(add_limits(rule, route, i));
            auto index = rule.id = static_cast<uint32_t>(out_->rules.size());
            out_->rules.push_back(std::move(rule));
            std::vector<config::RuleMatch> matches = written.matches;
            if (matches.empty()) matches.emplace_back();
            for (const auto& [port, hosts] : places)
                for (const auto& match : matches) {
                    route::Alternative alternative{
                        hosts, path_of(match.path), match.method, {}, index};
                    for (const auto& header : match.headers)
                        alternative.headers.push_back(
                            {header.name, header.value,
                             header.type == config::HeaderMatch::Type::regex});
                    alternatives_[port].push_back(std::move(alternative));
                }
        }
        return {};
    }

    /// The limits of requests that come in at any of the rule's entrances.
    Result<void> add_limits(Rule& rule, const config::Route& route, std::size_t number) {
        std::set<std::size_t> ports;
        for (const auto& entry : listeners_) {
            if (!configuration_.serves(*entry.gateway, *entry.listener, route)) continue;
            ports.insert(entry.port);
            for (const auto& use :
                 configuration_.limits_for(route, number, entry.gateway, entry.listener))
                WEIR_CHECK(limits_.add(rule.limits, use, static_cast<uint32_t>(entry.port)));
        }
        LimitCompiler::finish(rule.limits, ports.size());
        return {};
    }

    Result<Rule> compile_rule(const config::Route& route, const config::Rule& written,
                              std::size_t number) {
        Rule rule;
        rule.route = route.meta.name.to_string();
        rule.name = written.name.empty() ? fmt::format("rule-{}", number) : written.name;
        config::Timeouts base = out_->timeouts;
        forward_proxy_.reset();
        provider_tls_.reset();
        for (const auto& parent : route.parents)
            if (const config::Gateway* gateway = configuration_.gateway(parent.gateway)) {
                base = gateway->timeouts;
                forward_proxy_ = gateway->forward_proxy;
                provider_tls_ = gateway->provider_tls;
                break;
            }
        rule.timeouts = written.timeouts.over(base);
        rule.strict = written.strict;
        if (written.client_keys) {
            WEIR_TRY(rule.client_keys, client_keys(*written.client_keys));
        }
        rule.models_owned_by = written.models_owned_by;
        rule.models_created_at = written.models_created_at.value_or(options_.now);
        rule.streams = stream_rules(written.resilience.streams);
        rule.hedging = written.resilience.hedging;
        if (written.resilience.load_balancer) rule.hash = written.resilience.load_balancer->hash;
        std::vector<balance::ClusterBackend> backends;
        for (std::size_t j = 0; j < written.backends.size(); ++j) {
            const auto& ref = written.backends[j];
            const config::Backend* backend = configuration_.backend(ref.name);
            if (ref.kind != config::BackendRef::Kind::backend || !backend)
                continue;  // said by config/
            std::string reference = fmt::format("{}/route/{}/rule/{}/ref/{}", ref.name.to_string(),
                                                route.meta.name.name, number, j);
            WEIR_TRY(Attempt attempt,
                     compile_attempt(*backend, ref, std::move(reference), written.resilience));
            balance::ClusterBackend& shape = backends.emplace_back();
            shape = {attempt.reference, ref.weight, ref.priority, {}};
            for (uint32_t index : attempt.origins)
                shape.endpoints.push_back(out_->origins[index].key);
            rule.attempts.push_back(std::move(attempt));
        }
        rule.cluster = balance::Cluster(fmt::format("{}/rule/{}", rule.route, number),
                                        cluster_policy(written.resilience), backends);
        return rule;
    }

    Result<std::vector<credential::AwsCredentials>> client_keys(const config::ObjectName& name) {
        std::string source = fmt::format("Secret {}", name.to_string());
        const config::SecretResource* secret = configuration_.secret(name);
        const Secret* keys = nullptr;
        if (secret)
            if (auto found = secret->values.find("credentials"); found != secret->values.end())
                keys = &found->second;
        if (!keys)
            return fail(codes::credential_missing,
                        fmt::format("{}: no key \"credentials\"", source));
        return credential::parse_all_aws_credentials(keys->reveal(), source);
    }

    Result<Attempt> compile_attempt(const config::Backend& backend, const config::BackendRef& ref,
                                    std::string reference, const config::Resilience& resilience) {
        Attempt attempt;
        attempt.backend = backend.meta.name.to_string();
        attempt.reference = std::move(reference);
        attempt.schema = schema_of(backend.schema.name);
        attempt.version = backend.schema.version;
        // Of Anthropic's own schema `version` was the path prefix once; the header has one value.
        if (attempt.version.empty() || attempt.schema == dialect::Schema::Anthropic)
            attempt.version = dialect::default_version(attempt.schema);
        attempt.prefix = path_prefix(backend, configuration_.policy_for(backend));
        attempt.model_override = ref.model_override;
        attempt.api = api_of(backend.conversations);
        attempt.ask_usage = backend.usage == config::UsageMode::ask;
        attempt.id = next_id_++;
        merge(attempt, backend, ref);
        auto endpoints = configuration_.endpoints_of(backend);
        WEIR_TRY(auto tls, tls_of(backend));
        if (!endpoints.empty()) attempt.host_header = host_header(endpoints.front(), tls);
        if (options_.mock)
            attempt.origins.push_back(0);
        else
            for (const auto& endpoint : endpoints)
                attempt.origins.push_back(origin(backend, endpoint, tls, resilience));
        WEIR_TRY(attempt.credential, compile_credential(configuration_.credential_for(backend),
                                                        forward_proxy_, options_));
        WEIR_TRY(attempt.quotas, limits_.quotas(backend));
        return attempt;
    }

    /// TLS to a backend: what it says itself, then what its Gateway's EnvoyProxy says.
    Result<std::optional<config::Tls>> tls_of(const config::Backend& backend) const {
        auto tls = configuration_.tls_of(backend);
        if (!tls || !provider_tls_) return tls;
        tls->settings.fill_from(provider_tls_->settings);
        if (!tls->client_certificate) tls->client_certificate = provider_tls_->client_certificate;
        if (tls->settings.least() > tls->settings.most())
            return fail(codes::config_invalid,
                        fmt::format("{}: its TLS ends at 1.2, and that of {} begins at 1.3",
                                    backend.meta.name.to_string(), provider_tls_->said_by));
        return tls;
    }

    /// The Backend's hostname, else its address with port (design: what SigV4 signs is what is
    /// sent).
    static std::string host_header(const config::Endpoint& endpoint,
                                   const std::optional<config::Tls>& tls) {
        bool default_port = endpoint.port == (tls ? 443 : 80);
        std::string host = endpoint.host.find(':') == std::string::npos ? endpoint.host
                                                                        : "[" + endpoint.host + "]";
        if (!endpoint.is_ip && default_port) return host;
        return fmt::format("{}:{}", host, endpoint.port);
    }

    /// What TLS is to be beside trust and name, and Weir's own certificate.
    void add_trust(const config::Tls& tls, Origin& into) const {
        into.trust = tls;
        if (tls.client_certificate)
            if (const auto* secret = configuration_.secret(tls.client_certificate->name)) {
                into.chain_pem = secret->values.at("tls.crt").reveal();
                into.key_pem = secret->values.at("tls.key");
            }
        std::string& id = into.tls_identity;
        const config::TlsSettings& s = tls.settings;
        id = fmt::format("{}{}{}{}", into.ca_pem, tls.verify, static_cast<int>(s.least()),
                         static_cast<int>(s.most()));
        for (const auto* list :
             {&tls.alt_names, &tls.alt_uris, &s.ciphers, &s.curves, &s.signature_algorithms})
            for (const auto& item : *list)
                id.append("\n").append(item);
        id.append("\nalpn");
        for (const auto& protocol : into.alpn)
            id.append("\n").append(protocol);
        id.append("\n").append(into.chain_pem);
    }

    /// Which HTTP the endpoint is spoken to in.
    void choose_protocol(const config::Backend& backend, const std::optional<config::Tls>& tls,
                         const config::Resilience& resilience, Origin& made) const {
        const config::EndpointBackend* target =
            backend.endpoint_ref ? configuration_.endpoint_backend(*backend.endpoint_ref) : nullptr;
        const bool asked = target && target->http2;
        made.h2c = asked && !tls;
        if (tls && tls->settings.alpn)
            made.alpn = *tls->settings.alpn;
        else if (tls && asked)
            made.alpn = {"h2", "http/1.1"};
        else if (tls)
            made.alpn = {"http/1.1"};
        if (made.may_speak_http2()) made.http2 = resilience.http2;
    }

    /// The part of a pool key that says how HTTP/2 is spoken; empty for HTTP/1.1.
    static std::string http2_key(const Origin& made) {
        if (!made.may_speak_http2()) return {};
        const config::Http2Settings& http2 = made.http2;
        auto time = [](const std::optional<config::Duration>& d) { return d ? d->count() : -1; };
        return fmt::format("#h2/{}/{}/{}/{}/{}/{}/{}/{}", http2.max_streams.value_or(0),
                           http2.stream_window.value_or(0), http2.connection_window.value_or(0),
                           time(http2.ping_interval), time(http2.ping_timeout),
                           time(http2.ping_after_idle), http2.ping_jitter.value_or(UINT32_MAX),
                           http2.end_connection.value_or(false));
    }

    uint32_t origin(const config::Backend& backend, const config::Endpoint& endpoint,
                    const std::optional<config::Tls>& tls, const config::Resilience& resilience) {
        Origin made;
        made.host = endpoint.host;
        made.port = endpoint.port;
        made.tls = tls.has_value();
        choose_protocol(backend, tls, resilience, made);
        if (tls) {
            made.server_name = tls->server_name.empty() ? endpoint.host : tls->server_name;
            for (const auto& pem : tls->ca_pem)
                made.ca_pem += pem;
            add_trust(*tls, made);
        }
        if (forward_proxy_ && !config::bypasses(*forward_proxy_, made.host))
            made.proxy = forward_proxy_;
        made.key =
            fmt::format("{}://{}:{}#{}#{}", made.tls ? "https" : "http", made.host, made.port,
                        made.server_name, std::hash<std::string>()(made.tls_identity));
        if (made.proxy)  // told apart by where they are written: credentials stand in no key
            made.key += fmt::format("#{}:{}/{}", made.proxy->host, made.proxy->port,
                                    made.proxy->place.to_string());
        // Connections kept by different rules are different connections.
        if (resilience.circuit) made.max_requests = resilience.circuit->max_requests_per_connection;
        made.idle = resilience.connection.idle.value_or(made.idle);
        made.max_age = resilience.connection.max_age.value_or(made.max_age);
        if (made.max_requests || made.idle.count() || made.max_age.count())
            made.key += fmt::format("#{}/{}/{}", made.max_requests, made.idle.count(),
                                    made.max_age.count());
        made.key += http2_key(made);
        for (std::size_t i = 0; i < out_->origins.size(); ++i)
            if (out_->origins[i].key == made.key) return static_cast<uint32_t>(i);
        out_->origins.push_back(std::move(made));
        return static_cast<uint32_t>(out_->origins.size() - 1);
    }

    const config::Configuration& configuration_;
    const CompileOptions& options_;
    std::shared_ptr<Snapshot> out_;
    LimitCompiler limits_;
    std::optional<config::ForwardProxy> forward_proxy_;  // of the route that is compiled
    std::optional<config::ProviderTls> provider_tls_;    // of that, too
    std::vector<PortListener> listeners_;
    std::vector<std::vector<route::Alternative>> alternatives_;  // per port
    uint32_t next_id_ = 0;
};

}  // namespace

Result<std::shared_ptr<const Snapshot>> compile(const config::Configuration& configuration,
                                                const CompileOptions& options) {
    return Compiler(configuration, options).run();
}

}  // namespace weir::snapshot
