/// How much of its share an endpoint gets that has not been there for long.
///
/// Envoy's slow start with its defaults (aggression 1, at least 10 per cent): the share grows with
/// the time since the endpoint was first seen, was let back by outlier detection, or passed its
/// health check again. Endpoints that were all there from the beginning are alike, so nothing
/// happens at a start. Threads: any.
#pragma once
#include <algorithm>

#include "balance/endpoint.h"

namespace weir::balance {

/// In (0, 1]. An endpoint that nobody has looked at yet begins now.
inline double warmth(EndpointState& endpoint, Duration window, TimePoint now) {
    constexpr double kLeast = 0.1;
    const int64_t at = std::chrono::nanoseconds(now.time_since_epoch()).count();
    int64_t since = endpoint.available_at.load(std::memory_order_relaxed);
    if (since == 0 &&
        endpoint.available_at.compare_exchange_strong(since, at, std::memory_order_relaxed))
        since = at;
    since = std::max(since, endpoint.returned_at.load(std::memory_order_relaxed));
    const double share = static_cast<double>(at - since) / static_cast<double>(window.count());
    return std::clamp(share, kLeast, 1.0);
}

}  // namespace weir::balance
