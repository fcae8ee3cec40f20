#include <fmt/format.h>

#include "base/ascii.h"
#include "base/encoding.h"
#include "config/decode.h"
#include "config/http2.h"
#include "config/text.h"

namespace weir::config {
namespace {

uint32_t number(const Node& node, std::string_view key, uint32_t fallback) {
    auto value = read_int(node, key);
    return value && *value >= 0 && *value <= UINT32_MAX ? static_cast<uint32_t>(*value) : fallback;
}

Duration duration(const Node& node, std::string_view key, Duration fallback) {
    return read_duration(node, key).value_or(fallback);
}

std::vector<uint16_t> statuses(const Node& node, std::string_view key) {
    std::vector<uint16_t> out;
    for (const Node& item : list_of(node, key))
        if (const auto code = read_int(item); code && *code >= 100 && *code <= 599)
            out.push_back(static_cast<uint16_t>(*code));
    return out;
}

RetrySettings read_retry(const Node& node, Report& report) {
    RetrySettings retry;
    retry.retries = number(node, "numRetries", retry.retries);
    retry.attempts_per_priority = number(node, "numAttemptsPerPriority", 0);
    if (const Node* per = node.find("perRetry")) {
        retry.per_try = duration(*per, "timeout", retry.per_try);
        if (const Node* back = per->find("backOff")) {
            retry.base_interval = duration(*back, "baseInterval", retry.base_interval);
            retry.max_interval = duration(*back, "maxInterval", 10 * retry.base_interval);
            if (retry.max_interval < retry.base_interval)
                report.error(back->place, "spec.retry.perRetry.backOff.maxInterval",
                             "smaller than baseInterval; make it at least as long");
        }
    }
    const Node* on = node.find("retryOn");
    if (!on) return retry;
    retry.chosen = true;
    for (const Node& trigger : list_of(*on, "triggers"))
        retry.triggers.push_back(trigger.text);
    retry.statuses = statuses(*on, "httpStatusCodes");
    return retry;
}

PassiveHealthSettings read_passive(const Node& node) {
    PassiveHealthSettings passive;
    passive.split = node.text_at("splitExternalLocalOriginErrors") == "true";
    passive.consecutive_local =
        number(node, "consecutiveLocalOriginFailures", passive.consecutive_local);
    passive.consecutive_gateway =
        number(node, "consecutiveGatewayErrors", passive.consecutive_gateway);
    passive.consecutive_5xx = number(node, "consecutive5XxErrors", passive.consecutive_5xx);
    passive.interval = std::max(duration(node, "interval", passive.interval), Duration(1));
    passive.base_ejection = duration(node, "baseEjectionTime", passive.base_ejection);
    passive.max_ejection_percent = number(node, "maxEjectionPercent", passive.max_ejection_percent);
    passive.always_eject_one = node.text_at("alwaysEjectOneEndpoint") == "true";
    passive.failure_percent = number(node, "failurePercentageThreshold", 0);
    return passive;
}

std::string payload(const Node* node, const std::string& path, Report& report) {
    if (!node) return {};
    if (node->text_at("type") != "Binary") return std::string(node->text_at("text"));
    auto bytes = base64_decode(node->text_at("binary"));
    if (!bytes) report.error(node->place, join(path, "binary"), "not base64");
    return bytes ? std::move(*bytes) : std::string();
}

ActiveHealthSettings read_active(const Node& node, Report& report) {
    const std::string path = "spec.healthCheck.active";
    ActiveHealthSettings active;
    std::string_view type = node.text_at("type");
    using Type = ActiveHealthSettings::Type;
    active.type = type == "TCP" ? Type::tcp : type == "GRPC" ? Type::grpc : Type::http;
    if (const Node* grpc = node.find("grpc")) active.service = grpc->text_at("service");
    active.timeout = std::max(duration(node, "timeout", active.timeout), Duration(1));
    active.interval = std::max(duration(node, "interval", active.interval), Duration(1));
    active.initial_jitter = duration(node, "initialJitter", active.initial_jitter);
    active.unhealthy_threshold = number(node, "unhealthyThreshold", active.unhealthy_threshold);
    active.healthy_threshold = number(node, "healthyThreshold", active.healthy_threshold);
    if (const Node* http = node.find("http")) {
        active.method = http->text_at("method", "GET");
        active.path = http->text_at("path", "/");
        active.host = http->text_at("hostname");
        if (auto expected = statuses(*http, "expectedStatuses"); !expected.empty())
            active.expected = std::move(expected);
        active.retriable = statuses(*http, "retriableStatuses");
        active.expected_body =
            payload(http->find("expectedResponse"), join(path, "http.expectedResponse"), report);
    }
    if (const Node* tcp = node.find("tcp")) {
        active.send = payload(tcp->find("send"), join(path, "tcp.send"), report);
        active.receive = payload(tcp->find("receive"), join(path, "tcp.receive"), report);
    }
    if (const Node* overrides = node.find("overrides"))
        if (auto port = read_int(*overrides, "port"); port && *port > 0 && *port <= 65535)
            active.port = static_cast<uint16_t>(*port);
    return active;
}

CircuitSettings read_circuit(const Node& node) {
    CircuitSettings circuit;
    circuit.max_connections = number(node, "maxConnections", circuit.max_connections);
    circuit.max_pending = number(node, "maxPendingRequests", circuit.max_pending);
    circuit.max_requests = number(node, "maxParallelRequests", circuit.max_requests);
    circuit.max_retries = number(node, "maxParallelRetries", circuit.max_retries);
    circuit.max_requests_per_connection = number(node, "maxRequestsPerConnection", 0);
    if (const Node* each = node.find("perEndpoint"); each && each->has("maxConnections"))
        circuit.max_connections_per_endpoint = number(*each, "maxConnections", 1024);
    if (const Node* budget = node.find("retryBudget")) {
        circuit.budget_at_least = number(*budget, "minRetryConcurrency", circuit.budget_at_least);
        if (const Node* percent = budget->find("percent"))
            circuit.budget_percent = 100.0 * number(*percent, "numerator", 0) /
                                     std::max(1u, number(*percent, "denominator", 100));
    }
    return circuit;
}

LoadBalancerSettings::Hash read_hash(const Node& node) {
    using Source = LoadBalancerSettings::Hash::Source;
    LoadBalancerSettings::Hash hash;
    std::string_view type = node.text_at("type");
    auto names_from = [&](std::string_view key) {
        for (const Node& item : list_of(node, key))
            hash.names.emplace_back(item.text_at("name"));
    };
    if (type == "Header" || type == "Headers") {
        hash.source = Source::headers;
        if (const Node* header = node.find("header"))
            hash.names.emplace_back(header->text_at("name"));
        names_from("headers");
        for (std::string& name : hash.names)
            name = to_lower(name);
    } else if (type == "QueryParams") {
        hash.source = Source::query;
        names_from("queryParams");
    } else if (const Node* cookie = node.find("cookie"); cookie && type == "Cookie") {
        hash.source = Source::cookie;
        hash.names.emplace_back(cookie->text_at("name"));
        hash.cookie_ttl = read_duration(*cookie, "ttl");
    }
    return hash;
}

LoadBalancerSettings read_load_balancer(const Node& node, Report& report) {
    using Type = LoadBalancerSettings::Type;
    LoadBalancerSettings balancer;
    std::string_view type = node.text_at("type");
    if (type == "RoundRobin") balancer.type = Type::round_robin;
    if (type == "Random") balancer.type = Type::random;
    if (const Node* hash = node.find("consistentHash"); hash && type == "ConsistentHash") {
        balancer.type = Type::consistent_hash;
        balancer.hash = read_hash(*hash);
    }
    if (const Node* slow = node.find("slowStart"))
        balancer.slow_start = read_duration(*slow, "window");
    if (type == "BackendUtilization" || type == "DynamicModule")
        report.warning(
            node.place, "spec.loadBalancer.type",
            fmt::format("{} is accepted but not in force yet; LeastRequest is used", type));
    return balancer;
}

StreamSettings read_streams(const Node& node) {
    StreamSettings streams;
    streams.first_token = read_duration(node, "firstToken");
    streams.event_idle = read_duration(node, "eventIdle");
    streams.keep_alive = read_duration(node, "keepAlive");
    if (node.has("onBreak"))
        streams.on_break = node.text_at("onBreak") == "continue" ? StreamSettings::OnBreak::proceed
                                                                 : StreamSettings::OnBreak::error;
    if (node.has("maxContinuations"))
        streams.max_continuations = number(node, "maxContinuations", 1);
    streams.max_held_text = read_quantity(node, "maxHeldText");
    return streams;
}

HedgeSettings read_hedging(const Node& node) {
    HedgeSettings hedging;
    hedging.delay = read_duration(node, "delay");
    if (node.has("percentile")) hedging.percentile = number(node, "percentile", 95);
    hedging.budget_percent = number(node, "budgetPercent", 10);
    return hedging;
}

}  // namespace

void ConnectionSettings::fill_from(const ConnectionSettings& other) {
    fill(idle, other.idle);
    fill(max_age, other.max_age);
}

void StreamSettings::fill_from(const StreamSettings& other) {
    fill(first_token, other.first_token);
    fill(event_idle, other.event_idle);
    fill(keep_alive, other.keep_alive);
    fill(on_break, other.on_break);
    fill(max_continuations, other.max_continuations);
    fill(max_held_text, other.max_held_text);
}

void Resilience::fill_from(const Resilience& other) {
    fill(retry, other.retry);
    fill(passive, other.passive);
    fill(active, other.active);
    fill(panic_threshold, other.panic_threshold);
    fill(circuit, other.circuit);
    fill(load_balancer, other.load_balancer);
    connection.fill_from(other.connection);
    http2.fill_from(other.http2);
    streams.fill_from(other.streams);
    fill(hedging, other.hedging);
}

Resilience decode_resilience(const Object& object, Report& report) {
    const Node& spec = object.spec();
    Resilience out;
    if (const Node* retry = spec.find("retry")) out.retry = read_retry(*retry, report);
    if (const Node* health = spec.find("healthCheck")) {
        if (const Node* passive = health->find("passive")) out.passive = read_passive(*passive);
        if (const Node* active = health->find("active")) out.active = read_active(*active, report);
        if (health->has("panicThreshold"))
            out.panic_threshold = std::min(100u, number(*health, "panicThreshold", 50));
    }
    if (const Node* circuit = spec.find("circuitBreaker")) out.circuit = read_circuit(*circuit);
    if (const Node* balancer = spec.find("loadBalancer"))
        out.load_balancer = read_load_balancer(*balancer, report);
    if (const Node* http = spec.at("timeout.http")) {
        out.connection.idle = read_duration(*http, "connectionIdleTimeout");
        out.connection.max_age = read_duration(*http, "maxConnectionDuration");
    }
    if (const Node* http2 = spec.find("http2"))
        out.http2 = read_http2(*http2, "spec.http2", report);
    if (const Node* streams = spec.find("streams")) out.streams = read_streams(*streams);
    if (const Node* hedging = spec.find("hedging")) out.hedging = read_hedging(*hedging);
    return out;
}

}  // namespace weir::config
