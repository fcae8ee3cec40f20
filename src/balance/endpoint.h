/// What is known of one endpoint: requests under way, failures in a row, whether it is left out.
///
/// Lives outside the snapshot (Registry), keyed by the endpoint's identity within its rule, so that
/// a reload keeps it. Threads: any; every member is an atomic, relaxed: a count that is one late
/// costs nothing, and no request waits for another.
#pragma once
#include <atomic>
#include <cstdint>

#include "balance/health_check.h"
#include "balance/time.h"
#include "balance/turnstile.h"

namespace weir::balance {

struct alignas(64) EndpointState {
    std::atomic<uint32_t> active{0};  ///< attempts under way

    // Passive health (OutlierDetector writes).
    std::atomic<uint32_t> consecutive_5xx{0};
    std::atomic<uint32_t> consecutive_gateway{0};
    std::atomic<uint32_t> consecutive_local{0};
    std::atomic<uint32_t> interval_requests{0};   ///< since the last sweep
    std::atomic<uint32_t> interval_successes{0};  ///< of those
    std::atomic<bool> ejected{false};
    std::atomic<int64_t> ejected_until{0};  ///< steady time in ns
    std::atomic<int64_t> returned_at{0};    ///< when it was last let back
    std::atomic<uint32_t> times{0};         ///< ejections in a row: the length of the next one
    std::atomic<uint64_t> ejections{0};     ///< ever, for metrics

    /// Since when it may take traffic, for slow start: first looked at, or well again after a
    /// failed check; steady time in ns. 0: nobody has looked yet.
    std::atomic<int64_t> available_at{0};
    Turnstile connections;  ///< attempts under way, where each endpoint has a limit of its own

    /// An active check says that it fails (the prober writes).
    std::atomic<bool> failing{false};
    HealthState check;  ///< the prober's own, on its thread

    bool healthy() const {
        return !ejected.load(std::memory_order_relaxed) && !failing.load(std::memory_order_relaxed);
    }
};

}  // namespace weir::balance
