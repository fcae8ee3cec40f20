// What balance/ counts, for /metrics. One worker tells it, as all count together.
#include "proxy/gateway.h"

namespace weir::proxy {
namespace {

double of(const std::atomic<uint64_t>& count) {
    return static_cast<double>(count.load(std::memory_order_relaxed));
}

void report_endpoints(const snapshot::Rule& rule, const balance::ClusterState& state,
                      const telemetry::Labels& labels, telemetry::Sink& sink) {
    for (std::size_t b = 0; b < rule.attempts.size(); ++b) {
        const auto& backend = rule.cluster.backends()[b];
        for (uint32_t i = 0; i < backend.count; ++i) {
            const auto& endpoint = *state.endpoints[backend.first + i];
            telemetry::Labels named = labels;
            named.emplace_back("backend", rule.attempts[b].backend);
            named.emplace_back("endpoint", rule.cluster.endpoints()[backend.first + i].address);
            sink.gauge("weir_endpoint_healthy",
                       "1 while an endpoint takes traffic, 0 while it is left out.",
                       endpoint.healthy() ? 1 : 0, named);
            sink.counter("weir_endpoint_ejections_total",
                         "Times that passive health checks left an endpoint out.",
                         of(endpoint.ejections), std::move(named));
        }
    }
}

}  // namespace

void Gateway::report_health(telemetry::Sink& sink) const {
    if (!pinned_) return;
    for (const auto& rule : pinned_->snapshot->rules) {
        const balance::ClusterState& state = pinned_->clusters[rule.id];
        const balance::ClusterCounts& counts = *state.counts;
        telemetry::Labels labels{{"route", rule.route}, {"rule", rule.name}};
        auto counter = [&](std::string_view name, std::string_view help, double value) {
            if (value > 0) sink.counter(name, help, value, labels);
        };
        counter("weir_retries_total", "Attempts that followed a failed one.",
                of(counts.retries_done));
        counter("weir_retries_refused_total", "Retries that the retry budget did not allow.",
                of(counts.retries_refused));
        counter("weir_hedges_total", "Second attempts beside one that was late.",
                of(counts.hedges_done));
        counter("weir_hedges_won_total", "Hedges that answered first.", of(counts.hedges_won));
        counter("weir_hedges_refused_total", "Hedges that their budget did not allow.",
                of(counts.hedges_refused));
        counter("weir_reasoning_kept_total",
                "Exchanges that went to the backend that can read their encrypted reasoning.",
                of(counts.kept));
        counter("weir_stream_continuations_total",
                "Streams that broke in the middle and went on at another endpoint.",
                of(counts.continuations));
        counter("weir_circuit_overflows_total", "Attempts that a circuit breaker refused.",
                of(counts.overflows));
        counter("weir_circuit_queued_total", "Attempts that had to wait for a connection in use.",
                of(counts.queued));
        if (rule.cluster.policy().circuit.limits_attempts())
            sink.gauge("weir_circuit_attempts_active", "Attempts that a circuit breaker counts.",
                       counts.attempts.count(), labels);
        if (rule.cluster.policy().circuit.limits_connections())
            sink.gauge("weir_circuit_pending", "Attempts that wait for a connection in use.",
                       counts.pending.count(), labels);
        if (rule.cluster.watches_health()) report_endpoints(rule, state, labels, sink);
    }
}

}  // namespace weir::proxy
