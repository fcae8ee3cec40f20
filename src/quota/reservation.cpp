#include "quota/reservation.h"

#include <utility>

#include "base/error.h"

namespace weir::quota {
namespace {

uint64_t bounded(uint64_t amount) {
    return std::min(amount, kMaxAmount);
}

/// What counts towards a limit: of a shared one, what others have too.
uint64_t known_taken(const Node& node, Window window, Time now) {
    return node.taken(window, now) + node.elsewhere(window, now);
}

struct Asked {
    uint64_t amount, slack, limit;  ///< slack: must be free, and is not taken
};

Taken take_for(Node& node, Window window, Time now, const Asked& asked, Lacking lacking) {
    uint64_t others = 0;
    if (window.leased) {
        Taken taken = node.take_leased(window, now, asked.amount, asked.slack);
        if (taken.admitted || lacking == Lacking::ask || lacking == Lacking::refuse) return taken;
        if (lacking == Lacking::admit)
            return node.take(window, now, asked.amount, 0, Admit::always);
        others = node.elsewhere(window, now);
    }
    if (asked.slack + others > asked.limit) return {};
    return node.take(window, now, asked.amount, asked.limit - asked.slack - others,
                     Admit::within_limit);
}

Refusal refuse(std::size_t index, const Demand& demand, const Node& node, Time now) {
    Window window = demand.counters->window();
    uint64_t limit = bounded(demand.limit);
    uint64_t amount = bounded(demand.asked());
    bool never = amount > limit;
    return {index,
            {demand.limit, known_taken(node, window, now), node.fits_at(window, now, limit, limit)},
            amount,
            node.fits_at(window, now, amount, limit),
            never,
            window.leased && demand.lacking == Lacking::ask && !never};
}

}  // namespace

void Reservation::let_go() {
    for (const Hold& hold : holds_)
        Counters::let_go(*hold.node, hold.amount + hold.before);
    holds_.clear();
}

void Reservation::release() {
    for (const Hold& hold : holds_)
        hold.node->give_back(hold.counters->window(), hold.taken, hold.amount);
    let_go();
}

void Reservation::settle(std::span<const uint64_t> actual, Time now) {
    WEIR_ASSERT(actual.size() == holds_.size());
    for (std::size_t i = 0; i < holds_.size(); ++i) {
        Hold& hold = holds_[i];
        uint64_t left = bounded(actual[i]) - std::min(bounded(actual[i]), hold.before);
        hold.node->settle(hold.counters->window(), now, hold.taken, hold.amount, left);
    }
    let_go();
}

bool Reservation::extend(std::size_t demand, uint64_t more, Time now, Lacking lacking) {
    Hold& hold = holds_[demand];
    more = bounded(more);
    Window window = hold.counters->window();
    Taken taken = take_for(*hold.node, window, now, {more, 0, bounded(hold.limit)}, lacking);
    if (!taken.admitted) return false;
    if (taken.number != hold.taken.number) {  // what the older window holds stays there
        hold.before += std::exchange(hold.amount, 0);
        hold.taken = taken;
    }
    hold.amount += more;
    hold.node->held.fetch_add(more, std::memory_order_relaxed);
    return true;
}

Standing Reservation::standing(std::size_t demand, Time now) const {
    const Hold& hold = holds_[demand];
    Window window = hold.counters->window();
    uint64_t limit = bounded(hold.limit);
    return {hold.limit, known_taken(*hold.node, window, now),
            hold.node->fits_at(window, now, limit, limit)};
}

/// Holds the demand's counter and takes its amount; false if it had no room.
bool Reservation::take(const Demand& demand, Time now) {
    uint64_t amount = bounded(demand.amount);
    uint64_t limit = bounded(demand.limit);
    uint64_t slack = bounded(demand.asked()) - amount;  // must be free, and is not taken
    Window window = demand.counters->window();
    Node& node = demand.counters->hold(demand.key, now, amount);
    Hold hold{demand.counters, &node, {}, amount, demand.limit};
    hold.taken = take_for(node, window, now, {amount, slack, limit}, demand.lacking);
    holds_.push_back(hold);
    return hold.taken.admitted;
}

/// Charges a full counter: a shadow, or a bucket whose neighbour had room.
void Reservation::take_anyway(const Demand& demand, Hold& hold, Time now) {
    if (demand.shadow) demand.counters->shadowed.fetch_add(1, std::memory_order_relaxed);
    hold.taken = hold.node->take(hold.counters->window(), now, hold.amount, 0, Admit::always);
}

void Reservation::drop_refused(std::size_t begin) {
    for (std::size_t i = begin; i < holds_.size(); ++i)
        if (!holds_[i].taken.admitted) Counters::let_go(*holds_[i].node, holds_[i].amount);
    std::erase_if(holds_, [](const Hold& hold) { return !hold.taken.admitted; });
}

/// The demands from `begin` to `end`: one, or the buckets of a shared quota.
std::optional<Refusal> Reservation::take_group(std::span<const Demand> demands, std::size_t begin,
                                               std::size_t end, Time now) {
    std::optional<std::size_t> full;  // the first without room, of those that may refuse
    bool room = false;
    for (std::size_t i = begin; i < end; ++i) {
        bool admitted = take(demands[i], now);
        // Even a shadow asks for a lease before it says that there is no room.
        bool may_refuse = !demands[i].shadow || (demands[i].counters->window().leased &&
                                                 demands[i].lacking == Lacking::ask &&
                                                 demands[i].asked() <= demands[i].limit);
        if (!may_refuse) continue;
        room |= admitted && !demands[i].shadow;
        if (!admitted && !full) full = i;
    }
    if (full && !room) {
        const Demand& demand = demands[*full];
        Refusal refusal = refuse(*full, demand, *holds_[*full].node, now);
        if (!refusal.lacks_lease) demand.counters->rejected.fetch_add(1, std::memory_order_relaxed);
        drop_refused(begin);
        return refusal;
    }
    for (std::size_t i = begin; i < end; ++i)
        if (!holds_[i].taken.admitted) take_anyway(demands[i], holds_[i], now);
    return std::nullopt;
}

std::optional<Refusal> reserve(std::span<const Demand> demands, Time now, Reservation& into) {
    WEIR_ASSERT(into.empty());
    for (std::size_t begin = 0, end; begin < demands.size(); begin = end) {
        uint32_t group = demands[begin].group;
        end = begin + 1;
        while (group != 0 && end < demands.size() && demands[end].group == group)
            ++end;
        if (auto refusal = into.take_group(demands, begin, end, now)) {
            into.release();
            return refusal;
        }
    }
    return std::nullopt;
}

bool Reservation::beyond_lease(std::size_t demand, Time now) const {
    const Hold& hold = holds_[demand];
    Window window = hold.counters->window();
    if (!window.leased) return false;
    uint64_t number = window.number(now);
    return hold.node->taken_in(window, number) > hold.node->granted_in(window, number);
}

bool lacks_lease(const Demand& demand, Time now) {
    Window window = demand.counters->window();
    uint64_t amount = bounded(demand.asked());
    if (!window.leased || demand.lacking != Lacking::ask || amount > bounded(demand.limit))
        return false;
    const Node* node = demand.counters->find(demand.key);
    return !node || node->headroom(window, now) < amount;
}

Standing look(const Counters& counters, const Key& key, uint64_t limit, Time now) {
    const Node* node = counters.find(key);
    Window window = counters.window();
    uint64_t cut = bounded(limit);
    if (!node) return {limit, 0, window.start(window.number(now) + 1)};
    return {limit, known_taken(*node, window, now), node->fits_at(window, now, cut, cut)};
}

}  // namespace weir::quota
