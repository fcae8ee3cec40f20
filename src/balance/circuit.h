/// Circuit breakers: limits on what may run at once towards the backends of one rule.
///
/// Envoy's: an attempt beyond the limit of connections waits for one (turnstile.h), if not too many
/// wait already; one that would exceed any other limit is refused at once ("overflow") instead of
/// joining a queue at a provider that cannot keep up. With HTTP/1.1 a connection in use is an
/// attempt, so both limits count the same thing.
///
///     Gauge::Slot slot = counts.requests.enter(policy.max_requests);   // empty: over the limit
///
/// Ownership: a Slot refers to its Gauge and leaves it when destroyed. Threads: any (atomics).
#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

#include "balance/budget.h"

namespace weir::balance {

struct CircuitPolicy {
    std::optional<uint32_t> max_connections;
    std::optional<uint32_t> max_pending;  ///< waiting for a connection
    std::optional<uint32_t> max_requests;
    std::optional<uint32_t> max_retries;
    std::optional<uint32_t> max_connections_per_endpoint;
    uint32_t max_requests_per_connection = 0;  ///< 0: any number
    std::optional<BudgetPolicy> retry_budget;  ///< instead of max_retries

    /// An attempt may have to wait.
    bool limits_connections() const { return max_connections || max_connections_per_endpoint; }
    bool limits_attempts() const {
        return max_connections || max_requests || max_connections_per_endpoint;
    }
};

/// How many of something there are, with a limit at the door.
class Gauge {
public:
    class [[nodiscard]] Slot {
    public:
        Slot() = default;
        Slot(Slot&& other) noexcept : gauge_(std::exchange(other.gauge_, nullptr)) {}
        Slot& operator=(Slot&& other) noexcept {
            if (this != &other) {
                leave();
                gauge_ = std::exchange(other.gauge_, nullptr);
            }
            return *this;
        }
        ~Slot() { leave(); }
        explicit operator bool() const { return gauge_ != nullptr; }
        void leave() {
            if (Gauge* gauge = std::exchange(gauge_, nullptr))
                gauge->count_.fetch_sub(1, std::memory_order_relaxed);
        }

    private:
        friend Gauge;
        explicit Slot(Gauge& gauge) : gauge_(&gauge) {}
        Gauge* gauge_ = nullptr;
    };

    /// Without a limit always lets in.
    Slot enter(std::optional<uint32_t> limit = std::nullopt) {
        uint32_t before = count_.fetch_add(1, std::memory_order_relaxed);
        if (!limit || before < *limit) return Slot(*this);
        count_.fetch_sub(1, std::memory_order_relaxed);
        return {};
    }
    uint32_t count() const { return count_.load(std::memory_order_relaxed); }

private:
    std::atomic<uint32_t> count_{0};
};

}  // namespace weir::balance
