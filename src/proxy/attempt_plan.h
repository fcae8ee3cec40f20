/// Where the attempts of one exchange go, and what health learns from them.
///
/// The bridge between one exchange and balance/: it chooses the first endpoint, admits an attempt
/// past the circuit breaker, tells the outlier detector how it ended, and says whether another one
/// follows, where and when. It sends nothing itself.
///
///     AttemptPlan plan(rule, state, deadline);
///     for (auto next = plan.first(random, now); next; next = plan.after(outcome, …)) {
///         WEIR_CHECK(plan.begin(next->choice));      // circuit breaker
///         … wait until next->at, try …
///         plan.ended(balance::Verdict::…, now);
///     }
///
/// Ownership: lives in its exchange; rule and state outlive it. Destroying it gives back what it
/// holds of limits and budgets, whatever happened. Threads: its worker's.
#pragma once
#include <array>
#include <optional>

#include "balance/cluster.h"
#include "snapshot/snapshot.h"

namespace weir::proxy {

class AttemptPlan {
public:
    using TimePoint = balance::TimePoint;
    struct Next {
        balance::Choice choice;
        TimePoint at{};  ///< not before
    };

    AttemptPlan(const snapshot::Rule& rule, balance::ClusterState& state, TimePoint deadline);
    AttemptPlan(const AttemptPlan&) = delete;
    AttemptPlan& operator=(const AttemptPlan&) = delete;
    ~AttemptPlan() {
        leave(current_);
        leave(hedge_);
    }

    void set_hash(uint64_t key) { attempts_.hash = key; }
    std::optional<Next> first(uint64_t random, TimePoint now);
    /// The same at one backend, if it is healthy and takes traffic: the least busy endpoint.
    std::optional<Next> first_at(uint32_t backend);
    /// Past the circuit breaker; fails with upstream.overflow. Does not wait.
    Result<void> begin(const balance::Choice& choice);
    /// The same step by step, for who waits where as many connections as may be are in use: goes
    /// to the endpoint; the door where it has to wait, while there is one; and in.
    struct Door {
        balance::Turnstile& turnstile;
        uint32_t limit;
        balance::Turnstile::Place& place;  ///< what opens it
    };
    bool may_wait() const { return rule_.cluster.policy().circuit.limits_connections(); }
    void approach(const balance::Choice& choice);
    std::optional<Door> shut_door() { return shut_door(current_); }
    /// A place among those who wait; empty if too many do.
    balance::Gauge::Slot join_queue(const Door& door);
    Result<void> arrive() { return arrive(current_); }
    /// It will not get in.
    std::unexpected<Error> overflow() { return overflow(current_); }
    /// How the attempt that began ended, as far as the endpoint's health goes. Once per attempt.
    void ended(balance::Verdict verdict, TimePoint now);
    /// Another attempt, or nothing: the outcome is no reason to retry, the attempts or the budget
    /// are spent, no endpoint is left, or it would have to wait too long. `retry_after`: what the
    /// provider asked for. The attempt must have ended.
    std::optional<Next> after(const balance::Outcome& outcome,
                              std::optional<std::chrono::seconds> retry_after, uint64_t random,
                              TimePoint now);
    /// Where an endpoint not tried yet goes on with a stream that broke in the middle. No retry of
    /// the policy's, but one for the budget. The attempt has not ended yet.
    std::optional<Next> elsewhere(uint64_t random, TimePoint now);
    /// Whom to ask beside the attempt under way: another backend, never that one.
    std::optional<balance::Choice> hedge(uint64_t random, TimePoint now);
    /// Past the circuit breaker, beside the attempt that began. Fails with upstream.overflow.
    Result<void> begin_hedge(const balance::Choice& choice);
    /// The attempt and its hedge change places: the hedge is the one that goes on.
    void take_hedge() { std::swap(current_, hedge_); }
    /// How the one beside ended; no verdict: it was stopped.
    void end_hedge(std::optional<balance::Verdict> verdict, TimePoint now);
    /// The client has its first byte: the budget is for others.
    void committed() { retry_.give_back(); }
    /// How long the client should wait, by what providers said; nothing if none did.
    std::optional<std::chrono::seconds> client_retry_after(TimePoint now) const;

    const balance::RetryPolicy& policy() const { return rule_.cluster.policy().retry; }
    balance::ClusterState& state() { return state_; }

private:
    /// What an attempt holds of its endpoint.
    struct Place {
        std::optional<balance::Choice> choice;
        balance::Turnstile::Place of_endpoint, of_rule;  ///< connections
        balance::Gauge::Slot slot;
        bool counted = false;  ///< the endpoint's `active` has us
    };
    Result<void> enter(Place& place, const balance::Choice& choice);
    void approach(Place& place, const balance::Choice& choice);
    std::optional<Door> shut_door(Place& place);
    Result<void> arrive(Place& place);
    std::unexpected<Error> overflow(Place& place);
    void leave(Place& place);
    void report(const Place& place, balance::Verdict verdict, TimePoint now);
    std::optional<balance::Choice> untried(uint64_t random, TimePoint now);
    bool within_budget();
    void note_retry_after(uint32_t backend, TimePoint until);
    /// The time at which `backend` wants to be asked again.
    TimePoint not_before(uint32_t backend) const;

    const snapshot::Rule& rule_;
    balance::ClusterState& state_;
    TimePoint deadline_;
    balance::Attempts attempts_;
    uint32_t retries_ = 0;
    Place current_, hedge_;
    balance::Gauge::Slot exchange_;
    balance::Budget::Pass retry_;
    struct Asked {
        uint32_t backend = UINT32_MAX;
        TimePoint until{};
    };
    std::array<Asked, 4> asked_{};  ///< the latest backends that said when to come back
    uint32_t next_asked_ = 0;
};

/// What a failure means for retrying.
balance::Outcome outcome_of(const Error& error);
/// What it means for the endpoint's health.
balance::Verdict verdict_of(const Error& error);
balance::Verdict verdict_of(int status);

}  // namespace weir::proxy
