#include "quota/lease_keeper.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir::quota {
namespace {

constexpr Milliseconds kLonger = std::chrono::minutes(2);  // than a window, for clocks that differ

}  // namespace

/// What exchanges asked for together.
struct LeaseKeeper::Refill {
    std::vector<LeaseOutcome> outcomes;
    std::size_t open = 0;
    Leases::Done done;
    void tell(std::size_t index, LeaseOutcome outcome) {
        outcomes[index] = outcome;
        if (--open == 0) done(std::move(outcomes));
    }
};

/// One counter whose lease is in use. Holds its node, so that it is not recycled.
struct LeaseKeeper::Record {
    struct Waiter {
        std::shared_ptr<Refill> refill;
        std::size_t index;
        uint64_t amount;
    };
    std::shared_ptr<Counters> counters;
    Node* node;
    uint64_t limit = 0;
    bool ahead = true;
    bool unsure = false;  ///< the store may not know what is granted here
    bool lost = false;    ///< it has not answered a claim of those in flight
    int in_flight = 0;
    int idle_ticks = 0;
    uint64_t last_taken = 0;
    uint64_t promised = 0;         ///< to waiters that may not have taken it yet: since the last
    uint64_t promised_before = 0;  ///< tick, and between that and the one before
    std::vector<Waiter> waiting;   ///< for the next claim,
    std::vector<Waiter> asked;     ///< and for the one under way

    Window window() const { return counters->window(); }
    /// What waiters ask for, and what others were told that they may take.
    uint64_t wanted(bool with_promises) const {
        uint64_t sum = with_promises ? promised + promised_before : 0;
        for (const Waiter& waiter : waiting)
            sum += std::min(waiter.amount, kMaxAmount);
        return std::min(sum, kMaxAmount);
    }
};

LeaseKeeper::LeaseKeeper(Store& store, std::function<uint64_t()> random)
    : store_(store), random_(std::move(random)) {}

LeaseKeeper::~LeaseKeeper() {
    *alive_ = false;
    for (auto& [node, record] : records_)
        Counters::let_go(*record->node, 0);
}

LeaseKeeper::Record& LeaseKeeper::record(const LeaseNeed& need, Time now) {
    Node& node = need.counters->hold(need.key, now, 0);
    auto& known = records_[&node];
    if (known) {
        Counters::let_go(node, 0);
    } else {
        known = std::make_unique<Record>();
        known->counters = need.counters;
        known->node = &node;
        Lease& lease = node.lease(need.counters->window());
        while (lease.holder.load() == 0)
            lease.holder.store(random_());
    }
    known->limit = std::min(need.limit, kMaxAmount);
    known->ahead = need.ahead;
    known->idle_ticks = 0;
    return *known;
}

void LeaseKeeper::refill(std::vector<LeaseNeed> needs, Leases::Done done, Time now) {
    auto refill = std::make_shared<Refill>();
    refill->outcomes.resize(needs.size(), LeaseOutcome::lost);
    refill->open = needs.size();
    refill->done = std::move(done);
    std::vector<Claim> claims;
    std::vector<Record*> whose;
    for (std::size_t i = 0; i < needs.size(); ++i) {
        Record& mine = record(needs[i], now);
        mine.waiting.push_back({refill, i, needs[i].amount});
        if (mine.in_flight == 0) plan(mine, now, claims, whose);
    }
    send(std::move(claims), std::move(whose), now);
}

void LeaseKeeper::touch(const LeaseNeed& need, Time now) {
    std::vector<Claim> claims;
    std::vector<Record*> whose;
    Record& mine = record(need, now);
    if (mine.in_flight == 0) plan(mine, now, claims, whose);
    send(std::move(claims), std::move(whose), now);
}

void LeaseKeeper::adopt(const std::vector<std::shared_ptr<Counters>>& counters, Time now) {
    for (const auto& all : counters) {
        std::vector<Key> keys;
        all->for_each([&](const Node& node) {
            if (!node.idle(all->window(), now)) keys.push_back(node.key());
        });
        // What the limit is will be told by who asks next; until then nothing is wanted.
        for (const Key& key : keys)
            if (const Node* node = all->find(key); node && !records_.contains(node))
                record({.counters = all, .key = key, .limit = 0}, now);
    }
}

void LeaseKeeper::restore(const std::vector<std::shared_ptr<Counters>>& counters, Time now) {
    adopt(counters, now);
    for (auto& [node, mine] : records_)
        mine->unsure = true;
}

/// How much to have beyond what is used.
uint64_t LeaseKeeper::advance(const Record& record, Time now) const {
    if (!record.ahead || retiring_ || record.idle_ticks >= kIdle) return 0;
    uint64_t used =
        record.node->taken(record.window(), now) + record.node->elsewhere(record.window(), now);
    uint64_t rest = record.limit - std::min(record.limit, used);
    return std::min(record.limit / kShareOfLimit, rest / kShareOfRest);
}

/// The claims that bring the record's grants to what they should be. None: they are.
void LeaseKeeper::plan(Record& record, Time now, std::vector<Claim>& claims,
                       std::vector<Record*>& whose) {
    Window window = record.window();
    uint64_t present = window.number(now);
    std::size_t before = claims.size();
    Claim claim{.counter = fmt::format("{}@{:016x}{:016x}", record.counters->spec().identity,
                                       record.node->key().high, record.node->key().low),
                .holder = record.node->lease(window).holder.load(),
                .number = present,
                .numbers = window.numbers(),
                .keep = window.step() * window.numbers() + kLonger,
                .limit = record.limit};
    plan_present(record, now, claim, claims);
    for (uint32_t back = 1; back < window.numbers() && back <= present; ++back) {
        claim.number = present - back;
        if (plan_past(record, claim)) claims.push_back(claim);
    }
    std::size_t made = claims.size() - before;
    record.in_flight = static_cast<int>(made);
    record.unsure = false;
    whose.insert(whose.end(), made, &record);
}

void LeaseKeeper::plan_present(Record& record, Time now, Claim claim, std::vector<Claim>& claims) {
    Window window = record.window();
    Node& node = *record.node;
    uint64_t granted = node.granted_in(window, claim.number);
    uint64_t taken = node.taken_in(window, claim.number);
    uint64_t wanted = record.wanted(!retiring_);
    uint64_t ahead = advance(record, now);
    uint64_t room = granted - std::min(granted, taken);
    bool asked = !record.waiting.empty();
    bool more = taken > granted || (growing_ && ((asked && room < wanted) || room < ahead / 2));
    bool less = growing_ && !asked && !more && room > 2 * ahead + wanted;
    if (less) granted = node.lower_grant(window, claim.number, taken + ahead + wanted);
    claim.floor = std::max(granted, taken);
    claim.want = more && growing_ ? std::max(claim.floor, taken + wanted + ahead) : claim.floor;
    if (more || less || asked || record.unsure) claims.push_back(claim);
    record.asked.insert(record.asked.end(), std::make_move_iterator(record.waiting.begin()),
                        std::make_move_iterator(record.waiting.end()));
    record.waiting.clear();
}

/// Of a slice that is over but counts still, all that was not used goes back.
bool LeaseKeeper::plan_past(Record& record, Claim& claim) const {
    Window window = record.window();
    uint64_t granted = record.node->granted_in(window, claim.number);
    uint64_t taken = record.node->taken_in(window, claim.number);
    if (granted == taken && !record.unsure) return false;
    if (granted > taken) granted = record.node->lower_grant(window, claim.number, taken);
    claim.floor = claim.want = std::max(granted, taken);
    return true;
}

void LeaseKeeper::send(std::vector<Claim> claims, std::vector<Record*> whose, Time now) {
    if (claims.empty()) return;
    claims_ += claims.size();
    std::vector<Claim> sent = claims;
    store_.claim(std::move(sent), [this, alive = alive_, claims = std::move(claims),
                                   whose = std::move(whose), now](const Grants& grants) {
        if (!*alive) return;
        for (std::size_t i = 0; i < claims.size(); ++i)
            answered(claims[i], *whose[i], grants[i]);
        for (std::size_t i = 0; i < claims.size(); ++i)
            if (--whose[i]->in_flight == 0) finish(*whose[i], now);
    });
}

void LeaseKeeper::answered(const Claim& claim, Record& record, const std::optional<Grant>& grant) {
    record.lost |= !grant;
    if (!grant) return;
    Window window = record.window();
    record.node->learn_elsewhere(window, claim.number, grant->others);
    if (grant->granted > record.node->granted_in(window, claim.number))
        record.node->grant(window, claim.number, grant->granted);
}

/// Tells those who waited; who came meanwhile is next.
void LeaseKeeper::finish(Record& record, Time now) {
    bool lost = std::exchange(record.lost, false);
    record.unsure |= lost;
    std::vector<Record::Waiter> asked = std::move(record.asked);
    record.asked.clear();
    for (const auto& waiter : asked) {
        // The time of the claim: if its window has ended since, the exchange will ask again.
        bool room = record.node->headroom(record.window(), now) >= waiter.amount;
        if (room && !lost) record.promised += waiter.amount;
        LeaseOutcome outcome = room ? LeaseOutcome::granted : LeaseOutcome::full;
        waiter.refill->tell(waiter.index, lost ? LeaseOutcome::lost : outcome);
    }
    if (record.waiting.empty()) return;
    std::vector<Claim> claims;
    std::vector<Record*> whose;
    plan(record, now, claims, whose);
    send(std::move(claims), std::move(whose), now);
}

/// The store knows what was used, and no more than that is granted.
bool LeaseKeeper::even(const Record& record, Time now) {
    if (record.in_flight > 0 || record.unsure || !record.waiting.empty()) return false;
    Window window = record.window();
    uint64_t number = window.number(now);
    for (uint32_t back = 0; back < window.numbers() && back <= number; ++back)
        if (record.node->granted_in(window, number - back) !=
            record.node->taken_in(window, number - back))
            return false;
    return true;
}

void LeaseKeeper::tick(Time now) {
    std::vector<Claim> claims;
    std::vector<Record*> whose;
    for (auto it = records_.begin(); it != records_.end();) {
        Record& record = *it->second;
        uint64_t taken = record.node->taken(record.window(), now);
        if (taken != std::exchange(record.last_taken, taken)) record.idle_ticks = 0;
        if (record.in_flight == 0) plan(record, now, claims, whose);
        if (record.idle_ticks < kIdle) ++record.idle_ticks;
        record.promised_before = std::exchange(record.promised, 0);
        bool idle = record.idle_ticks >= kIdle && holders(record.node->held.load()) <= 1;
        if (idle && even(record, now)) {
            Counters::let_go(*record.node, 0);
            it = records_.erase(it);
        } else {
            ++it;
        }
    }
    send(std::move(claims), std::move(whose), now);
}

bool LeaseKeeper::all_returned(Time now) const {
    return std::all_of(records_.begin(), records_.end(),
                       [now](const auto& entry) { return even(*entry.second, now); });
}

}  // namespace weir::quota
