/// Passive health: endpoints that keep failing are left out for a while.
///
/// Envoy's outlier detection. An endpoint is ejected at once after so many failures in a row, or at
/// the end of an interval if its share of successes is far below its peers' or its share of
/// failures above a limit. It stays out for base · (ejections in a row), at most `max`, and is let
/// back at the first sweep after that; an interval spent healthy shortens the next time again. At
/// most `max_ejection_percent` of the endpoints are out at once.
///
///     detector.report(endpoints, i, Verdict::…, now);   // how an attempt ended
///     detector.sweep(endpoints, now);                   // when due(); any thread, one wins
///
/// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier
/// Threads: any, no lock; two threads that eject at the same moment may both stand back, and the
/// next failure tries again.
#pragma once
#include <atomic>
#include <span>

#include "balance/endpoint.h"

namespace weir::balance {

struct OutlierPolicy {
    uint32_t consecutive_5xx = 5;      ///< 0: off, here and below
    uint32_t consecutive_gateway = 0;  ///< 502, 503, 504
    uint32_t consecutive_local = 5;    ///< connection failures; only when `split`
    bool split = false;                ///< connection failures are counted apart from answers
    Duration interval = std::chrono::seconds(3);
    Duration base = std::chrono::seconds(30);
    Duration max = std::chrono::seconds(300);
    uint32_t max_ejection_percent = 10;
    bool always_eject_one = false;
    // Success rate: below mean - factor · deviation of the endpoints that saw enough.
    uint32_t success_rate_hosts = 5;
    uint32_t success_rate_volume = 100;
    double success_rate_factor = 1.9;
    // Failure percentage; 0: off.
    uint32_t failure_percent = 0;
    uint32_t failure_percent_hosts = 5;
    uint32_t failure_percent_volume = 50;
};

/// How an attempt ended, as passive health sees it.
enum class Verdict : uint8_t {
    success,
    server_error,   ///< a 5xx answer other than those below, or one that is no answer
    gateway_error,  ///< 502, 503, 504
    local_failure,  ///< no connection, reset, time-out
};

class OutlierDetector {
public:
    /// Why an endpoint was ejected, for logs and metrics.
    enum class Reason : uint8_t {
        none,
        consecutive,
        gateway,
        local,
        success_rate,
        failure_percent
    };

    explicit OutlierDetector(OutlierPolicy policy) : policy_(policy) {}

    /// Counts; ejects `endpoints[index]` if that was one too many. The reason, or none.
    Reason report(std::span<EndpointState* const> endpoints, size_t index, Verdict verdict,
                  TimePoint now) const;
    /// `last` is the time of the last sweep, shared by all threads (0 at first).
    bool due(const std::atomic<int64_t>& last, TimePoint now) const;
    /// The end of an interval, done by the one thread that moves `last` forward. The number of
    /// endpoints ejected now.
    uint32_t sweep(std::span<EndpointState* const> endpoints, std::atomic<int64_t>& last,
                   TimePoint now) const;
    const OutlierPolicy& policy() const { return policy_; }

private:
    bool eject(std::span<EndpointState* const> endpoints, EndpointState& endpoint,
               TimePoint now) const;
    void let_back(EndpointState& endpoint, TimePoint now) const;
    uint32_t judge_rates(std::span<EndpointState* const> endpoints, TimePoint now) const;

    OutlierPolicy policy_;
};

}  // namespace weir::balance
