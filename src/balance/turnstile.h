/// Places with a limit, and those who wait for one in the order in which they came.
///
/// Envoy's pending requests: where as many connections as may be are in use, an attempt waits until
/// one of them is free. Whoever leaves gives the place to the first who waits; nobody passes them.
///
///     Turnstile::Place place = turnstile.enter(limit);        // empty: no place is free
///     if (!place) { turnstile.queue(waiter, limit); … place = waiter.take(); }
///
/// A Waiter that is destroyed leaves the queue, and gives back a place that it was given and did
/// not take. The limit is each caller's, since a reload may change it; a higher one is noticed
/// when somebody enters, queues or leaves. Ownership: the Turnstile outlives Places and Waiters.
/// Threads: any; without anybody waiting it is one atomic, and a lock is taken only to queue.
#pragma once
#include <atomic>
#include <cstdint>
#include <utility>

#include "base/lock.h"

namespace weir::balance {

class Turnstile {
public:
    class [[nodiscard]] Place {
    public:
        Place() = default;
        Place(Place&& other) noexcept
            : turnstile_(std::exchange(other.turnstile_, nullptr)), limit_(other.limit_) {}
        Place& operator=(Place&& other) noexcept {
            if (this != &other) {
                leave();
                turnstile_ = std::exchange(other.turnstile_, nullptr);
                limit_ = other.limit_;
            }
            return *this;
        }
        ~Place() { leave(); }
        explicit operator bool() const { return turnstile_ != nullptr; }
        void leave() {
            if (Turnstile* turnstile = std::exchange(turnstile_, nullptr)) turnstile->leave(limit_);
        }

    private:
        friend Turnstile;
        Place(Turnstile& turnstile, uint32_t limit) : turnstile_(&turnstile), limit_(limit) {}
        Turnstile* turnstile_ = nullptr;
        uint32_t limit_ = 0;
    };

    /// One that waits.
    class Waiter {
    public:
        Waiter() = default;
        Waiter(const Waiter&) = delete;
        Waiter& operator=(const Waiter&) = delete;
        /// The place, if there is one by now; else it waits no more.
        Place take();

    protected:
        /// A derived class has to call take() before its own members go.
        ~Waiter() = default;

    private:
        friend Turnstile;
        /// It has a place. From any thread, under the turnstile's lock: pass it on, no more.
        virtual void admitted() = 0;
        Turnstile* turnstile_ = nullptr;  ///< that it was queued at
        uint32_t limit_ = 0;
        bool admitted_ = false;  // these three: under the lock
        Waiter* next_ = nullptr;
        Waiter** previous_ = nullptr;  ///< null: in no queue
    };

    Turnstile() = default;
    Turnstile(const Turnstile&) = delete;
    Turnstile& operator=(const Turnstile&) = delete;

    /// Empty where as many as `limit` are inside, or others wait.
    Place enter(uint32_t limit);
    /// Waits behind all others; is admitted at once if a place is free by now. Once per Waiter.
    void queue(Waiter& waiter, uint32_t limit);
    uint32_t inside() const { return static_cast<uint32_t>(state_.load() & UINT32_MAX); }
    uint32_t waiting() const { return static_cast<uint32_t>(state_.load() >> 32); }

private:
    void leave(uint32_t limit);
    void admit(uint32_t limit);
    void unlink(Waiter& waiter);

    std::atomic<uint64_t> state_{0};  ///< inside, and beyond 32 bits waiting
    Lock lock_;                       ///< of the queue
    Waiter* first_ = nullptr;
    Waiter** last_ = &first_;
};

}  // namespace weir::balance
