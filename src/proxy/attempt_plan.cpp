#include "proxy/attempt_plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir::proxy {
namespace {

/// A provider's Retry-After is waited for if it is no longer than this (or the longest back-off).
constexpr auto kShortWait = std::chrono::seconds(2);

bool is(const Error& error, const Code& code) {
    return error.code().name == code.name;
}

bool failed_to_connect(const Error& error) {
    return is(error, codes::upstream_connect) || is(error, codes::upstream_dns) ||
           is(error, codes::upstream_tls) || is(error, codes::upstream_connect_timeout);
}

}  // namespace

balance::Outcome outcome_of(const Error& error) {
    using Kind = balance::Outcome::Kind;
    if (failed_to_connect(error)) return {Kind::connect_failure, 0};
    if (is(error, codes::upstream_reset) || is(error, codes::upstream_first_byte_timeout) ||
        is(error, codes::upstream_first_token_timeout) || is(error, codes::upstream_idle_timeout))
        return {Kind::no_answer, 0};
    return {Kind::broken_answer, 0};
}

balance::Verdict verdict_of(const Error& error) {
    if (error.fault() != Fault::upstream) return balance::Verdict::success;
    return outcome_of(error).kind == balance::Outcome::Kind::broken_answer
               ? balance::Verdict::server_error
               : balance::Verdict::local_failure;
}

balance::Verdict verdict_of(int status) {
    if (status == 502 || status == 503 || status == 504) return balance::Verdict::gateway_error;
    return status >= 500 ? balance::Verdict::server_error : balance::Verdict::success;
}

AttemptPlan::AttemptPlan(const snapshot::Rule& rule, balance::ClusterState& state,
                         TimePoint deadline)
    : rule_(rule), state_(state), deadline_(deadline), exchange_(state.counts->exchanges.enter()) {}

std::optional<AttemptPlan::Next> AttemptPlan::first(uint64_t random, TimePoint now) {
    auto choice = balance::choose(rule_.cluster, state_, attempts_, random, now);
    if (!choice) return std::nullopt;
    return Next{*choice, {}};
}

std::optional<AttemptPlan::Next> AttemptPlan::first_at(uint32_t backend) {
    const auto& wanted = rule_.cluster.backends()[backend];
    if (wanted.weight == 0) return std::nullopt;
    std::optional<Next> best;
    uint32_t least = UINT32_MAX;
    for (uint32_t i = 0; i < wanted.count; ++i) {
        const auto& endpoint = *state_.endpoints[wanted.first + i];
        if (rule_.cluster.watches_health() && !endpoint.healthy()) continue;
        uint32_t active = endpoint.active.load(std::memory_order_relaxed);
        if (best && active >= least) continue;
        least = active;
        best = Next{{backend, i, wanted.first + i}, {}};
    }
    return best;
}

Result<void> AttemptPlan::begin(const balance::Choice& choice) {
    leave(current_);
    return enter(current_, choice);
}

Result<void> AttemptPlan::begin_hedge(const balance::Choice& choice) {
    return enter(hedge_, choice);
}

Result<void> AttemptPlan::enter(Place& place, const balance::Choice& choice) {
    approach(place, choice);
    if (shut_door(place)) return overflow(place);
    return arrive(place);
}

void AttemptPlan::approach(const balance::Choice& choice) {
    leave(current_);
    approach(current_, choice);
}

void AttemptPlan::approach(Place& place, const balance::Choice& choice) {
    place.choice = choice;
    state_.endpoints[choice.flat]->active.fetch_add(1, std::memory_order_relaxed);
    place.counted = true;
}

std::optional<AttemptPlan::Door> AttemptPlan::shut_door(Place& place) {
    const balance::CircuitPolicy& circuit = rule_.cluster.policy().circuit;
    auto opens = [](balance::Turnstile& turnstile, const std::optional<uint32_t>& limit,
                    balance::Turnstile::Place& held) {
        if (limit && !held) held = turnstile.enter(*limit);
        return !limit || held;
    };
    balance::Turnstile& own = state_.endpoints[place.choice->flat]->connections;
    if (!opens(own, circuit.max_connections_per_endpoint, place.of_endpoint))
        return Door{own, *circuit.max_connections_per_endpoint, place.of_endpoint};
    if (!opens(state_.counts->connections, circuit.max_connections, place.of_rule))
        return Door{state_.counts->connections, *circuit.max_connections, place.of_rule};
    return std::nullopt;
}

balance::Gauge::Slot AttemptPlan::join_queue(const Door& door) {
    if (door.limit == 0) return {};  // nobody would ever leave
    auto slot = state_.counts->pending.enter(rule_.cluster.policy().circuit.max_pending);
    if (slot) state_.counts->queued.fetch_add(1, std::memory_order_relaxed);
    return slot;
}

Result<void> AttemptPlan::arrive(Place& place) {
    const balance::CircuitPolicy& circuit = rule_.cluster.policy().circuit;
    if (!circuit.limits_attempts()) return {};
    place.slot = state_.counts->attempts.enter(circuit.max_requests);
    if (!place.slot) return overflow(place);
    return {};
}

std::unexpected<Error> AttemptPlan::overflow(Place& place) {
    leave(place);
    state_.counts->overflows.fetch_add(1, std::memory_order_relaxed);
    return fail(
        codes::upstream_overflow,
        fmt::format("the circuit breaker of rule {} of route {} is open", rule_.name, rule_.route));
}

void AttemptPlan::ended(balance::Verdict verdict, TimePoint now) {
    leave(current_);
    report(current_, verdict, now);
}

void AttemptPlan::end_hedge(std::optional<balance::Verdict> verdict, TimePoint now) {
    leave(hedge_);
    if (verdict) report(hedge_, *verdict, now);
    hedge_.choice.reset();
}

void AttemptPlan::report(const Place& place, balance::Verdict verdict, TimePoint now) {
    if (place.choice && rule_.cluster.outliers())
        rule_.cluster.outliers()->report(state_.endpoints, place.choice->flat, verdict, now);
}

void AttemptPlan::leave(Place& place) {
    place.slot.leave();
    place.of_rule.leave();
    place.of_endpoint.leave();
    if (place.counted)
        state_.endpoints[place.choice->flat]->active.fetch_sub(1, std::memory_order_relaxed);
    place.counted = false;
}

std::optional<AttemptPlan::Next> AttemptPlan::after(const balance::Outcome& outcome,
                                                    std::optional<std::chrono::seconds> retry_after,
                                                    uint64_t random, TimePoint now) {
    if (retry_after) note_retry_after(current_.choice->backend, now + *retry_after);
    if (retries_ >= policy().retries || !balance::retries(policy(), outcome) || now >= deadline_)
        return std::nullopt;
    bool answered = outcome.kind == balance::Outcome::Kind::answered ||
                    outcome.kind == balance::Outcome::Kind::broken_answer;
    attempts_.failed(rule_.cluster, *current_.choice, answered);
    auto choice = balance::choose(rule_.cluster, state_, attempts_, random, now);
    if (!choice) return std::nullopt;
    Next next{*choice, now + balance::backoff(policy(), retries_ + 1, random)};
    TimePoint wanted = not_before(choice->backend);
    if (wanted > now + std::max<balance::Duration>(policy().max, kShortWait)) return std::nullopt;
    next.at = std::max(next.at, wanted);
    if (next.at >= deadline_) return std::nullopt;
    if (!within_budget()) return std::nullopt;
    ++retries_;
    state_.counts->retries_done.fetch_add(1, std::memory_order_relaxed);
    return next;
}

bool AttemptPlan::within_budget() {
    if (!retry_)
        retry_ = state_.counts->retries.take(rule_.cluster.policy().retry_budget,
                                             state_.counts->exchanges.count());
    if (!retry_) state_.counts->retries_refused.fetch_add(1, std::memory_order_relaxed);
    return static_cast<bool>(retry_);
}

/// An endpoint that wants to be asked and was not yet, of any priority.
std::optional<balance::Choice> AttemptPlan::untried(uint64_t random, TimePoint now) {
    if (now >= deadline_) return std::nullopt;
    attempts_.failed(rule_.cluster, *current_.choice, true);
    attempts_.only_untried = true;
    auto choice = balance::choose(rule_.cluster, state_, attempts_, random, now);
    attempts_.only_untried = false;
    if (choice && not_before(choice->backend) > now) return std::nullopt;
    return choice;
}

std::optional<AttemptPlan::Next> AttemptPlan::elsewhere(uint64_t random, TimePoint now) {
    auto choice = untried(random, now);
    if (!choice || !within_budget()) return std::nullopt;
    return Next{*choice, now};
}

std::optional<balance::Choice> AttemptPlan::hedge(uint64_t random, TimePoint now) {
    auto choice = untried(random, now);
    if (!choice || choice->backend == current_.choice->backend || !within_budget())
        return std::nullopt;
    return choice;
}

void AttemptPlan::note_retry_after(uint32_t backend, TimePoint until) {
    for (Asked& asked : asked_)
        if (asked.backend == backend) {
            asked.until = until;
            return;
        }
    asked_[next_asked_++ % asked_.size()] = {backend, until};
}

AttemptPlan::TimePoint AttemptPlan::not_before(uint32_t backend) const {
    for (const Asked& asked : asked_)
        if (asked.backend == backend) return asked.until;
    return {};
}

std::optional<std::chrono::seconds> AttemptPlan::client_retry_after(TimePoint now) const {
    std::optional<std::chrono::seconds> soonest;
    for (const Asked& asked : asked_) {
        if (asked.backend == UINT32_MAX) continue;
        auto left = std::chrono::ceil<std::chrono::seconds>(std::max(asked.until, now) - now);
        soonest = soonest ? std::min(*soonest, left) : left;
    }
    return soonest;
}

}  // namespace weir::proxy
