#include "balance/health_check.h"

#include <algorithm>

namespace weir::balance {

Probe judge_status(const HealthCheckPolicy& policy, int status) {
    auto lists = [status](const std::vector<uint16_t>& codes) {
        return std::ranges::find(codes, static_cast<uint16_t>(status)) != codes.end();
    };
    if (lists(policy.expected)) return Probe::success;
    return lists(policy.retriable) ? Probe::failure : Probe::refusal;
}

bool HealthState::record(const HealthCheckPolicy& policy, Probe probe) {
    const bool good = probe == Probe::success;
    if (healthy_ == good) {
        in_a_row_ = 0;
        return false;
    }
    const uint32_t needed = good ? policy.healthy_threshold : policy.unhealthy_threshold;
    if (healthy_ && probe != Probe::refusal && ++in_a_row_ < needed) return false;
    healthy_ = good;
    in_a_row_ = 0;
    return true;
}

}  // namespace weir::balance
