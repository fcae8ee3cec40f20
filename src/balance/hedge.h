/// What hedging may cost: every request earns its share, every second attempt spends it.
///
/// A request earns `percent` of a request and of its own expected cost; a hedge spends one request
/// and its expected cost. So over time hedges are at most `percent` of the requests and of what
/// they cost, whichever is reached first. Savings are bounded, so that a quiet hour does not pay
/// for a storm: kMost hedges; the first one needs none.
///
///     budget.earn(percent, cost);                  // once per request
///     if (budget.spend(percent, cost)) …           // hedge
///
/// Threads: any (relaxed atomics; a race may admit one too many per thread).
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>

namespace weir::balance {

class HedgeBudget {
public:
    static constexpr int64_t kMost = 10;

    void earn(double percent, int64_t cost) {
        add(requests_, static_cast<int64_t>(percent / 100 * kUnit), kMost * kUnit);
        add(cost_, static_cast<int64_t>(percent / 100 * static_cast<double>(cost)), kMost * cost);
    }
    /// False: there is not enough. The cost may go into debt by one hedge.
    bool spend(double percent, int64_t cost) {
        if (percent <= 0 || cost_.load(std::memory_order_relaxed) < 0) return false;
        if (requests_.fetch_sub(kUnit, std::memory_order_relaxed) < kUnit) {
            requests_.fetch_add(kUnit, std::memory_order_relaxed);
            return false;
        }
        cost_.fetch_sub(cost, std::memory_order_relaxed);
        return true;
    }

private:
    static constexpr int64_t kUnit = 10'000;
    static void add(std::atomic<int64_t>& to, int64_t amount, int64_t most) {
        int64_t now = to.load(std::memory_order_relaxed);
        if (now < most) to.fetch_add(std::min(amount, most - now), std::memory_order_relaxed);
    }
    std::atomic<int64_t> requests_{kUnit};
    std::atomic<int64_t> cost_{0};
};

}  // namespace weir::balance
