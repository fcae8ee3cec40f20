/// Phases 8 and 11 for one exchange: what it reserves of the limits that concern it, what it tells
/// the client about them, and what it settles.
///
///     LimitRun limits;                                     // in the exchange's Scratch
///     WEIR_CO_CHECK(limits.reserve(plan, facts, now));     // 429; before the first attempt
///     WEIR_CO_CHECK(limits.reserve_quota(attempt, now));   // per attempt: the backend's own quota
///     limits.write_headers(client, now);                   // on answers and on 429
///     limits.settle(outcome, now);                         // whatever became of it
///
/// One reservation lasts over all attempts; a backend's quota is held by its attempt and given back
/// when another backend is asked. One exchange's, on its worker; memory is kept for the next one.
/// The snapshot whose plan was reserved outlives it until settle() or clear(). Rules:
/// docs/limits.md.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "http/exchange.h"
#include "proxy/event_meter.h"
#include "quota/leases.h"
#include "quota/reservation.h"
#include "snapshot/snapshot.h"
#include "tokens/estimate.h"

namespace weir::proxy {

/// A request, as limits ask about it. Read during the call only.
struct LimitFacts {
    const snapshot::LimitView& view;
    uint32_t port = 0;
    std::string_view route;
    const quota::KeyHasher& hasher;
    quota::Leases* leases = nullptr;
};

/// How an exchange ended, for settlement.
struct LimitOutcome {
    enum class Kind : uint8_t {
        nothing,   ///< no model worked for it, or its provider failed
        produced,  ///< it broke off: what was produced so far counts
        complete,
    };
    Kind kind = Kind::nothing;
    dialect::Usage usage;
    uint64_t produced = 0;  ///< output tokens, estimated, where usage does not tell
    std::string_view model, backend;
};

class LimitRun {
public:
    /// As new. Gives back what is held.
    void clear();
    bool active() const { return !rules_.empty() || !quota_rules_.empty(); }

    /// Finds the rules that concern the request; true if any needs an estimate.
    bool select(const snapshot::LimitPlan& plan, const LimitFacts& facts);
    /// Reserves what select() found. Fails with quota.exhausted.
    Result<void> reserve(const LimitFacts& facts, const tokens::Estimate& estimate,
                         std::string_view model, quota::Time now);
    /// The last reserve(), reserve_quota() or may_grow() failed only because this gateway's lease
    /// of a shared limit has no room. Ask for needs(), learn() what became of it or do_without(),
    /// and call it again.
    bool lacks_lease() const { return lacks_lease_; }
    std::vector<quota::LeaseNeed> needs() { return std::move(needs_); }
    void learn(const std::vector<quota::LeaseOutcome>& outcomes);
    /// The store does not answer: the rules' `failure` says what then holds.
    void do_without();

    /// Reserves of the quota that `attempt` has for `model`, in place of a former attempt's. Fails
    /// with quota.backend_exhausted.
    Result<void> reserve_quota(const snapshot::Attempt& attempt, std::string_view model,
                               const LimitFacts& facts, quota::Time now);
    Result<void> reserve_quota_again(const snapshot::Attempt& attempt, std::string_view model,
                                     const LimitFacts& facts, quota::Time now);
    /// What reserve_quota() will reserve of; it needs set_estimate() before.
    static const snapshot::QuotaPlan* quota_of(const snapshot::Attempt& attempt,
                                               std::string_view model);
    void set_estimate(const tokens::Estimate& estimate) { estimate_ = estimate; }
    const tokens::Estimate& estimate() const { return estimate_; }

    /// x-ratelimit-*: of tokens and of requests, the rule with the least share left; with
    /// retry-after once a limit refused.
    void write_headers(http::Exchange& client, quota::Time now) const;
    /// The answer has grown. False: a rule with overflow `cut` has nothing left for it.
    bool may_grow(uint64_t produced, quota::Time now);
    bool may_grow_again(uint64_t produced, quota::Time now);
    bool cuts() const { return cuts_; }
    /// An attempt is over that is not the exchange's last one, and used tokens: they are charged
    /// with the rest, and to its backend's quota now.
    void discard(const dialect::Usage& usage, std::string_view model, std::string_view backend,
                 quota::Time now);
    void settle(const LimitOutcome& outcome, quota::Time now);

    /// For the access log: the rule that refused, else the one with the least share left.
    struct Report {
        std::string_view rule;
        uint64_t reserved = 0;
        uint64_t charged = 0;
        uint64_t remaining = 0;
        bool estimated = false;
    };
    const std::optional<Report>& report() const { return report_; }
    bool refused() const { return refusal_.has_value(); }

private:
    /// What is known of a rule's lease, beside what its counter says.
    enum class LeaseState : uint8_t { unknown, full, lost };
    struct Share {
        const snapshot::LimitRule* rule = nullptr;
        quota::Standing standing;
        uint64_t reserved = 0;
    };
    struct Refused {
        const snapshot::LimitRule* rule;
        quota::Refusal why;
    };
    struct Discarded {
        snapshot::TokenCounts counts;
        std::string model;
        std::string_view backend;
    };
    snapshot::TokenCounts assumed(uint64_t limit) const;
    snapshot::Cost::Amount price(const snapshot::LimitRule& rule,
                                 const snapshot::TokenCounts& counts, std::string_view model,
                                 std::string_view backend) const;
    void demand(const snapshot::LimitMatch& match, std::string_view model,
                std::string_view backend);
    Result<void> take(const std::vector<snapshot::LimitMatch>& matches, quota::Reservation& into,
                      const Code& code, std::string_view model, std::string_view backend,
                      quota::Time now);
    void consider(const std::vector<snapshot::LimitMatch>& rules, const quota::Reservation& held,
                  bool requests, quota::Time now, std::optional<Share>& least) const;
    std::optional<Share> least(bool requests, quota::Time now) const;
    bool grow(const std::vector<snapshot::LimitMatch>& rules, quota::Reservation& held,
              uint64_t produced, quota::Time now);
    void settle(const std::vector<snapshot::LimitMatch>& rules, quota::Reservation& held,
                const LimitOutcome& outcome, const snapshot::TokenCounts& counts, quota::Time now,
                const Share& reported);
    void touch(const snapshot::LimitMatch& match);
    static quota::Lacking lacking(const snapshot::LimitRule& rule, LeaseState state);
    void find_needs(const std::vector<snapshot::LimitMatch>& matches, quota::Time now);
    void note_leases(const std::vector<snapshot::LimitMatch>& matches,
                     const quota::Reservation& held, quota::Time now);
    void remember(const LimitFacts& facts);

    const snapshot::LimitPlan* plan_ = nullptr;              // the last one selected from
    std::vector<snapshot::LimitMatch> rules_, quota_rules_;  // what is held, in the same order
    quota::Reservation held_, quota_held_;
    std::string_view quota_backend_;  ///< whose quota is held
    tokens::Estimate estimate_;
    std::string_view route_;
    std::string model_;
    bool cuts_ = false;
    std::optional<Refused> refusal_;
    std::optional<Report> report_;
    std::vector<Discarded> discarded_;
    snapshot::LimitScratch scratch_;
    std::vector<quota::Demand> demands_;
    quota::Leases* leases_ = nullptr;
    bool lacks_lease_ = false;
    std::vector<LeaseState> lease_states_;  // of the matches that are being reserved
    std::vector<quota::LeaseNeed> needs_;   // that were found lacking,
    std::vector<std::size_t> lacking_;      // and of which matches
    bool growing_ = false;                  // they are a running stream's
    LeaseState growth_ = LeaseState::unknown;
    std::vector<uint64_t> actual_;
};

/// "17ms", "1s", "6m0s", "1h0m0s": durations as OpenAI's x-ratelimit-reset-* writes them.
std::string reset_text(std::chrono::milliseconds left);

}  // namespace weir::proxy
