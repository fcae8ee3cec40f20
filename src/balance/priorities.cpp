#include "balance/priorities.h"

#include <algorithm>

namespace weir::balance {
namespace {

constexpr uint32_t kOverprovisioning = 140;  // per cent

uint32_t availability(PriorityHealth health) {
    return health.total == 0
               ? 0
               : std::min<uint32_t>(100, kOverprovisioning * health.healthy / health.total);
}

/// Every priority is in panic: by the number of endpoints, what rounding leaves to the first.
void load_by_size(std::span<const PriorityHealth> health, std::span<PriorityLoad> loads) {
    uint64_t total = 0;
    for (const auto& level : health)
        total += level.total;
    uint32_t left = 100;
    size_t first = loads.size();
    for (size_t i = 0; i < health.size(); ++i) {
        loads[i].percent = total == 0 ? 0 : static_cast<uint32_t>(100ull * health[i].total / total);
        left -= loads[i].percent;
        if (first == loads.size() && health[i].total > 0) first = i;
    }
    if (first < loads.size()) loads[first].percent += left;
}

}  // namespace

void priority_loads(std::span<const PriorityHealth> health, uint32_t panic_threshold,
                    std::span<PriorityLoad> loads) {
    uint32_t sum = 0;
    for (const auto& level : health)
        sum += availability(level);
    const uint32_t normalized = std::min<uint32_t>(100, sum);
    uint32_t left = normalized == 0 ? 0 : 100;
    size_t first_with_load = loads.size();
    bool total_panic = !health.empty();
    for (size_t i = 0; i < health.size(); ++i) {
        uint32_t share =
            normalized == 0 ? 0 : std::min(left, 100 * availability(health[i]) / normalized);
        loads[i].percent = share;
        left -= share;
        if (first_with_load == loads.size() && share > 0) first_with_load = i;
        bool below = health[i].total == 0 ||
                     100ull * health[i].healthy < uint64_t{panic_threshold} * health[i].total;
        loads[i].panic = panic_threshold > 0 && normalized < 100 && below;
        total_panic = total_panic && loads[i].panic;
    }
    if (first_with_load < loads.size()) loads[first_with_load].percent += left;  // rounding
    if (total_panic) load_by_size(health, loads);
}

size_t pick_priority(std::span<const PriorityLoad> loads, uint32_t drawn) {
    uint32_t reached = 0;
    for (size_t i = 0; i < loads.size(); ++i) {
        reached += loads[i].percent;
        if (drawn < reached) return i;
    }
    return loads.size();
}

uint32_t effective_share(PriorityHealth health) {
    if (health.total == 0) return 0;
    return static_cast<uint32_t>(
        std::min<uint64_t>(1000, 10ull * kOverprovisioning * health.healthy / health.total));
}

}  // namespace weir::balance
