#include <fmt/format.h>

#include "base/ascii.h"
#include "config/decode_limit.h"
#include "config/http2.h"
#include "config/text.h"

namespace weir::config {

Timeouts TimeoutOverrides::over(Timeouts base) const {
    base.head_read = head_read.value_or(base.head_read);
    base.handshake = handshake.value_or(base.handshake);
    base.idle = idle.value_or(base.idle);
    base.connect = connect.value_or(base.connect);
    base.first_byte = first_byte.value_or(base.first_byte);
    base.stream_idle = stream_idle.value_or(base.stream_idle);
    base.request = request.value_or(base.request);
    return base;
}

void TimeoutOverrides::fill_from(const TimeoutOverrides& other) {
    auto fill = [](std::optional<Duration>& mine, const std::optional<Duration>& theirs) {
        if (!mine) mine = theirs;
    };
    fill(head_read, other.head_read);
    fill(handshake, other.handshake);
    fill(idle, other.idle);
    fill(connect, other.connect);
    fill(first_byte, other.first_byte);
    fill(stream_idle, other.stream_idle);
    fill(request, other.request);
}

namespace {

Protocol protocol(std::string_view text) {
    if (text == "HTTPS") return Protocol::https;
    if (text == "TLS") return Protocol::tls;
    if (text == "TCP") return Protocol::tcp;
    if (text == "UDP") return Protocol::udp;
    return Protocol::http;
}

Listener::Routes routes_from(const Node& node) {
    const Node* from = node.at("allowedRoutes.namespaces.from");
    if (!from || from->text == "Same") return Listener::Routes::same_namespace;
    return from->text == "All" ? Listener::Routes::all_namespaces
                               : Listener::Routes::selected_namespaces;
}

Listener read_listener(const Node& node, const std::string& path, Report& report) {
    Listener listener;
    listener.place = node.place;
    listener.name = node.text_at("name");
    listener.protocol = protocol(node.text_at("protocol"));
    listener.hostname = to_lower(node.text_at("hostname"));
    listener.routes = routes_from(node);
    if (auto port = read_int(node, "port"); port && *port > 0 && *port <= 65535)
        listener.port = static_cast<uint16_t>(*port);
    if (listener.protocol != Protocol::http && listener.protocol != Protocol::https)
        report.warning(
            listener.place, join(path, "protocol"),
            fmt::format("{} listeners are accepted but not in force yet; not listened on",
                        node.text_at("protocol")));
    return listener;
}

void check_distinct(const std::vector<Listener>& listeners, Report& report) {
    for (size_t i = 0; i < listeners.size(); ++i)
        for (size_t j = 0; j < i; ++j) {
            const Listener& a = listeners[j];
            const Listener& b = listeners[i];
            if (a.port != b.port || a.hostname != b.hostname || a.protocol != b.protocol ||
                a.protocol == Protocol::udp)
                continue;
            report.error(b.place, join("spec.listeners", i),
                         fmt::format("same port and hostname as listener {} at {}; change one",
                                     quote(a.name), a.place.to_string()));
        }
}

}  // namespace

Gateway decode_gateway(const Object& object, Report& report) {
    const Node& spec = object.spec();
    Gateway gateway;
    gateway.meta = object.meta();
    gateway.class_name = spec.text_at("gatewayClassName");
    const auto& listeners = list_of(spec, "listeners");
    for (size_t i = 0; i < listeners.size(); ++i)
        gateway.listeners.push_back(read_listener(listeners[i], join("spec.listeners", i), report));
    check_distinct(gateway.listeners, report);
    return gateway;
}

GatewayClass decode_gateway_class(const Object& object) {
    return {object.meta(), std::string(object.spec().text_at("controllerName"))};
}

ReferenceGrant decode_reference_grant(const Object& object) {
    ReferenceGrant grant;
    grant.meta = object.meta();
    for (const Node& node : list_of(object.spec(), "from"))
        grant.from.push_back({std::string(node.text_at("group")), std::string(node.text_at("kind")),
                              std::string(node.text_at("namespace"))});
    for (const Node& node : list_of(object.spec(), "to"))
        grant.to.push_back({std::string(node.text_at("group")), std::string(node.text_at("kind")),
                            std::string(node.text_at("name"))});
    return grant;
}

namespace {

void read_limit(const Node* limits, std::string_view key, std::string_view path,
                std::optional<uint64_t>& into, Report& report,
                std::string_view right = "a whole number of bytes above 0, such as 50Mi") {
    if (!limits || !limits->has(key)) return;
    into = read_quantity(*limits, key);
    if (!into || *into == 0) {
        into.reset();
        report.error(limits->find(key)->place, join(path, key),
                     fmt::format("not a limit; write {}", right));
    }
}

void read_timeouts(const Object& object, TimeoutOverrides& into) {
    const Node* timeout =
        object.spec().find(object.info->noun == Noun::gateway_options ? "timeouts" : "timeout");
    if (!timeout) return;
    if (object.info->noun == Noun::gateway_options) {
        into = {read_duration(*timeout, "headRead"),  read_duration(*timeout, "handshake"),
                read_duration(*timeout, "idle"),      read_duration(*timeout, "connect"),
                read_duration(*timeout, "firstByte"), read_duration(*timeout, "streamIdle"),
                read_duration(*timeout, "request")};
        return;
    }
    if (const Node* http = timeout->find("http")) {
        into.head_read = read_duration(*http, "requestReceivedTimeout");
        into.idle = read_duration(*http, "idleTimeout");
        into.stream_idle = read_duration(*http, "streamIdleTimeout");
        into.request = read_duration(*http, "requestTimeout");
    }
    if (const Node* tcp = timeout->find("tcp"))
        into.connect = read_duration(*tcp, "connectTimeout");
}

}  // namespace

TrafficPolicy decode_traffic_policy(const Object& object, Report& report) {
    const Node& spec = object.spec();
    TrafficPolicy policy;
    policy.meta = object.meta();
    const auto& targets = list_of(spec, "targetRefs");
    for (size_t i = 0; i < targets.size(); ++i)
        policy.targets.push_back(read_reference(targets[i], object.name,
                                                "gateway.networking.k8s.io", "Gateway",
                                                join("spec.targetRefs", i)));
    if (const Node* target = spec.find("targetRef"))
        policy.targets.push_back(read_reference(*target, object.name, "gateway.networking.k8s.io",
                                                "Gateway", "spec.targetRef"));
    read_timeouts(object, policy.timeouts);
    if (object.info->noun == Noun::traffic_policy) {
        const auto& selectors = list_of(spec, "targetSelectors");
        for (size_t i = 0; i < selectors.size(); ++i)
            policy.selectors.push_back(
                read_target_selector(selectors[i], join("spec.targetSelectors", i), report));
        std::string_view merge = spec.text_at("mergeType");
        policy.merge = merge == "StrategicMerge" ? MergeType::strategic
                       : merge == "JSONMerge"    ? MergeType::json
                                                 : MergeType::none;
        policy.limits = decode_rate_limit(object, report);
    }
    if (object.info->noun == Noun::traffic_policy || object.info->noun == Noun::resilience_policy)
        policy.resilience = decode_resilience(object, report);
    if (object.info->noun == Noun::client_policy) {
        read_limit(spec.find("connection"), "bufferLimit", "spec.connection", policy.request_body,
                   report);
    }
    const Node* limits = spec.find("limits");
    read_limit(limits, "requestBody", "spec.limits", policy.request_body, report);
    read_limit(limits, "requestHead", "spec.limits", policy.request_head, report);
    read_limit(limits, "bodyMemory", "spec.limits", policy.body_memory, report);
    read_limit(limits, "responseBody", "spec.limits", policy.response_body, report);
    constexpr std::string_view kCount = "a whole number above 0, such as 10000";
    read_limit(limits, "connections", "spec.limits", policy.connections, report, kCount);
    read_limit(limits, "exchanges", "spec.limits", policy.exchanges, report, kCount);
    read_limit(limits, "exchangesPerListener", "spec.limits", policy.exchanges_per_listener, report,
               kCount);
    read_limit(limits, "exchangesPerPrincipal", "spec.limits", policy.exchanges_per_principal,
               report, kCount);
    read_limit(limits, "handshakes", "spec.limits", policy.handshakes, report, kCount);
    if (const Node* http2 = limits ? limits->find("http2") : nullptr)
        policy.http2_allowances = read_http2_allowances(*http2, "spec.limits.http2", report);
    return policy;
}

}  // namespace weir::config
