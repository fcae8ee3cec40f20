#include "snapshot/resilience.h"

namespace weir::snapshot {
namespace {

balance::RetryPolicy retry_policy(const config::RetrySettings& from) {
    balance::RetryPolicy policy = balance::plain_retry();
    policy.retries = from.retries;
    policy.attempts_per_priority = from.attempts_per_priority;
    policy.per_try = from.per_try;
    policy.base = from.base_interval;
    policy.max = from.max_interval;
    if (!from.chosen) return policy;
    policy.triggers = 0;
    for (const auto& name : from.triggers)
        policy.triggers |= balance::trigger_bits(name).value_or(0);
    // Codes that are listed are meant, whether or not their trigger is named.
    policy.statuses = from.statuses;
    if (!policy.statuses.empty())
        policy.triggers |= static_cast<uint32_t>(balance::Trigger::status_codes);
    return policy;
}

balance::OutlierPolicy outlier_policy(const config::PassiveHealthSettings& from) {
    balance::OutlierPolicy policy;
    policy.consecutive_5xx = from.consecutive_5xx;
    policy.consecutive_gateway = from.consecutive_gateway;
    policy.consecutive_local = from.consecutive_local;
    policy.split = from.split;
    policy.interval = from.interval;
    policy.base = from.base_ejection;
    policy.max_ejection_percent = from.max_ejection_percent;
    policy.always_eject_one = from.always_eject_one;
    policy.failure_percent = from.failure_percent;
    return policy;
}

balance::HealthCheckPolicy health_check_policy(const config::ActiveHealthSettings& from) {
    balance::HealthCheckPolicy policy;
    using Type = balance::HealthCheckPolicy::Type;
    policy.type = from.type == config::ActiveHealthSettings::Type::tcp    ? Type::tcp
                  : from.type == config::ActiveHealthSettings::Type::grpc ? Type::grpc
                                                                          : Type::http;
    policy.timeout = from.timeout;
    policy.interval = from.interval;
    policy.initial_jitter = from.initial_jitter;
    policy.unhealthy_threshold = from.unhealthy_threshold;
    policy.healthy_threshold = from.healthy_threshold;
    policy.method = from.method;
    policy.path = from.path;
    policy.host = from.host;
    policy.expected = from.expected;
    policy.retriable = from.retriable;
    policy.expected_body = from.expected_body;
    policy.send = from.send;
    policy.receive = from.receive;
    policy.service = from.service;
    policy.port = from.port;
    return policy;
}

balance::CircuitPolicy circuit_policy(const config::CircuitSettings& from) {
    balance::CircuitPolicy policy;
    policy.max_connections = from.max_connections;
    policy.max_pending = from.max_pending;
    policy.max_requests = from.max_requests;
    policy.max_retries = from.max_retries;
    policy.max_connections_per_endpoint = from.max_connections_per_endpoint;
    policy.max_requests_per_connection = from.max_requests_per_connection;
    if (from.budget_percent)
        policy.retry_budget = balance::BudgetPolicy{*from.budget_percent, from.budget_at_least};
    return policy;
}

balance::Algorithm algorithm(config::LoadBalancerSettings::Type type) {
    switch (type) {
        case config::LoadBalancerSettings::Type::round_robin:
            return balance::Algorithm::round_robin;
        case config::LoadBalancerSettings::Type::random:
            return balance::Algorithm::random;
        case config::LoadBalancerSettings::Type::consistent_hash:
            return balance::Algorithm::consistent_hash;
        case config::LoadBalancerSettings::Type::least_request:
            break;
    }
    return balance::Algorithm::least_request;
}

}  // namespace

balance::ClusterPolicy cluster_policy(const config::Resilience& resilience) {
    balance::ClusterPolicy policy;
    if (resilience.retry) policy.retry = retry_policy(*resilience.retry);
    if (resilience.passive) policy.outlier = outlier_policy(*resilience.passive);
    if (resilience.active) policy.health_check = health_check_policy(*resilience.active);
    policy.panic_threshold = resilience.panic_threshold.value_or(policy.panic_threshold);
    if (resilience.circuit) policy.circuit = circuit_policy(*resilience.circuit);
    // A limit on parallel retries is a budget whose share is nothing.
    if (policy.circuit.retry_budget)
        policy.retry_budget = *policy.circuit.retry_budget;
    else if (policy.circuit.max_retries)
        policy.retry_budget = {0, *policy.circuit.max_retries};
    if (const auto& balancer = resilience.load_balancer) {
        policy.algorithm = algorithm(balancer->type);
        if (balancer->slow_start) policy.slow_start = *balancer->slow_start;
    }
    return policy;
}

StreamRules stream_rules(const config::StreamSettings& settings) {
    StreamRules rules;
    rules.first_token = settings.first_token.value_or(rules.first_token);
    rules.event_idle = settings.event_idle.value_or(rules.event_idle);
    rules.keep_alive = settings.keep_alive.value_or(rules.keep_alive);
    rules.proceed = settings.on_break == config::StreamSettings::OnBreak::proceed;
    rules.continuations = settings.max_continuations.value_or(rules.continuations);
    rules.held_text = settings.max_held_text.value_or(rules.held_text);
    return rules;
}

}  // namespace weir::snapshot
