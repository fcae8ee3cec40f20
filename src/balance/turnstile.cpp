#include "balance/turnstile.h"

#include "base/error.h"

namespace weir::balance {
namespace {

constexpr uint64_t kOneWaiting = uint64_t{1} << 32;

uint64_t inside_of(uint64_t state) {
    return state & UINT32_MAX;
}

uint64_t waiting_of(uint64_t state) {
    return state >> 32;
}

}  // namespace

Turnstile::Place Turnstile::enter(uint32_t limit) {
    uint64_t state = state_.load();
    while (waiting_of(state) == 0 && inside_of(state) < limit)
        if (state_.compare_exchange_weak(state, state + 1)) return Place(*this, limit);
    return {};
}

void Turnstile::queue(Waiter& waiter, uint32_t limit) {
    Lock::Guard guard(lock_);
    WEIR_ASSERT(!waiter.turnstile_);
    waiter.turnstile_ = this;
    waiter.limit_ = limit;
    // Counted first: from here on nobody passes, and whoever leaves looks at the queue.
    state_.fetch_add(kOneWaiting);
    waiter.previous_ = last_;
    *last_ = &waiter;
    last_ = &waiter.next_;
    admit(limit);
}

void Turnstile::leave(uint32_t limit) {
    uint64_t state = state_.load();
    while (waiting_of(state) == 0)
        if (state_.compare_exchange_weak(state, state - 1)) return;
    Lock::Guard guard(lock_);
    state_.fetch_sub(1);
    admit(limit);
}

/// Under the lock. Nobody enters past those who wait, so only others who leave change the count.
void Turnstile::admit(uint32_t limit) {
    while (first_ && inside_of(state_.load()) < limit) {
        Waiter& waiter = *first_;
        unlink(waiter);
        state_.fetch_add(1 - kOneWaiting);
        waiter.admitted_ = true;
        waiter.admitted();
    }
}

void Turnstile::unlink(Waiter& waiter) {
    *waiter.previous_ = waiter.next_;
    if (waiter.next_)
        waiter.next_->previous_ = waiter.previous_;
    else
        last_ = waiter.previous_;
    waiter.previous_ = nullptr;
    waiter.next_ = nullptr;
}

Turnstile::Place Turnstile::Waiter::take() {
    Turnstile* turnstile = turnstile_;
    if (!turnstile) return {};
    Lock::Guard guard(turnstile->lock_);
    turnstile_ = nullptr;
    if (admitted_) return Place(*turnstile, limit_);
    turnstile->unlink(*this);
    turnstile->state_.fetch_sub(kOneWaiting);
    return {};
}

}  // namespace weir::balance
