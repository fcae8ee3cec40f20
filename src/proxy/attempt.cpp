// Phase 9, attempt: choose a backend, send, await the first byte, and try again elsewhere while the
// client has seen nothing.
#include <fmt/format.h>

#include "net/sleep.h"
#include "proxy/exchange_run.h"

namespace weir::proxy {
namespace {

std::optional<std::chrono::seconds> retry_after_of(const http::ResponseHead& head,
                                                   const Clock& clock) {
    std::string_view value = head.headers.value("retry-after");
    if (value.empty()) return std::nullopt;
    return balance::parse_retry_after(value, std::chrono::duration_cast<std::chrono::seconds>(
                                                 clock.system_now().time_since_epoch())
                                                 .count());
}

iovec piece_of(std::string_view text) {
    return {const_cast<char*>(text.data()), text.size()};
}

}  // namespace

/// The end of the whole exchange.
net::TimePoint ExchangeRun::whole_deadline() const {
    net::TimePoint end =
        timeouts().request.count() ? client_.begun() + timeouts().request : net::kNever;
    config::Duration longest = entry_->settings.life.max_stream;
    return longest.count() ? std::min(end, client_.begun() + longest) : end;
}

/// `allowance` from now, but not beyond the exchange's end nor, before the client's first byte, the
/// attempt's.
net::TimePoint ExchangeRun::until(config::Duration allowance) const {
    return until(allowance, content_sent_ ? net::kNever : try_deadline_);
}

net::TimePoint ExchangeRun::until(config::Duration allowance, net::TimePoint latest) const {
    latest = std::min(latest, whole_deadline());
    if (allowance.count() == 0) return latest;
    return std::min(latest, std::chrono::steady_clock::now() + allowance);
}

net::TimePoint ExchangeRun::try_deadline_of(net::TimePoint begun) const {
    auto allowance = plan_->policy().per_try;
    return allowance.count() > 0 ? begun + allowance : net::kNever;
}

net::Task<Result<void>> ExchangeRun::attempts() {
    AttemptPlan& plan = plan_.emplace(*rule_, pinned_->clusters[rule_->id], whole_deadline());
    if (auto key = affinity_key()) plan.set_hash(*key);
    std::optional<AttemptPlan::Next> next;
    if (rule_->attempts.size() > 1) {
        if (auto issuer = issuer_of_request()) next = plan.first_at(*issuer);
        kept_ = next.has_value();
        if (kept_) plan.state().counts->kept.fetch_add(1, std::memory_order_relaxed);
        watches_seals_ = may_answer_sealed();
    }
    if (!next) next = plan.first(gateway_.random(), std::chrono::steady_clock::now());
    if (!next) co_return nowhere_to_go();
    while (true) {
        if (next->at > std::chrono::steady_clock::now())
            co_await net::Sleep(gateway_.parts_.worker, next->at, client_.cancel());
        attempt_ = &rule_->attempts[next->choice.backend];
        ++record_.attempts;
        record_.error = nullptr;  // of the attempt before
        if (plan.may_wait())
            WEIR_CO_CHECK(co_await begin_attempt(next->choice));
        else
            WEIR_CO_CHECK(plan.begin(next->choice));
        another_.reset();
        Result<void> outcome = co_await attempt_once(*attempt_, next->choice.endpoint);
        note_attempt(outcome);
        if (outcome) co_return outcome;
        auto now = std::chrono::steady_clock::now();
        if (!another_) {
            plan.ended(verdict_of(outcome.error()), now);
            if (!outcome.error().retryable() || content_sent_ || request_released_)
                co_return outcome;
            another_ =
                plan.after(outcome_of(outcome.error()), std::nullopt, gateway_.random(), now);
            if (!another_) co_return outcome;
        }
        next = another_;
        // Reported before it failed: it was used, though nobody saw what for.
        if (!record_.usage.empty()) discard_attempt();
    }
}

std::unexpected<Error> ExchangeRun::nowhere_to_go() const {
    bool takes_traffic = rule_->cluster.levels() > 0;
    if (takes_traffic)
        return fail(codes::upstream_unhealthy,
                    fmt::format("no endpoint of rule {} of route {} is healthy", rule_->name,
                                rule_->route));
    return fail(codes::route_no_backend,
                fmt::format("rule {} of route {} has no backend that takes traffic", rule_->name,
                            rule_->route));
}

/// For the metrics and the access log's list of attempts.
void ExchangeRun::note_attempt(const Result<void>& outcome) {
    std::string_view word = outcome ? std::string_view("ok") : outcome.error().code().name;
    gateway_.parts_.metrics.attempt(attempt_->backend, word);
    if (outcome && record_.attempts == 1) return;
    std::string& list = record_.attempt_list;
    list.append(list.empty() ? "" : ", ").append(attempt_->backend).append(": ").append(word);
    if (last_status_ >= 400) list.append(fmt::format(" ({})", last_status_));
}

/// The provider said no, before any content. True if another attempt follows (`another_`), so that
/// this answer need not reach the client.
bool ExchangeRun::refused(int status, std::optional<std::chrono::seconds> retry_after) {
    using Kind = balance::Outcome::Kind;
    auto now = std::chrono::steady_clock::now();
    plan_->ended(status ? verdict_of(status) : balance::Verdict::server_error, now);
    if (request_released_) return false;  // an upload is sent once
    another_ = plan_->after({status ? Kind::answered : Kind::broken_answer, status}, retry_after,
                            gateway_.random(), now);
    return another_.has_value();
}

/// When `another_` is set, the outcome is a refusal that the client need not see.
net::Task<Result<void>> ExchangeRun::attempt_once(const snapshot::Attempt& attempt,
                                                  uint32_t endpoint) {
    last_status_ = 0;
    answer_begun_ = false;
    try_deadline_ = try_deadline_of(std::chrono::steady_clock::now());
    meter_ = {};
    if (!attempt.quotas.empty()) {
        Result<void> reserved = reserve_quota(attempt);
        if (!reserved && limits_.lacks_lease()) reserved = co_await reserve_with_leases(&attempt);
        if (!reserved) co_return reserved;
    }
    if (must_estimate(attempt)) co_return co_await answer_estimate(attempt);
    if (limits_.active()) begin_meters(attempt);
    do {
        ask_again_ = false;
        bool whole = attempt.credential->needs_body() || !passes_through(attempt);
        if (upload_ && whole) WEIR_CO_CHECK(co_await hold_request());
        if (continuation_ && continuation_->due) WEIR_CO_CHECK(ask_to_continue(attempt));
        if (auto delay = hedge_delay()) {
            WEIR_CO_CHECK(co_await attempt_hedged(attempt, endpoint, *delay));
            continue;
        }
        AttemptRun& run = scratch_->attempt;
        run.begin(attempt, endpoint, client_.cancel(), try_deadline_);
        auto prepared = prepare(attempt, run.out);
        adopt(run);
        if (!prepared) co_return prepared;
        WEIR_CO_CHECK(co_await send(run));
        if (prefill_was_refused(run.head->status)) {
            ask_again_ = true;
            continue;
        }
        if (auto accepted = accept_status(run); !accepted) {
            run.upstream = {};
            co_return accepted;
        }
        WEIR_CO_CHECK(co_await relay(run));
    } while (ask_again_);
    if (last_status_ < 400)
        plan_->ended(balance::Verdict::success, std::chrono::steady_clock::now());
    co_return Result<void>();
}

/// What the exchange is remembered by is this attempt's from here on.
void ExchangeRun::adopt(AttemptRun& run) {
    record_.provider_model = run.out.context.model;
    record_.lost_of_request.swap(run.out.dropped);
    record_.upstream = run.address;
    record_.sent = run.sent;
    try_deadline_ = run.deadline;
}

/// Fails if the provider refused and somebody else is asked.
Result<void> ExchangeRun::accept_status(const AttemptRun& run) {
    last_status_ = run.head->status;
    if (last_status_ >= 400 &&
        refused(last_status_, retry_after_of(*run.head, gateway_.parts_.clock)))
        return fail(codes::upstream_error,
                    fmt::format("{} answered {}", run.attempt->backend, last_status_));
    return {};
}

/// A pooled connection may have died unseen: then the request is sent once more on a new one.
net::Task<Result<void>> ExchangeRun::send(AttemptRun& run) {
    const http::Origin& origin = pinned_->origins[run.attempt->origins[run.endpoint]];
    run.address = origin.address;
    if (!run.races) record_.upstream = run.address;
    for (bool fresh = upload_.has_value();; fresh = true) {
        auto upstream = co_await gateway_.parts_.pool.acquire(
            origin, until(timeouts().connect, run.deadline), run.cancel, fresh);
        if (!upstream) co_return std::unexpected(std::move(upstream).error());
        net::Duration stall = timeouts().stream_idle.count()
                                  ? net::Duration(timeouts().stream_idle)
                                  : net::Duration(std::chrono::hours(24));
        const Outgoing& out = run.out;
        Result<void> sent;
        if (upload_) {
            request_released_ = true;
            std::array held{out.body, out.inserted, out.rest};
            sent = co_await upload_->send(*upstream, out.head, held, stall, until({}));
        } else {
            std::array pieces{piece_of(out.head), piece_of(out.body), piece_of(out.inserted),
                              piece_of(out.rest)};
            std::size_t count = out.inserted.empty() ? 2 : 4;
            sent = co_await upstream->send(std::span(pieces).first(count), stall);
        }
        if (!sent) co_return std::unexpected(std::move(sent).error());
        run.sent = std::chrono::steady_clock::now();
        if (!run.races) record_.sent = run.sent;
        run.upstream = std::move(*upstream);
        auto answer = co_await await_head(run);
        if (answer) {
            run.head = *answer;
            co_return Result<void>();
        }
        bool died_in_pool = run.upstream.reused() && run.upstream.untouched() &&
                            answer.error().code().name == codes::upstream_reset.name;
        run.upstream = {};
        if (fresh || !died_in_pool) co_return std::unexpected(std::move(answer).error());
    }
}

/// The answer's head. A client that waits for a stream is told meanwhile that it is not forgotten;
/// while attempts race, their exchange does that.
net::Task<Result<const ExchangeRun::Head*>> ExchangeRun::await_head(AttemptRun& run) {
    net::TimePoint deadline = until(timeouts().first_byte, run.deadline);
    if (auto limit = rule_->streams.first_token; limit.count() && inspection_.stream)
        deadline = std::min(deadline, run.sent + limit);
    std::string_view method = record_.method;
    while (true) {
        net::TimePoint pause = run.races ? deadline : std::min(deadline, next_keep_alive());
        auto answer = co_await run.upstream.read_head(method, pause);
        if (answer || answer.error().code().name != codes::upstream_first_byte_timeout.name ||
            std::chrono::steady_clock::now() >= deadline)
            co_return answer;
        co_await keep_alive();
    }
}

}  // namespace weir::proxy
