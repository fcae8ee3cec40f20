#include "quota/node.h"

#include <algorithm>

namespace weir::quota {
namespace {

/// Clocks that were set back, or another thread's a moment ahead: a word this many windows in the
/// future is taken as the present one.
constexpr uint64_t kAhead = 64;

constexpr uint32_t cut(uint64_t number) {
    return static_cast<uint32_t>(number & kNumberMask);
}
constexpr uint32_t number_of(uint64_t word) {
    return static_cast<uint32_t>(word >> kAmountBits);
}
constexpr uint64_t amount_of(uint64_t word) {
    return word & kAmountMask;
}
constexpr uint64_t pack(uint32_t number, uint64_t amount) {
    return static_cast<uint64_t>(number) << kAmountBits | std::min(amount, kAmountMask);
}

/// How many windows `then` lies before `now`; 0 if it lies a little ahead.
constexpr uint64_t age(uint64_t now, uint32_t then) {
    uint64_t behind = (now - then) & kNumberMask;
    return behind > kNumberMask - kAhead ? 0 : behind;
}

bool exceeds(uint64_t taken, uint64_t amount, uint64_t limit) {
    return amount > limit || taken > limit - amount;
}

}  // namespace

void Node::reset(Window window, Time now, const Key& key) {
    word.store(window.kind == Window::Kind::fixed ? pack(cut(window.number(now)), 0) : 0);
    if (window.kind == Window::Kind::sliding)
        for (uint32_t i = 0; i < kRing; ++i)
            slices()[i].store(0);
    if (window.leased) {
        Lease& mine = lease(window);
        mine.holder.store(0);
        mine.others.store(0);
        for (uint32_t i = 0; i < window.numbers(); ++i)
            granted(window, i).store(0);
    }
    named.store(0);
    touch(now);
    key_high.store(key.high);
    key_low.store(key.low, std::memory_order_seq_cst);
}

Taken Node::take(Window window, Time now, uint64_t amount, uint64_t limit, Admit admit) {
    uint64_t number = window.number(now);
    return window.kind == Window::Kind::fixed ? take_fixed(number, amount, limit, admit)
                                              : take_sliding(number, amount, limit, admit);
}

Taken Node::take_fixed(uint64_t number, uint64_t amount, uint64_t limit, Admit admit) {
    uint64_t seen = word.load(std::memory_order_relaxed);
    while (true) {
        bool present = age(number, number_of(seen)) == 0;
        uint32_t in = present ? number_of(seen) : cut(number);
        uint64_t taken = present ? amount_of(seen) : 0;
        if (admit == Admit::within_limit && exceeds(taken, amount, limit))
            return {false, in, 0, taken};
        if (word.compare_exchange_weak(seen, pack(in, taken + amount), std::memory_order_acq_rel,
                                       std::memory_order_relaxed))
            return {true, in, 0, taken + amount};
    }
}

/// Takes what left the window out of the sum; one thread wins each slice.
void Node::drop_expired(uint64_t number) {
    for (uint32_t i = 0; i < kRing; ++i) {
        uint64_t seen = slices()[i].load(std::memory_order_acquire);
        if (amount_of(seen) == 0 || age(number, number_of(seen)) < kRing) continue;
        if (slices()[i].compare_exchange_strong(seen, 0)) word.fetch_sub(amount_of(seen));
    }
}

Taken Node::take_sliding(uint64_t number, uint64_t amount, uint64_t limit, Admit admit) {
    drop_expired(number);
    uint64_t taken = word.load(std::memory_order_relaxed);
    do {
        if (admit == Admit::within_limit && exceeds(taken, amount, limit))
            return {false, cut(number), 0, taken};
    } while (!word.compare_exchange_weak(taken, taken + amount));
    auto index = static_cast<uint32_t>(number % kRing);
    Slice& slice = slices()[index];
    uint64_t seen = slice.load(std::memory_order_relaxed);
    while (true) {
        // A slice of the same place that does not count any more makes room; one ahead is joined.
        bool over = age(number, number_of(seen)) >= kRing || amount_of(seen) == 0;
        uint32_t in = over ? cut(number) : number_of(seen);
        uint64_t before = over ? 0 : amount_of(seen);
        if (!slice.compare_exchange_weak(seen, pack(in, before + amount))) continue;
        if (over && amount_of(seen) > 0) word.fetch_sub(amount_of(seen));
        return {true, in, index, taken + amount};
    }
}

/// Takes `amount` out of a word if it still is of that window.
bool Node::lower(std::atomic<uint64_t>& in, uint32_t number, uint64_t amount) {
    uint64_t seen = in.load(std::memory_order_relaxed);
    while (number_of(seen) == number && amount_of(seen) >= amount)
        if (in.compare_exchange_weak(seen, seen - amount)) return true;
    return false;
}

void Node::give_back(Window window, const Taken& taken, uint64_t amount) {
    if (amount == 0) return;
    if (window.kind == Window::Kind::fixed)
        lower(word, taken.number, amount);
    else if (lower(slices()[taken.slice], taken.number, amount))
        word.fetch_sub(amount);
}

void Node::settle(Window window, Time now, const Taken& taken, uint64_t amount, uint64_t actual) {
    if (actual <= amount) return give_back(window, taken, amount - actual);
    take(window, now, actual - amount, 0, Admit::always);
}

uint64_t Node::taken(Window window, Time now) const {
    uint64_t number = window.number(now);
    uint64_t seen = word.load(std::memory_order_relaxed);
    if (window.kind == Window::Kind::fixed)
        return age(number, number_of(seen)) == 0 ? amount_of(seen) : 0;
    uint64_t gone = 0;
    for (uint32_t i = 0; i < kRing; ++i) {
        uint64_t slice = slices()[i].load(std::memory_order_relaxed);
        if (age(number, number_of(slice)) >= kRing) gone += amount_of(slice);
    }
    return seen - std::min(gone, seen);
}

Time Node::fits_at(Window window, Time now, uint64_t amount, uint64_t limit) const {
    uint64_t number = window.number(now);
    if (window.kind == Window::Kind::fixed) return window.start(number + 1);
    uint64_t left = taken(window, now);
    for (uint64_t later = number + 1; later < number + kRing; ++later) {
        // The slice that is kRing before `later` has left by then.
        uint64_t slice = slices()[later % kRing].load(std::memory_order_relaxed);
        if (number_of(slice) == cut(later - kRing)) left -= std::min(left, amount_of(slice));
        if (!exceeds(left, amount, limit)) return window.start(later);
    }
    return window.start(number + kRing);
}

/// Where a window's, or a slice's, amount stands.
const Node::Slice& Node::cell(Window window, uint64_t number) const {
    return window.kind == Window::Kind::fixed ? word : slices()[number % kRing];
}

const Node::Slice& Node::granted(Window window, uint64_t number) const {
    const auto* first = reinterpret_cast<const Slice*>(lease_at(window) + 1);
    return first[number % window.numbers()];
}

Taken Node::take_leased(Window window, Time now, uint64_t amount, uint64_t slack) {
    uint64_t number = window.number(now);
    auto index = static_cast<uint32_t>(number % kRing);
    bool sliding = window.kind == Window::Kind::sliding;
    if (sliding) drop_expired(number);
    Slice& in = cell(window, number);
    const Slice& grant = granted(window, number);
    uint64_t seen = in.load(std::memory_order_relaxed);
    while (true) {
        bool present = age(number, number_of(seen)) == 0;
        uint32_t slice = present ? number_of(seen) : cut(number);
        uint64_t before = present ? amount_of(seen) : 0;
        Taken taken{false, slice, index, before};
        uint64_t lease = grant.load(std::memory_order_acquire);
        if (number_of(lease) != slice || exceeds(before, amount + slack, amount_of(lease)))
            return taken;
        if (sliding) word.fetch_add(amount);  // the whole first: node.h
        if (!in.compare_exchange_weak(seen, pack(slice, before + amount))) {
            if (sliding) word.fetch_sub(amount);
            continue;
        }
        if (sliding && !present && amount_of(seen) > 0) word.fetch_sub(amount_of(seen));
        lease = grant.load(std::memory_order_seq_cst);
        taken.admitted = number_of(lease) == slice && before + amount <= amount_of(lease);
        if (taken.admitted)
            taken.total = before + amount;
        else
            give_back(window, taken, amount);  // the keeper was about to return this part of it
        return taken;
    }
}

uint64_t Node::headroom(Window window, Time now) const {
    uint64_t number = window.number(now);
    uint64_t lease = granted_in(window, number);
    return lease - std::min(lease, taken_in(window, number));
}

uint64_t Node::elsewhere(Window window, Time now) const {
    if (!window.leased) return 0;
    uint64_t seen = lease_at(window)->others.load(std::memory_order_relaxed);
    return age(window.number(now), number_of(seen)) < window.numbers() ? amount_of(seen) : 0;
}

uint64_t Node::taken_in(Window window, uint64_t number) const {
    uint64_t seen = cell(window, number).load(std::memory_order_seq_cst);
    return number_of(seen) == cut(number) ? amount_of(seen) : 0;
}

uint64_t Node::granted_in(Window window, uint64_t number) const {
    uint64_t seen = granted(window, number).load(std::memory_order_acquire);
    return number_of(seen) == cut(number) ? amount_of(seen) : 0;
}

void Node::grant(Window window, uint64_t number, uint64_t amount) {
    granted(window, number).store(pack(cut(number), amount), std::memory_order_seq_cst);
}

uint64_t Node::lower_grant(Window window, uint64_t number, uint64_t amount) {
    uint64_t before = granted_in(window, number);
    grant(window, number, amount);
    uint64_t taken = taken_in(window, number);
    if (taken <= amount) return amount;
    grant(window, number, std::min(before, taken));
    return std::min(before, taken);
}

void Node::learn_elsewhere(Window window, uint64_t number, uint64_t amount) {
    lease(window).others.store(pack(cut(number), amount), std::memory_order_relaxed);
}

}  // namespace weir::quota
