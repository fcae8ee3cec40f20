#include "balance/outlier.h"

#include <algorithm>
#include <cmath>

namespace weir::balance {
namespace {

int64_t nanoseconds(TimePoint time) {
    return std::chrono::duration_cast<Duration>(time.time_since_epoch()).count();
}

constexpr auto kRelaxed = std::memory_order_relaxed;

/// One more in a row; true if that reached `limit`.
bool one_more(std::atomic<uint32_t>& count, uint32_t limit) {
    return count.fetch_add(1, kRelaxed) + 1 >= limit && limit > 0;
}

void forget_failures(EndpointState& endpoint) {
    endpoint.consecutive_5xx.store(0, kRelaxed);
    endpoint.consecutive_gateway.store(0, kRelaxed);
    endpoint.consecutive_local.store(0, kRelaxed);
}

}  // namespace

OutlierDetector::Reason OutlierDetector::report(std::span<EndpointState* const> endpoints,
                                                size_t index, Verdict verdict,
                                                TimePoint now) const {
    EndpointState& endpoint = *endpoints[index];
    const bool apart = policy_.split && verdict == Verdict::local_failure;
    if (!apart) endpoint.interval_requests.fetch_add(1, kRelaxed);
    if (verdict == Verdict::success) {
        endpoint.interval_successes.fetch_add(1, kRelaxed);
        forget_failures(endpoint);
        return Reason::none;
    }
    if (apart) {
        if (one_more(endpoint.consecutive_local, policy_.consecutive_local) &&
            eject(endpoints, endpoint, now))
            return Reason::local;
        return Reason::none;
    }
    if (policy_.split) endpoint.consecutive_local.store(0, kRelaxed);  // it did connect
    // Without the split a connection failure counts as a 5xx and as a gateway error.
    const bool gateway = verdict != Verdict::server_error;
    if (!gateway) endpoint.consecutive_gateway.store(0, kRelaxed);
    if (gateway && one_more(endpoint.consecutive_gateway, policy_.consecutive_gateway) &&
        eject(endpoints, endpoint, now))
        return Reason::gateway;
    if (one_more(endpoint.consecutive_5xx, policy_.consecutive_5xx) &&
        eject(endpoints, endpoint, now))
        return Reason::consecutive;
    return Reason::none;
}

/// Marks it first and counts afterwards, so that threads that do so together never exceed the
/// share.
bool OutlierDetector::eject(std::span<EndpointState* const> endpoints, EndpointState& endpoint,
                            TimePoint now) const {
    bool in = false;
    if (!endpoint.ejected.compare_exchange_strong(in, true)) return false;
    auto out = static_cast<uint32_t>(std::ranges::count_if(
        endpoints, [](const EndpointState* e) { return e->ejected.load(kRelaxed); }));
    bool allowed = 100ull * out <= uint64_t{policy_.max_ejection_percent} * endpoints.size() ||
                   (policy_.always_eject_one && out == 1);
    if (!allowed) {
        endpoint.ejected.store(false);
        return false;
    }
    uint32_t times = endpoint.times.fetch_add(1, kRelaxed) + 1;
    Duration longest = std::max(policy_.max, policy_.base);
    Duration length = policy_.base > longest / times ? longest : policy_.base * times;
    endpoint.ejected_until.store(nanoseconds(now + length), kRelaxed);
    endpoint.ejections.fetch_add(1, kRelaxed);
    return true;
}

void OutlierDetector::let_back(EndpointState& endpoint, TimePoint now) const {
    forget_failures(endpoint);
    endpoint.returned_at.store(nanoseconds(now), kRelaxed);
    endpoint.ejected.store(false);
}

bool OutlierDetector::due(const std::atomic<int64_t>& last, TimePoint now) const {
    return nanoseconds(now) - last.load(kRelaxed) >= policy_.interval.count();
}

uint32_t OutlierDetector::sweep(std::span<EndpointState* const> endpoints,
                                std::atomic<int64_t>& last, TimePoint now) const {
    int64_t before = last.load(kRelaxed);
    int64_t at = nanoseconds(now);
    if (at - before < policy_.interval.count() || !last.compare_exchange_strong(before, at))
        return 0;
    for (EndpointState* endpoint : endpoints) {
        if (endpoint->ejected.load(kRelaxed)) {
            if (endpoint->ejected_until.load(kRelaxed) <= at) let_back(*endpoint, now);
        } else if (endpoint->times.load(kRelaxed) > 0 &&
                   at - endpoint->returned_at.load(kRelaxed) >= policy_.interval.count()) {
            endpoint->times.fetch_sub(1, kRelaxed);
        }
    }
    // The first sweep ends no interval: what it saw may be of any length.
    return before == 0 ? 0 : judge_rates(endpoints, now);
}

uint32_t OutlierDetector::judge_rates(std::span<EndpointState* const> endpoints,
                                      TimePoint now) const {
    uint32_t ejected = 0, judged = 0, counted = 0;
    double sum = 0, squares = 0;
    auto rate = [](uint32_t requests, uint32_t successes) { return 100.0 * successes / requests; };
    auto each = [&](auto&& visit) {
        for (EndpointState* endpoint : endpoints)
            visit(*endpoint, endpoint->interval_requests.load(kRelaxed),
                  endpoint->interval_successes.load(kRelaxed));
    };
    each([&](EndpointState&, uint32_t requests, uint32_t successes) {
        if (requests >= std::max(1u, policy_.failure_percent_volume)) ++counted;
        if (requests < std::max(1u, policy_.success_rate_volume)) return;
        double r = rate(requests, successes);
        ++judged;
        sum += r;
        squares += r * r;
    });
    const bool by_peers = policy_.success_rate_hosts > 0 && judged >= policy_.success_rate_hosts;
    const double mean = judged ? sum / judged : 0;
    const double deviation = judged ? std::sqrt(std::max(0.0, squares / judged - mean * mean)) : 0;
    const double threshold = mean - policy_.success_rate_factor * deviation;
    const bool by_failures =
        policy_.failure_percent > 0 && counted >= policy_.failure_percent_hosts;
    each([&](EndpointState& endpoint, uint32_t requests, uint32_t successes) {
        bool low = by_peers && requests >= std::max(1u, policy_.success_rate_volume) &&
                   rate(requests, successes) < threshold;
        bool failing = by_failures && requests >= std::max(1u, policy_.failure_percent_volume) &&
                       100 - rate(requests, successes) >= policy_.failure_percent;
        if ((low || failing) && eject(endpoints, endpoint, now)) ++ejected;
        endpoint.interval_requests.store(0, kRelaxed);
        endpoint.interval_successes.store(0, kRelaxed);
    });
    return ejected;
}

}  // namespace weir::balance
