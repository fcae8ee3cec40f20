#include <fmt/format.h>

#include "base/secret.h"
#include "config/configuration.h"
#include "config/dump_limits.h"

namespace weir::config {

namespace {

using json::Value;

Value text(std::string_view s) {
    return Value::string(std::string(s));
}
Value milliseconds(Duration d) {
    return Value::integer(d.count());
}

template <class T, class F>
Value array_of(const std::vector<T>& items, F to_value) {
    Value out = Value::array();
    for (const T& item : items)
        out.push_back(to_value(item));
    return out;
}

Value meta_of(const Meta& meta) {
    Value out = Value::object();
    out.set("kind", text(meta.kind));
    out.set("namespace", text(meta.name.space));
    out.set("name", text(meta.name.name));
    if (meta.place.known()) out.set("place", text(meta.place.to_string()));
    return out;
}

/// A header's value may be a key that somebody put into a mutation, so only names are shown.
Value headers_of(const HeaderMutation& mutation) {
    Value out = Value::object();
    out.set("set", array_of(mutation.set, [](const HeaderField& f) { return text(f.name); }));
    out.set("remove", array_of(mutation.remove, [](const std::string& n) { return text(n); }));
    return out;
}

Value body_of(const BodyMutation& mutation) {
    Value out = Value::object();
    out.set("set", array_of(mutation.set, [](const BodyField& f) { return text(f.path); }));
    out.set("remove", array_of(mutation.remove, [](const std::string& n) { return text(n); }));
    return out;
}

void add_mutations(Value& out, const HeaderMutation& headers, const BodyMutation& body) {
    if (!headers.empty()) out.set("headerMutation", headers_of(headers));
    if (!body.empty()) out.set("bodyMutation", body_of(body));
}

Value timeouts_of(const Timeouts& t) {
    Value out = Value::object();
    out.set("headReadMs", milliseconds(t.head_read));
    out.set("handshakeMs", milliseconds(t.handshake));
    out.set("idleMs", milliseconds(t.idle));
    out.set("connectMs", milliseconds(t.connect));
    out.set("firstByteMs", milliseconds(t.first_byte));
    out.set("streamIdleMs", milliseconds(t.stream_idle));
    out.set("requestMs", milliseconds(t.request));
    return out;
}

std::string_view protocol_name(Protocol protocol) {
    switch (protocol) {
        case Protocol::http:
            return "HTTP";
        case Protocol::https:
            return "HTTPS";
        case Protocol::tls:
            return "TLS";
        case Protocol::tcp:
            return "TCP";
        case Protocol::udp:
            return "UDP";
    }
    return "";
}

/// What was said of HTTP/2 with clients; the rest is at its default.
Value http2_of(const Http2Settings& http2, const Http2Allowances& may) {
    Value out = Value::object();
    auto set = [&](std::string_view name, const std::optional<uint32_t>& value) {
        if (value) out.set(name, Value::integer(static_cast<int64_t>(*value)));
    };
    set("maxConcurrentStreams", http2.max_streams);
    set("initialStreamWindowSize", http2.stream_window);
    set("initialConnectionWindowSize", http2.connection_window);
    if (http2.end_connection)
        out.set("onInvalidMessage",
                text(*http2.end_connection ? "TerminateConnection" : "TerminateStream"));
    auto set_time = [&](std::string_view name, const std::optional<Duration>& value) {
        if (value) out.set(name, milliseconds(*value));
    };
    set_time("pingIntervalMs", http2.ping_interval);
    set_time("pingTimeoutMs", http2.ping_timeout);
    set("pingJitterPercent", http2.ping_jitter);
    set("resets", may.resets);
    set("continuations", may.continuations);
    set("controlFrames", may.control_frames);
    set("emptyFrames", may.empty_frames);
    set("idleFrames", may.idle_frames);
    set("windowUpdates", may.window_updates);
    return out;
}

Value gateway_of(const Configuration& configuration, const Gateway& gateway) {
    Value out = meta_of(gateway.meta);
    if (gateway.implicit) out.set("implicit", Value::boolean(true));
    out.set("listeners", array_of(gateway.listeners, [&](const Listener& listener) {
                Value l = Value::object();
                l.set("name", text(listener.name));
                l.set("protocol", text(protocol_name(listener.protocol)));
                l.set("port", Value::integer(listener.port));
                if (!listener.hostname.empty()) l.set("hostname", text(listener.hostname));
                Value http2 = http2_of(configuration.clients_of(gateway, listener).settings.http2,
                                       gateway.limits.http2_allowances);
                if (!http2.members().empty()) l.set("http2", std::move(http2));
                return l;
            }));
    out.set("timeouts", timeouts_of(gateway.timeouts));
    Value limits = Value::object();
    limits.set("requestBody", Value::integer(static_cast<int64_t>(gateway.limits.request_body)));
    limits.set("requestHead", Value::integer(static_cast<int64_t>(gateway.limits.request_head)));
    limits.set("bodyMemory", Value::integer(static_cast<int64_t>(gateway.limits.body_memory)));
    limits.set("responseBody", Value::integer(static_cast<int64_t>(gateway.limits.response_body)));
    limits.set("connections", Value::integer(static_cast<int64_t>(gateway.limits.connections)));
    limits.set("exchanges", Value::integer(static_cast<int64_t>(gateway.limits.exchanges)));
    limits.set("exchangesPerListener",
               Value::integer(static_cast<int64_t>(gateway.limits.exchanges_per_listener)));
    limits.set("exchangesPerPrincipal",
               Value::integer(static_cast<int64_t>(gateway.limits.exchanges_per_principal)));
    out.set("limits", std::move(limits));
    return out;
}

Value match_of(const RuleMatch& match) {
    static constexpr std::string_view kPathTypes[] = {"Exact", "PathPrefix", "RegularExpression"};
    Value out = Value::object();
    if (match.path) {
        Value path = Value::object();
        path.set("type", text(kPathTypes[static_cast<size_t>(match.path->type)]));
        path.set("value", text(match.path->value));
        out.set("path", std::move(path));
    }
    if (!match.method.empty()) out.set("method", text(match.method));
    out.set("headers", array_of(match.headers, [](const HeaderMatch& header) {
                Value h = Value::object();
                h.set("type", text(header.type == HeaderMatch::Type::exact ? "Exact"
                                                                           : "RegularExpression"));
                h.set("name", text(header.name));
                // What a route matches on is no secret unless it is a credential's header.
                bool model = header.name == "x-ai-eg-model";
                h.set("value", text(model ? std::string_view(header.value) : kRedacted));
                return h;
            }));
    return out;
}

Value backend_ref_of(const BackendRef& ref) {
    Value out = Value::object();
    out.set("name", text(ref.name.to_string()));
    out.set("weight", Value::integer(ref.weight));
    out.set("priority", Value::integer(ref.priority));
    if (!ref.model_override.empty()) out.set("modelNameOverride", text(ref.model_override));
    add_mutations(out, ref.headers, ref.body);
    return out;
}

Value route_of(const Configuration& configuration, const Route& route) {
    Value out = meta_of(route.meta);
    out.set("parents", array_of(route.parents,
                                [](const ParentRef& p) { return text(p.gateway.to_string()); }));
    out.set("hostnames", array_of(route.hostnames, [](const std::string& h) { return text(h); }));
    Value rules = Value::array();
    for (size_t i = 0; i < route.rules.size(); ++i) {
        const Rule& rule = route.rules[i];
        Value r = Value::object();
        if (!rule.name.empty()) r.set("name", text(rule.name));
        r.set("matches", array_of(rule.matches, match_of));
        r.set("backends", array_of(rule.backends, backend_ref_of));
        if (auto limits = configuration.limits_for(route, i); !limits.empty())
            r.set("limits", array_of(limits, limit_use_of));
        rules.push_back(std::move(r));
    }
    out.set("rules", std::move(rules));
    if (!route.costs.empty()) out.set("costs", array_of(route.costs, cost_of));
    return out;
}

Value endpoint_of(const Endpoint& endpoint) {
    bool v6 = endpoint.host.find(':') != std::string::npos;
    return text(v6 ? fmt::format("[{}]:{}", endpoint.host, endpoint.port)
                   : fmt::format("{}:{}", endpoint.host, endpoint.port));
}

Value backend_of(const Configuration& configuration, const Backend& backend) {
    Value out = meta_of(backend.meta);
    Value schema = Value::object();
    schema.set("name", text(to_string(backend.schema.name)));
    if (!backend.schema.version.empty()) schema.set("version", text(backend.schema.version));
    schema.set("prefix", text(backend.schema.prefix));
    out.set("schema", std::move(schema));
    out.set("endpoints", array_of(configuration.endpoints_of(backend), endpoint_of));
    out.set("tls", Value::boolean(configuration.tls_of(backend).has_value()));
    if (!backend.region.empty()) out.set("region", text(backend.region));
    out.set("usage", text(backend.usage == UsageMode::ask ? "ask" : "never"));
    if (backend.conversations != Conversations::both)
        out.set("conversations", text(to_string(backend.conversations)));
    add_mutations(out, backend.headers, backend.body);
    if (Value quotas = quotas_of(configuration, backend); !quotas.items().empty())
        out.set("quotas", std::move(quotas));
    if (auto credential = configuration.credential_for(backend)) {
        Value c = Value::object();
        c.set("policy", text(credential->policy.to_string()));
        c.set("type", text(to_string(credential->type)));
        if (credential->secret) {
            c.set("secret", text(credential->secret->to_string()));
            c.set("key", text(credential->entry));
            c.set("value", credential->value ? text(kRedacted) : Value());
        }
        out.set("credential", std::move(c));
    }
    return out;
}

Value secret_of(const SecretResource& secret) {
    Value out = meta_of(secret.meta);
    Value values = Value::object();
    for (const auto& [key, value] : secret.values)
        values.set(key, text(kRedacted));
    out.set("values", std::move(values));
    return out;
}

}  // namespace

json::Value to_json(const Configuration& configuration) {
    Value out = Value::object();
    out.set("gateways", array_of(configuration.gateways, [&](const Gateway& gateway) {
                return gateway_of(configuration, gateway);
            }));
    out.set("routes", array_of(configuration.routes,
                               [&](const Route& r) { return route_of(configuration, r); }));
    out.set("limitRules", array_of(configuration.limit_rules, limit_rule_of));
    out.set("backends", array_of(configuration.backends,
                                 [&](const Backend& b) { return backend_of(configuration, b); }));
    out.set("secrets", array_of(configuration.secrets, secret_of));
    out.set("configMaps", array_of(configuration.config_maps,
                                   [](const ConfigMapResource& m) { return meta_of(m.meta); }));
    return out;
}

}  // namespace weir::config
