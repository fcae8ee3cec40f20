// What /metrics says of pools, connections, workers and the access log.
#include <future>

#include "cli/limit_report.h"
#include "cli/program.h"
#include "cli/worker_parts.h"

namespace weir::cli {

namespace {

void http2_metrics(const http::h2::Counters& clients, const http::h2::ClientCounters& providers,
                   telemetry::Sink& sink) {
    auto count = [](uint64_t n) { return static_cast<double>(n); };
    sink.counter("weir_http2_connections_total", "Client connections that spoke HTTP/2.",
                 count(clients.connections));
    sink.gauge("weir_http2_connections_open", "Client connections of HTTP/2 open.",
               count(clients.open));
    sink.counter("weir_http2_streams_total", "Requests that came on streams of HTTP/2.",
                 count(clients.streams));
    sink.counter("weir_http2_streams_refused_total",
                 "Streams beyond the limit of a connection, refused unheard.",
                 count(clients.refused));
    sink.counter("weir_http2_goaways_total", "Client connections that were asked to end.",
                 count(clients.goaways));
    sink.counter("weir_http2_pings_lost_total",
                 "Client connections given up because a ping was not answered.",
                 count(clients.pings_lost));
    for (std::size_t i = 0; i < clients.misuse.size(); ++i)
        sink.counter("weir_http2_misuse_total",
                     "Streams or connections ended for what a client sent on them.",
                     count(clients.misuse[i]), {{"kind", std::string(http::h2::kMisuseNames[i])}});
    sink.counter("weir_upstream_http2_connections_total", "Provider connections of HTTP/2.",
                 count(providers.connections));
    sink.counter("weir_upstream_http2_streams_total", "Attempts sent on streams of HTTP/2.",
                 count(providers.streams));
    sink.counter("weir_upstream_http2_streams_refused_total",
                 "Streams that a provider did not look at.", count(providers.refused));
    sink.counter("weir_upstream_http2_goaways_total", "Connections that providers asked to end.",
                 count(providers.goaways));
    sink.counter("weir_upstream_http2_pings_lost_total",
                 "Provider connections given up because a ping was not answered.",
                 count(providers.pings_lost));
}

}  // namespace

void Program::add_worker_sources(telemetry::Shard& shard, WorkerParts& parts) {
    shard.add_source([&parts](telemetry::Sink& sink) {
        const http::ServerCounters& server = parts.service.server().counters();
        auto count = [](uint64_t n) { return static_cast<double>(n); };
        sink.counter("weir_connections_accepted_total", "Client connections accepted.",
                     count(server.accepted));
        sink.gauge("weir_connections_open", "Client connections open.", count(server.open));
        sink.counter("weir_connections_over_limit_total",
                     "Connections beyond the limit: answered 503 and closed, or closed unheard.",
                     count(server.over_limit));
        sink.counter("weir_tls_handshakes_total", "TLS handshakes with clients that succeeded.",
                     count(server.handshakes));
        sink.counter("weir_tls_handshakes_resumed_total", "TLS handshakes that resumed a session.",
                     count(server.handshakes_resumed));
        sink.counter("weir_tls_handshakes_failed_total",
                     "TLS handshakes that failed or took too long.",
                     count(server.handshakes_failed));
        sink.counter("weir_tls_handshakes_refused_total",
                     "Connections closed because as many handshakes as may be were running.",
                     count(server.handshakes_refused));
        sink.counter("weir_proxy_protocol_refused_total",
                     "Connections closed for want of a good PROXY header.",
                     count(server.proxy_refused));
        sink.gauge("weir_exchanges_active", "Exchanges being handled.", count(server.active));
        sink.counter("weir_requests_received_total",
                     "Requests whose head was read, whatever became of them.",
                     count(server.requests));
        sink.counter("weir_requests_refused_total",
                     "Requests that were refused before a rule was looked for.",
                     count(server.refused));
        for (std::size_t i = 0; i < proxy::kOverloadNames.size(); ++i)
            sink.counter("weir_overload_refused_total",
                         "Exchanges refused with 503 because as many as may be were there, by the "
                         "bound of GatewayOptions.",
                         count(parts.gateway.overloads()[i]),
                         {{"limit", std::string(proxy::kOverloadNames[i])}});
        http2_metrics(server.http2, parts.pool.counters().http2, sink);
        const http::PoolCounters& pool = parts.pool.counters();
        sink.gauge("weir_upstream_connections_open", "Provider connections open.",
                   count(pool.open));
        sink.gauge("weir_upstream_connections_idle", "Provider connections waiting in the pool.",
                   count(pool.idle));
        sink.counter("weir_upstream_connections_dialled_total", "Provider connections dialled.",
                     count(pool.dialled));
        sink.counter("weir_upstream_connections_reused_total",
                     "Exchanges that found a provider connection in the pool.", count(pool.reused));
        sink.counter("weir_upstream_connections_failed_total",
                     "Provider connections that could not be made.", count(pool.failed));
        net::Worker& worker = parts.loop.worker();
        sink.gauge("weir_tasks_running", "Tasks on the workers' loops.",
                   count(worker.tasks().running()));
        sink.gauge("weir_read_buffers_lent", "Read buffers of 64 KiB in use.",
                   count(worker.blocks().lent()));
        if (worker.id() == 0) parts.gateway.report_health(sink);
    });
}

void Program::add_sources() {
    metrics_->add_source([this](telemetry::Sink& sink) {
        if (auto snapshot = in_force()) limit_metrics(*snapshot, limit_time(), sink);
        if (const LeaseService* leases = limits_->leases()) leases->report(sink);
    });
    metrics_->add_source([this](telemetry::Sink& sink) {
        sink.counter("weir_access_log_lines_total", "Lines given to the access log.",
                     static_cast<double>(access_log_->lines()));
        sink.counter("weir_access_log_dropped_total", "Lines the access log could not write.",
                     static_cast<double>(access_log_->dropped()));
        sink.gauge("weir_request_body_memory_bytes", "Memory that large request bodies take.",
                   static_cast<double>(body_memory_.used.load()));
        sink.gauge("weir_config_generation",
                   "Configurations put in force since the start; 1 is the first.",
                   static_cast<double>(reload_status_.generation()));
        sink.counter("weir_config_refused_total", "Reloads that were refused for their mistakes.",
                     static_cast<double>(reload_status_.refusals()));
        sink.gauge("weir_config_last_reload_refused",
                   "1 while the files hold a configuration that was refused.",
                   reload_status_.last_refused() ? 1 : 0);
    });
}

/// Asks every worker for its numbers, waiting a moment for those that answer.
std::string Program::scrape() {
    struct Round {
        std::atomic<std::size_t> missing;
        std::promise<void> all;
    };
    auto round = std::make_shared<Round>();
    round->missing = workers_.size();
    auto asked = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < workers_.size(); ++i)
        workers_[i]->loop.worker().post([this, i, asked, round] {
            metrics_->shard(i).sample(asked);
            if (--round->missing == 0) round->all.set_value();
        });
    round->all.get_future().wait_for(std::chrono::milliseconds(500));
    return metrics_->text();
}

}  // namespace weir::cli
