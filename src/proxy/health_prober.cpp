#include "proxy/health_prober.h"

#include <fmt/format.h>

#include "base/log.h"
#include "net/sleep.h"
#include "proxy/grpc_health.h"

namespace weir::proxy {
namespace {

constexpr std::size_t kMaxBody = 64 * 1024;  // of what is searched for an expected text

std::string request_text(const balance::HealthCheckPolicy& policy, std::string_view host) {
    return fmt::format(
        "{} {} HTTP/1.1\r\nhost: {}\r\nuser-agent: weir-health-check\r\nconnection: close\r\n\r\n",
        policy.method, policy.path, host);
}

}  // namespace

struct HealthProber::Probe {
    explicit Probe(Target what) : target(std::move(what)) {}
    Target target;
    net::CancelSource cancel;
};

void HealthProber::watch(std::vector<Target> targets) {
    stop();
    for (Target& target : targets) {
        if (target.policy.port) target.origin.target.port = *target.policy.port;
        target.origin.key += "#health";
        if (target.policy.type == balance::HealthCheckPolicy::Type::grpc) {
            const bool tls = target.origin.target.tls != nullptr;  // which offers what it offers
            target.origin.protocol = tls ? http::Protocol::negotiated : http::Protocol::http2;
        }
        probes_.push_back(std::make_shared<Probe>(std::move(target)));
        worker_.tasks().spawn(run(probes_.back()));
    }
}

void HealthProber::stop() {
    auto ending = std::move(probes_);
    probes_.clear();
    for (const auto& probe : ending)
        probe->cancel.cancel();
}

net::Task<void> HealthProber::run(std::shared_ptr<Probe> probe) {
    const balance::HealthCheckPolicy& policy = probe->target.policy;
    balance::EndpointState& state = *probe->target.state;
    // Not at once: the worker may not have begun.
    auto next = std::chrono::steady_clock::now() +
                std::max<net::Duration>(probe->target.delay, std::chrono::milliseconds(1));
    while (true) {
        co_await net::Sleep(worker_, next, probe->cancel);
        balance::Probe result = co_await ask(*probe);
        if (state.check.record(policy, result)) {
            const bool was_failing = state.failing.exchange(!state.check.healthy());
            if (was_failing)  // slow start begins anew
                state.available_at = std::chrono::steady_clock::now().time_since_epoch().count();
            if (state.check.healthy())
                log::info("endpoint {} is healthy", probe->target.origin.address);
            else
                log::warn("endpoint {} fails its health check", probe->target.origin.address);
        }
        next = std::chrono::steady_clock::now() + policy.interval;
    }
}

net::Task<balance::Probe> HealthProber::ask(Probe& probe) {
    auto deadline = std::chrono::steady_clock::now() + probe.target.policy.timeout;
    if (probe.target.policy.type == balance::HealthCheckPolicy::Type::tcp)
        co_return co_await ask_tcp(probe, deadline);
    if (probe.target.policy.type == balance::HealthCheckPolicy::Type::grpc)
        co_return co_await ask_grpc(probe, deadline);
    co_return co_await ask_http(probe, deadline);
}

net::Task<balance::Probe> HealthProber::ask_http(Probe& probe, net::TimePoint deadline) {
    const balance::HealthCheckPolicy& policy = probe.target.policy;
    auto exchange = co_await pool_.acquire(probe.target.origin, deadline, &probe.cancel, true);
    if (!exchange) co_return balance::Probe::failure;
    std::string text = request_text(policy, policy.host.empty() ? probe.target.host : policy.host);
    std::array<iovec, 1> pieces{iovec{text.data(), text.size()}};
    auto sent = co_await exchange->send(pieces, policy.timeout);
    if (!sent) co_return balance::Probe::failure;
    auto head = co_await exchange->read_head(policy.method, deadline);
    if (!head) co_return balance::Probe::failure;
    balance::Probe verdict = balance::judge_status(policy, (*head)->status);
    if (verdict != balance::Probe::success || policy.expected_body.empty()) co_return verdict;
    std::string body;
    while (body.size() < kMaxBody) {
        auto piece = co_await exchange->read_body(deadline);
        if (!piece) co_return balance::Probe::failure;
        if (piece->empty()) break;
        body.append(*piece);
        if (body.find(policy.expected_body) != std::string::npos) co_return balance::Probe::success;
    }
    co_return balance::Probe::refusal;
}

/// As Envoy: what answers that it does not serve is refused at once, what does not answer as gRPC
/// does has failed.
net::Task<balance::Probe> HealthProber::ask_grpc(Probe& probe, net::TimePoint deadline) {
    const balance::HealthCheckPolicy& policy = probe.target.policy;
    auto exchange = co_await pool_.acquire(probe.target.origin, deadline, &probe.cancel, true);
    if (!exchange) co_return balance::Probe::failure;
    std::string question = grpc_health_question(policy.service);
    std::string text = fmt::format(
        "POST {} HTTP/1.1\r\nhost: {}\r\nuser-agent: weir-health-check\r\ncontent-type: "
        "application/grpc\r\nte: trailers\r\ncontent-length: {}\r\n\r\n",
        kGrpcHealthPath, probe.target.host, question.size());
    std::array<iovec, 2> pieces{iovec{text.data(), text.size()},
                                iovec{question.data(), question.size()}};
    auto sent = co_await exchange->send(pieces, policy.timeout);
    if (!sent) co_return balance::Probe::failure;
    auto head = co_await exchange->read_head("POST", deadline);
    if (!head || (*head)->status != 200) co_return balance::Probe::failure;
    std::string status((*head)->headers.value("grpc-status"));  // of an answer without a message
    std::string body;
    while (body.size() < kMaxBody) {
        auto piece = co_await exchange->read_body(deadline);
        if (!piece) co_return balance::Probe::failure;
        if (piece->empty()) break;
        body.append(*piece);
    }
    if (status.empty()) status = trailer_value(exchange->trailers(), "grpc-status");
    if (status.empty()) co_return balance::Probe::failure;
    exchange->release();
    if (status != "0") co_return balance::Probe::refusal;
    auto serving = grpc_health_answer(body);
    if (!serving) co_return balance::Probe::failure;
    co_return serving == kGrpcServing ? balance::Probe::success : balance::Probe::refusal;
}

net::Task<balance::Probe> HealthProber::ask_tcp(Probe& probe, net::TimePoint deadline) {
    const balance::HealthCheckPolicy& policy = probe.target.policy;
    auto stream =
        co_await net::dial(worker_, resolver_, probe.target.origin.target, deadline, &probe.cancel);
    if (!stream) co_return balance::Probe::failure;
    std::string text = policy.send;
    std::array<iovec, 1> pieces{iovec{text.data(), text.size()}};
    for (std::span<iovec> rest = net::consume(pieces, 0); !rest.empty();) {
        net::IoResult wrote = (*stream)->write(rest);
        if (wrote.closed()) co_return balance::Probe::failure;
        if (wrote.again() &&
            co_await (*stream)->writable(deadline, &probe.cancel) == net::Wake::deadline)
            co_return balance::Probe::failure;
        rest = net::consume(rest, wrote.size);
    }
    std::string got;
    while (got.find(policy.receive) == std::string::npos && got.size() < kMaxBody) {
        if (co_await (*stream)->readable(deadline, &probe.cancel) == net::Wake::deadline)
            co_return balance::Probe::failure;
        std::array<char, 4096> space;
        net::IoResult read = (*stream)->read(space);
        if (read.closed()) co_return balance::Probe::failure;
        got.append(space.data(), read.size);
    }
    co_return got.find(policy.receive) != std::string::npos ? balance::Probe::success
                                                            : balance::Probe::failure;
}

}  // namespace weir::proxy
