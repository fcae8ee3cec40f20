#include "proxy/limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"

namespace weir::proxy {
namespace {

using snapshot::LimitMatch;
using snapshot::LimitRule;
using snapshot::TokenCounts;

constexpr uint64_t kStep = 64;  // tokens that a stream which outgrew its reservation takes at once

uint64_t count(int64_t tokens) {
    return static_cast<uint64_t>(std::max<int64_t>(tokens, 0));
}

quota::Enforcement enforcement_of(const LimitRule& rule) {
    return rule.settings.enforcement == config::Enforcement::reserve
               ? quota::Enforcement::reserve
               : quota::Enforcement::afterwards;
}

quota::LeaseNeed need_of(const LimitMatch& match, uint64_t amount) {
    return {.counters = match.rule->counters,
            .key = match.key,
            .limit = match.rule->limit,
            .amount = amount,
            .ahead = match.rule->settings.lease == config::Lease::automatic};
}

std::string_view unit_name(const LimitRule& rule) {
    return quota::to_string(rule.window.unit);
}

/// Says what is full and when to come back; names the rule, never a key.
std::string message(const LimitRule& rule, const quota::Refusal& why, quota::Time now) {
    std::string_view what = rule.counts_requests ? "requests" : "tokens";
    std::string text =
        fmt::format("Rate limit reached: {} allows {} {} per {}, {} are taken", rule.name,
                    rule.limit, what, unit_name(rule), why.standing.taken);
    if (why.never_fits)
        return text + fmt::format(", and this request needs {}, which never fits; ask for less",
                                  why.amount);
    if (!rule.counts_requests) text += fmt::format(" and this request needs {}", why.amount);
    return text + fmt::format(". Try again in {}.", reset_text(why.retry - now));
}

/// An expression that fails costs the total. Said at most once a second, for all workers.
void say_failed(const LimitRule& rule, quota::Time now) {
    static std::atomic<int64_t> last{0};
    int64_t second = now.time_since_epoch().count() / 1000;
    if (last.exchange(second, std::memory_order_relaxed) == second) return;
    log::warn(
        "limit {}: the cost expression cannot be evaluated for this usage; the total of tokens "
        "is charged",
        rule.name);
}

void number_header(http::Exchange& client, std::string_view name, uint64_t value) {
    client.header(name, fmt::format_int(value).c_str());
}

}  // namespace

std::string reset_text(std::chrono::milliseconds left) {
    auto ms = std::max<int64_t>(left.count(), 0);
    if (ms < 1000) return fmt::format("{}ms", ms);
    int64_t seconds = (ms + 999) / 1000;
    if (seconds < 60) return fmt::format("{}s", seconds);
    if (seconds < 3600) return fmt::format("{}m{}s", seconds / 60, seconds % 60);
    return fmt::format("{}h{}m{}s", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

void LimitRun::clear() {
    held_.release();
    quota_held_.release();
    rules_.clear();
    quota_rules_.clear();
    model_.clear();
    route_ = {};
    estimate_ = {};
    cuts_ = false;
    lacks_lease_ = false;
    refusal_.reset();
    report_.reset();
    discarded_.clear();
    quota_backend_ = {};
}

bool LimitRun::select(const snapshot::LimitPlan& plan, const LimitFacts& facts) {
    plan.select(facts.view, facts.port, facts.hasher, scratch_);
    route_ = facts.route;
    plan_ = &plan;
    leases_ = facts.leases;
    lease_states_.assign(leases_ ? scratch_.matches.size() : 0, LeaseState::unknown);
    return std::any_of(scratch_.matches.begin(), scratch_.matches.end(),
                       [](const LimitMatch& match) { return !match.rule->cost.nothing(); });
}

/// What the request may cost, as far as a limit is concerned: an output that nobody asked for is
/// assumed, and never alone a reason to refuse what a fresh window would admit.
TokenCounts LimitRun::assumed(uint64_t limit) const {
    TokenCounts counts;
    counts.input = count(estimate_.input);
    counts.output = count(estimate_.output);
    if (!estimate_.output_bounded) counts.output = std::min(counts.output, limit / 10);
    counts.total = counts.input + counts.output;
    return counts;
}

snapshot::Cost::Amount LimitRun::price(const LimitRule& rule, const TokenCounts& counts,
                                       std::string_view model, std::string_view backend) const {
    return rule.cost.of(counts, {.model = model, .backend = backend, .route = route_});
}

void LimitRun::demand(const LimitMatch& match, std::string_view model, std::string_view backend) {
    const LimitRule& rule = *match.rule;
    quota::Demand demand{.counters = rule.counters.get(),
                         .key = match.key,
                         .limit = rule.limit,
                         .amount = rule.request_cost,
                         .enforcement = enforcement_of(rule),
                         .shadow = rule.shadow,
                         .group = rule.group};
    if (demand.enforcement == quota::Enforcement::reserve && !rule.cost.nothing())
        demand.amount += price(rule, assumed(rule.limit), model, backend).tokens;
    // A rule without any cost only looks.
    if (demand.amount == 0) demand.enforcement = quota::Enforcement::afterwards;
    demands_.push_back(demand);
}

Result<void> LimitRun::take(const std::vector<LimitMatch>& matches, quota::Reservation& into,
                            const Code& code, std::string_view model, std::string_view backend,
                            quota::Time now) {
    demands_.clear();
    for (const auto& match : matches) {
        demand(match, model, backend);
        if (match.rule->window.leased)
            demands_.back().lacking = lacking(*match.rule, lease_states_[demands_.size() - 1]);
        cuts_ |= match.rule->settings.overflow == config::Overflow::cut && !match.rule->shadow &&
                 match.rule->cost.grows_with_output();
    }
    auto refusal = quota::reserve(demands_, now, into);
    lacks_lease_ = refusal && refusal->lacks_lease;
    if (lacks_lease_) {
        find_needs(matches, now);
        return fail(code);
    }
    if (!refusal) {
        if (leases_) note_leases(matches, into, now);
        return {};
    }
    const LimitRule& rule = *matches[refusal->demand].rule;
    report_ = Report{rule.name, 0, 0, refusal->standing.remaining(), false};
    bool closed = rule.window.leased && !refusal->never_fits &&
                  lease_states_[refusal->demand] == LeaseState::lost &&
                  rule.settings.failure == config::StoreFailure::closed;
    if (closed) {
        rule.counters->refused_without_store.fetch_add(1, std::memory_order_relaxed);
        return fail(codes::quota_unavailable,
                    fmt::format("{} is shared with other gateways, and its store does not answer",
                                rule.name));
    }
    refusal_ = Refused{&rule, *refusal};
    return fail(code, message(rule, *refusal, now));
}

/// What a demand does that its lease has no room for.
quota::Lacking LimitRun::lacking(const LimitRule& rule, LeaseState state) {
    if (state == LeaseState::unknown) return quota::Lacking::ask;
    if (state == LeaseState::full) return quota::Lacking::refuse;
    switch (rule.settings.failure) {
        case config::StoreFailure::open:
            return quota::Lacking::admit;
        case config::StoreFailure::closed:
            return quota::Lacking::refuse;
        case config::StoreFailure::local:
            return quota::Lacking::rest;
    }
    return quota::Lacking::rest;
}

void LimitRun::find_needs(const std::vector<LimitMatch>& matches, quota::Time now) {
    growing_ = false;
    needs_.clear();
    lacking_.clear();
    for (std::size_t i = 0; i < demands_.size(); ++i) {
        if (!quota::lacks_lease(demands_[i], now)) continue;
        needs_.push_back(need_of(matches[i], demands_[i].asked()));
        lacking_.push_back(i);
    }
}

void LimitRun::learn(const std::vector<quota::LeaseOutcome>& outcomes) {
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        if (outcomes[i] == quota::LeaseOutcome::granted) continue;
        bool full = outcomes[i] == quota::LeaseOutcome::full;
        (growing_ ? growth_ : lease_states_[lacking_[i]]) =
            full ? LeaseState::full : LeaseState::lost;
    }
}

void LimitRun::do_without() {
    if (growing_)
        growth_ = LeaseState::lost;
    else
        std::fill(lease_states_.begin(), lease_states_.end(), LeaseState::lost);
}

void LimitRun::touch(const LimitMatch& match) {
    leases_->touch(need_of(match, 0));
}

/// The keeper must hear of what was taken without it.
void LimitRun::note_leases(const std::vector<LimitMatch>& matches, const quota::Reservation& held,
                           quota::Time now) {
    for (std::size_t i = 0; i < matches.size(); ++i) {
        const LimitRule& rule = *matches[i].rule;
        bool lost = rule.window.leased && lease_states_[i] == LeaseState::lost;
        if (lost) rule.counters->admitted_without_store.fetch_add(1, std::memory_order_relaxed);
        // Buckets of a quota are charged though they have no room, if one of them has.
        if ((lost || rule.group != 0) && held.beyond_lease(i, now)) touch(matches[i]);
    }
}

/// Keeps what the keys of rules that show them stand for, the first time they are seen.
void LimitRun::remember(const LimitFacts& facts) {
    for (const auto& match : scratch_.matches)
        if (match.rule->settings.show_keys && !match.rule->counters->knows(match.key))
            match.rule->counters->remember(match.key, plan_->values(*match.rule, facts.view));
}

Result<void> LimitRun::reserve(const LimitFacts& facts, const tokens::Estimate& estimate,
                               std::string_view model, quota::Time now) {
    estimate_ = estimate;
    model_ = model;
    WEIR_CHECK(take(scratch_.matches, held_, codes::quota_exhausted, model, {}, now));
    remember(facts);
    rules_.swap(scratch_.matches);
    return {};
}

const snapshot::QuotaPlan* LimitRun::quota_of(const snapshot::Attempt& attempt,
                                              std::string_view model) {
    const snapshot::QuotaPlan* found = nullptr;
    for (const auto& quota : attempt.quotas) {
        if (quota.model == model) return &quota;
        if (quota.model.empty()) found = &quota;
    }
    return found;
}

Result<void> LimitRun::reserve_quota(const snapshot::Attempt& attempt, std::string_view model,
                                     const LimitFacts& facts, quota::Time now) {
    quota_held_.release();
    quota_rules_.clear();
    const snapshot::QuotaPlan* quota = quota_of(attempt, model);
    if (!quota) return {};
    select(quota->plan, facts);
    return reserve_quota_again(attempt, model, facts, now);
}

Result<void> LimitRun::reserve_quota_again(const snapshot::Attempt& attempt, std::string_view model,
                                           const LimitFacts& facts, quota::Time now) {
    WEIR_CHECK(
        take(scratch_.matches, quota_held_, codes::quota_backend, model, attempt.reference, now));
    remember(facts);
    quota_rules_.swap(scratch_.matches);
    quota_backend_ = attempt.reference;
    refusal_.reset();  // of a backend before
    report_.reset();
    return {};
}

void LimitRun::consider(const std::vector<LimitMatch>& rules, const quota::Reservation& held,
                        bool requests, quota::Time now, std::optional<Share>& best) const {
    for (std::size_t i = 0; i < held.size(); ++i) {
        const LimitRule& rule = *rules[i].rule;
        if (rule.shadow || rule.counts_requests != requests) continue;
        Share share{&rule, held.standing(i, now), held.reserved(i)};
        auto part = [](const quota::Standing& s) {
            return static_cast<double>(s.remaining()) /
                   static_cast<double>(std::max<uint64_t>(s.limit, 1));
        };
        if (!best || part(share.standing) < part(best->standing)) best = share;
    }
}

std::optional<LimitRun::Share> LimitRun::least(bool requests, quota::Time now) const {
    if (refusal_ && refusal_->rule->counts_requests == requests)
        return Share{refusal_->rule, refusal_->why.standing, 0};
    std::optional<Share> best;
    consider(rules_, held_, requests, now, best);
    consider(quota_rules_, quota_held_, requests, now, best);
    return best;
}

void LimitRun::write_headers(http::Exchange& client, quota::Time now) const {
    if (refusal_) {
        auto wait = std::chrono::ceil<std::chrono::seconds>(refusal_->why.retry - now).count();
        number_header(client, "retry-after", static_cast<uint64_t>(std::max<int64_t>(wait, 1)));
    }
    for (bool requests : {false, true}) {
        auto share = least(requests, now);
        if (!share) continue;
        number_header(client, requests ? "x-ratelimit-limit-requests" : "x-ratelimit-limit-tokens",
                      share->standing.limit);
        number_header(client,
                      requests ? "x-ratelimit-remaining-requests" : "x-ratelimit-remaining-tokens",
                      share->standing.remaining());
        client.header(requests ? "x-ratelimit-reset-requests" : "x-ratelimit-reset-tokens",
                      reset_text(share->standing.resets - now));
    }
}

bool LimitRun::grow(const std::vector<LimitMatch>& rules, quota::Reservation& held,
                    uint64_t produced, quota::Time now) {
    TokenCounts counts;
    counts.input = count(estimate_.input);
    counts.output = produced;
    counts.total = counts.input + counts.output;
    bool room = true;
    for (std::size_t i = 0; i < held.size(); ++i) {
        const LimitRule& rule = *rules[i].rule;
        if (rule.settings.overflow != config::Overflow::cut || rule.shadow ||
            !rule.cost.grows_with_output())
            continue;
        uint64_t needs = rule.request_cost + price(rule, counts, model_, {}).tokens;
        uint64_t has = held.reserved(i);
        if (needs <= has) continue;
        // In steps, and for the last tokens of a limit exactly.
        quota::Lacking otherwise = lacking(rule, growth_);
        if (held.extend(i, needs - has + kStep, now, otherwise) ||
            held.extend(i, needs - has, now, otherwise)) {
            if (growth_ == LeaseState::lost && held.beyond_lease(i, now)) touch(rules[i]);
            continue;
        }
        room = false;
        if (!rule.window.leased || otherwise != quota::Lacking::ask) continue;
        lacks_lease_ = true;
        needs_.push_back(need_of(rules[i], needs - has));
    }
    return room;
}

bool LimitRun::may_grow(uint64_t produced, quota::Time now) {
    growth_ = LeaseState::unknown;
    return may_grow_again(produced, now);
}

bool LimitRun::may_grow_again(uint64_t produced, quota::Time now) {
    growing_ = true;
    lacks_lease_ = false;
    needs_.clear();
    bool room = grow(rules_, held_, produced, now);
    return grow(quota_rules_, quota_held_, produced, now) && room;
}

void LimitRun::settle(const std::vector<LimitMatch>& rules, quota::Reservation& held,
                      const LimitOutcome& outcome, const TokenCounts& counts, quota::Time now,
                      const Share& reported) {
    actual_.clear();
    for (const auto& match : rules) {
        const LimitRule& rule = *match.rule;
        uint64_t amount = rule.request_cost;
        if (outcome.kind != LimitOutcome::Kind::nothing) {
            auto cost = price(rule, counts, outcome.model, outcome.backend);
            if (cost.failed) say_failed(rule, now);
            amount += cost.tokens;
        }
        for (const Discarded& other : discarded_)
            if (&rules == &rules_)
                amount += price(rule, other.counts, other.model, other.backend).tokens;
        actual_.push_back(amount);
        if (reported.rule != &rule || report_) continue;
        quota::Standing after = reported.standing;
        after.taken += amount - std::min(amount, reported.reserved);
        after.taken -=
            std::min(after.taken, reported.reserved - std::min(amount, reported.reserved));
        report_ = Report{rule.name, reported.reserved, amount, after.remaining(), false};
    }
    held.settle(actual_, now);
    if (!leases_) return;
    for (const auto& match : rules)
        if (match.rule->window.leased && match.rule->settings.lease == config::Lease::off)
            touch(match);
}

void LimitRun::discard(const dialect::Usage& usage, std::string_view model,
                       std::string_view backend, quota::Time now) {
    if (!active()) return;
    TokenCounts counts = TokenCounts::of(usage, {});
    LimitOutcome outcome{LimitOutcome::Kind::produced, usage, 0, model, backend};
    if (backend == quota_backend_) {
        settle(quota_rules_, quota_held_, outcome, counts, now, {});
        quota_rules_.clear();
    }
    discarded_.push_back({counts, std::string(model), backend});
}

void LimitRun::settle(const LimitOutcome& outcome, quota::Time now) {
    if (!active()) return;
    TokenCounts otherwise;
    otherwise.input = count(estimate_.input);
    bool told = outcome.kind == LimitOutcome::Kind::complete && !outcome.usage.empty();
    // What was produced is estimated, but never more than the request had allowed.
    uint64_t produced = outcome.produced;
    if (estimate_.output_bounded) produced = std::min(produced, count(estimate_.output));
    otherwise.output = told ? 0 : produced;  // embeddings report no output: there is none
    TokenCounts counts = TokenCounts::of(outcome.usage, otherwise);
    if (outcome.kind == LimitOutcome::Kind::produced) {
        counts.output = std::max(counts.output, produced);
        counts.total = counts.input + counts.output;
    }
    auto reported = least(false, now);
    if (!reported) reported = least(true, now);
    settle(rules_, held_, outcome, counts, now, reported.value_or(Share()));
    settle(quota_rules_, quota_held_, outcome, counts, now, reported.value_or(Share()));
    if (report_) report_->estimated = outcome.kind != LimitOutcome::Kind::nothing && !told;
    rules_.clear();
    quota_rules_.clear();
}

}  // namespace weir::proxy
