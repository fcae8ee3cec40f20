/// How traffic spills over from one priority to the next as endpoints fail.
///
/// Envoy's arithmetic. A priority with `healthy` of `total` endpoints can take 140 · healthy /
/// total per cent of the traffic, at most 100 (overprovisioning factor 1.4: it is full until fewer
/// than 72 % are healthy). Priorities are filled in order. If all together cannot take 100 %, what
/// they can take is scaled up, and a priority whose healthy share is below the panic threshold uses
/// all its endpoints, healthy or not: a guess that the health checks are wrong is better than a
/// sure failure. If every priority is in panic, traffic follows the number of endpoints.
///
/// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/
/// priority and …/panic_threshold. Threads: pure functions.
#pragma once
#include <cstdint>
#include <span>

namespace weir::balance {

struct PriorityHealth {
    uint32_t healthy = 0;
    uint32_t total = 0;
};

struct PriorityLoad {
    uint32_t percent = 0;
    bool panic = false;  ///< health is ignored among its endpoints
};

/// Fills `loads`, as long as `health`, in order of priority. The loads add up to 100, or to 0 when
/// nothing is healthy and `panic_threshold` (0 to 100) is 0.
void priority_loads(std::span<const PriorityHealth> health, uint32_t panic_threshold,
                    std::span<PriorityLoad> loads);

/// The index that `drawn` (0 to 99) falls on.
size_t pick_priority(std::span<const PriorityLoad> loads, uint32_t drawn);

/// The share of a weight that is left to a group with this health (1.4 as above), of 1'000.
uint32_t effective_share(PriorityHealth health);

}  // namespace weir::balance
