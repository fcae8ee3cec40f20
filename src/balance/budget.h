/// A share of the running requests that may be something extra: retries, hedges.
///
/// As Envoy's retry budget: at any moment at most `percent` of the active requests may be extra,
/// but never fewer than `at_least`. So one provider's outage cannot double the load on the others.
///
///     Budget::Pass pass = budget.take(active);   // empty: the budget is spent
///
/// Ownership: a Pass refers to its Budget and gives its place back when destroyed. Threads: any
/// (relaxed atomics; a race may admit one too many per thread).
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <utility>

namespace weir::balance {

struct BudgetPolicy {
    double percent = 20;  ///< of active requests
    uint32_t at_least = 3;
};

class Budget {
public:
    class [[nodiscard]] Pass {
    public:
        Pass() = default;
        Pass(Pass&& other) noexcept : budget_(std::exchange(other.budget_, nullptr)) {}
        Pass& operator=(Pass&& other) noexcept {
            if (this != &other) {
                give_back();
                budget_ = std::exchange(other.budget_, nullptr);
            }
            return *this;
        }
        ~Pass() { give_back(); }
        explicit operator bool() const { return budget_ != nullptr; }
        void give_back() {
            if (Budget* budget = std::exchange(budget_, nullptr))
                budget->extra_.fetch_sub(1, std::memory_order_relaxed);
        }

    private:
        friend Budget;
        explicit Pass(Budget& budget) : budget_(&budget) {}
        Budget* budget_ = nullptr;
    };

    /// A place among the extra ones, `active` requests running. Empty if there is none.
    Pass take(const BudgetPolicy& policy, uint32_t active) {
        auto allowed = std::max<double>(policy.at_least, policy.percent / 100 * active);
        if (extra_.fetch_add(1, std::memory_order_relaxed) + 1 <= allowed) return Pass(*this);
        extra_.fetch_sub(1, std::memory_order_relaxed);
        return {};
    }
    uint32_t taken() const { return extra_.load(std::memory_order_relaxed); }

private:
    std::atomic<uint32_t> extra_{0};
};

}  // namespace weir::balance
