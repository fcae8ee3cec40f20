// Phase 9, attempt, hedged: when an answer is late, another backend is asked too; who has the first
// token wins, the other one is cancelled at once. Both are settled.
#include "balance/hash.h"
#include "base/log.h"
#include "proxy/exchange_run.h"
#include "proxy/first_token.h"
#include "proxy/race.h"

namespace weir::proxy {
namespace {

/// Asking twice does no harm: nothing is stored, nothing else is set going.
bool safe_to_ask_twice(dialect::Operation operation) {
    using Op = dialect::Operation;
    return operation == Op::chat || operation == Op::completions || operation == Op::messages ||
           operation == Op::responses || operation == Op::embeddings ||
           operation == Op::count_tokens || operation == Op::moderation || operation == Op::rerank;
}

}  // namespace

/// The head's fields in storage of our own.
void Contestant::keep_head() {
    const http::ResponseHead& head = *run.head;
    std::size_t size = 0;
    for (const auto& field : head.headers)
        size += field.name.size() + field.value.size();
    kept_text.clear();
    kept_text.reserve(size);  // views of it are taken as it grows
    auto keep = [this](std::string_view text) {
        std::size_t at = kept_text.size();
        kept_text.append(text);
        return std::string_view(kept_text).substr(at);
    };
    kept = {};
    kept.status = head.status;
    kept.minor = head.minor;
    kept.keep_alive = head.keep_alive;
    kept.framing = head.framing;
    for (const auto& field : head.headers) {
        std::string_view name = keep(field.name);
        kept.headers.add(name, keep(field.value));
    }
    run.head = &kept;
}

balance::LatencyWindow& ExchangeRun::learned() {
    uint64_t model = balance::hash_of(record_.client_model);
    return plan_->state().counts->first_tokens.of(inspection_.stream ? model : ~model);
}

/// How long the first attempt has before it is hedged; nothing: it is not.
std::optional<net::Duration> ExchangeRun::hedge_delay() {
    const auto& hedging = rule_->hedging;
    if (!hedging || !operation_ || upload_ || record_.hedges > 0 ||
        rule_->cluster.endpoints().size() < 2 || !safe_to_ask_twice(*operation_))
        return std::nullopt;
    if (kept_ || (continuation_ && continuation_->due)) return std::nullopt;
    if (*operation_ == dialect::Operation::responses && keeps_state()) return std::nullopt;
    if (hedging->delay) return *hedging->delay;
    return hedging->percentile ? learned().percentile(*hedging->percentile) : std::nullopt;
}

/// A response that goes on without its client, or belongs to a conversation that the provider
/// keeps.
bool ExchangeRun::keeps_state() {
    if (!refresh_peek()) return true;
    for (std::string_view name : {"background", "conversation"})
        if (const auto* member = inspection_.peek.find(name);
            member && member->raw != "false" && member->raw != "null")
            return true;
    return false;
}

net::Task<Result<void>> ExchangeRun::attempt_hedged(const snapshot::Attempt& attempt,
                                                    uint32_t endpoint, net::Duration delay) {
    Race race(gateway_.parts_.worker);
    const auto hedge_at = std::chrono::steady_clock::now() + delay;
    int64_t cost = expected_cost();
    if (record_.attempts == 1)
        plan_->state().counts->hedging.earn(rule_->hedging->budget_percent, cost);
    Contestant* first_of_all = nullptr;
    WEIR_CO_CHECK(enter(race, race.two[0], attempt, endpoint));
    try {
        bool tried = false;
        while (!first_of_all) {
            auto wake = std::min(tried ? net::kNever : hedge_at, next_keep_alive());
            co_await race.news.wait(wake, client_.cancel());
            auto now = std::chrono::steady_clock::now();
            first_of_all = winner(race);
            if (first_of_all) break;
            if (!tried && now >= hedge_at) {
                tried = true;
                hedge(race, cost);
            }
            if (now >= next_keep_alive()) co_await keep_alive();
        }
    } catch (const net::Cancelled&) {
        for (bool second = false; Contestant & one : race.two) {
            if (!one.running) continue;
            if (second)
                discard(one, "cancelled", false);
            else
                adopt(one.run);
            second = true;
        }
        throw;
    }
    Contestant& won = *first_of_all;
    settle_race(race, won);
    adopt(won.run);
    if (!*won.outcome && !(won.run.head && won.run.upstream))
        co_return std::unexpected(std::move(*won.outcome).error());
    // From here on it is an attempt like any other, and the client's.
    if (won.run.upstream) won.run.upstream.wait_on(client_.cancel());
    WEIR_CO_CHECK(accept_status(won.run));
    co_return co_await relay(won.run);
}

/// Sets an attempt going.
Result<void> ExchangeRun::enter(Race& race, Contestant& one, const snapshot::Attempt& attempt,
                                uint32_t endpoint) {
    one.begun = std::chrono::steady_clock::now();
    one.run.begin(attempt, endpoint, one.cancel, try_deadline_of(one.begun));
    one.run.races = true;
    WEIR_CHECK(prepare(attempt, one.run.out));
    one.running = true;
    race.scope.spawn(contend(race, one));
    return {};
}

net::Task<void> ExchangeRun::contend(Race& race, Contestant& one) {
    try {
        auto outcome = co_await open(one);
        one.outcome.emplace(std::move(outcome));
    } catch (const net::Cancelled&) {
        co_return;
    } catch (const std::exception& bug) {
        log::error("an attempt of request {} ended with an exception: {}", record_.request_id,
                   bug.what());
        one.outcome.emplace(fail(codes::internal_error, "an attempt ended with an exception"));
    }
    race.news.set();
}

/// Sends, and reads until there is something that decides the race.
net::Task<Result<void>> ExchangeRun::open(Contestant& one) {
    WEIR_CO_CHECK(co_await send(one.run));
    const http::Headers& headers = one.run.head->headers;
    if (one.run.head->status >= 400 || !one.run.out.stream ||
        !headers.value("content-encoding").empty())
        co_return Result<void>();
    // Frames that pass as they are (Bedrock to its own clients) are not looked into.
    if (!one.run.out.translated &&
        !istarts_with(trim(headers.value("content-type")), "text/event-stream"))
        co_return Result<void>();
    one.keep_head();
    FirstToken token(one.run.out.context, one.run.out.translated);
    auto limit = rule_->streams.first_token;
    const net::TimePoint latest = limit.count() ? one.run.sent + limit : net::kNever;
    while (true) {
        auto deadline = std::min(latest, until(timeouts().stream_idle, one.run.deadline));
        auto piece = co_await one.run.upstream.read_body(deadline);
        if (!piece && std::chrono::steady_clock::now() >= latest)
            co_return fail(codes::upstream_first_token_timeout,
                           "the provider sent no content in time");
        if (!piece) co_return std::unexpected(std::move(piece).error());
        one.run.early.append(*piece);
        auto seen = token.look(*piece);
        one.usage = token.usage();
        if (seen == FirstToken::Seen::failure)
            co_return fail(codes::upstream_error, "the provider's stream began with an error");
        if (seen == FirstToken::Seen::content || one.run.early.size() >= kHoldBack)
            co_return Result<void>();
        if (piece->empty() || one.run.upstream.body_done())
            co_return fail(codes::upstream_empty, "the provider's stream held no content");
    }
}

/// The second attempt, if there is somebody to ask and a budget for it.
void ExchangeRun::hedge(Race& race, int64_t cost) {
    auto now = std::chrono::steady_clock::now();
    auto choice = plan_->hedge(gateway_.random(), now);
    if (!choice) return;
    const snapshot::Attempt& other = rule_->attempts[choice->backend];
    if (!other.quotas.empty()) return;  // it could not be reserved beside the first one's
    auto& counts = *plan_->state().counts;
    if (!counts.hedging.spend(rule_->hedging->budget_percent, cost)) {
        counts.hedges_refused.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    if (!plan_->begin_hedge(*choice) || !enter(race, race.two[1], other, choice->endpoint)) {
        plan_->end_hedge(std::nullopt, now);
        return;
    }
    ++record_.hedges;
    ++record_.attempts;
    counts.hedges_done.fetch_add(1, std::memory_order_relaxed);
}

/// Who has decided the race: who has an answer; of the first attempt also a refusal that nobody
/// else would mend (the hedge's may be its backend's alone); when the other has failed, whoever is
/// left.
Contestant* ExchangeRun::winner(Race& race) {
    auto now = std::chrono::steady_clock::now();
    int left = race.two[0].running + race.two[1].running;
    for (Contestant& one : race.two) {
        if (!one.running || !one.outcome) continue;
        const int status = *one.outcome ? one.run.head->status : 0;
        bool final = &one == &race.two[0] &&
                     !balance::retries(plan_->policy(), {balance::Outcome::Kind::answered, status});
        bool decided = *one.outcome && (status < 400 || final);
        if (decided || left == 1) return &one;
        drop(race, one, now);
        --left;
    }
    return nullptr;
}

/// One of two has failed: the exchange goes on with the other.
void ExchangeRun::drop(Race& race, Contestant& one, net::TimePoint now) {
    one.running = false;
    std::string_view word =
        *one.outcome ? codes::upstream_error.name : one.outcome->error().code().name;
    auto verdict =
        *one.outcome ? verdict_of(one.run.head->status) : verdict_of(one.outcome->error());
    if (&one == &race.two[0]) {
        plan_->ended(verdict, now);
        plan_->take_hedge();
    } else {
        plan_->end_hedge(verdict, now);
    }
    discard(one, word, one.usage.empty());
    one.run.upstream = {};
}

/// What the attempts other than the winner used, and what was learned.
void ExchangeRun::settle_race(Race& race, Contestant& won) {
    auto now = std::chrono::steady_clock::now();
    Contestant& other = &won == &race.two[0] ? race.two[1] : race.two[0];
    attempt_ = won.run.attempt;
    if (!other.running) return;
    other.running = false;
    other.cancel.cancel();
    other.run.upstream = {};
    learned().record(now - other.begun);  // at least so long
    if (&won == &race.two[1]) {
        plan_->take_hedge();
        plan_->state().counts->hedges_won.fetch_add(1, std::memory_order_relaxed);
    }
    plan_->end_hedge(std::nullopt, now);
    discard(other, "outpaced", false);
}

/// Counts what an attempt used that is not the one whose answer the client gets. `free`: a provider
/// that failed without a word about usage is taken to charge nothing.
void ExchangeRun::discard(Contestant& one, std::string_view word, bool free) {
    const snapshot::Attempt& attempt = *one.run.attempt;
    gateway_.parts_.metrics.attempt(attempt.backend, word);
    std::string& list = record_.attempt_list;
    list.append(list.empty() ? "" : ", ").append(attempt.backend).append(": ").append(word);
    if (free || one.run.sent == net::TimePoint{}) return;
    dialect::Usage used = one.usage;
    if (!used.input) {
        used.input = expected().input;
        record_.discard_estimated = true;
    }
    count_discarded(used, one.run.out.context.model, attempt);
}

}  // namespace weir::proxy
