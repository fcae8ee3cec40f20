#include "proxy/health_prober.h"

#include <fmt/format.h>

#include "base/log.h"
#include "net/sleep.h"

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
            state.failing.store(!state.check.healthy(), std::memory_order_relaxed);
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
