/// One counter: what a key has used and reserved in its window. Internal to quota/.
///
/// All of it is in atomics that workers change without a lock. Used and reserved tokens stand in
/// one number ("taken"), next to the window they belong to, in one 64-bit word; so an admission is
/// one compare-and-swap, and the sum can pass the limit by no interleaving. How much of it is still
/// reserved, and by how many, stands in `held`: a counter that is held is not recycled.
///
/// A word is 20 bits of window number and 44 bits of amount. The number is cut, so a counter that
/// nobody touched for 2^20 windows (12 days of seconds) may take an old window for the present one:
/// it is then too strict for one window, never too lax, and sweep() frees it long before.
///
/// Sliding windows: `word` is the amount over all slices, and each slice is a word of its own after
/// the node. What enters is added to the whole first and to its slice second; what leaves is taken
/// from the slice first and from the whole second. So the whole is never less than the sum of the
/// slices, and the limit holds. What is counted together with other gateways has its lease behind
/// that (lease.h). Nodes live in blocks (block.h) that may be a file's memory.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "quota/key.h"
#include "quota/lease.h"
#include "quota/window.h"

namespace weir::quota {

enum class Admit : uint8_t { within_limit, always };

/// What a change did.
struct Taken {
    bool admitted = false;
    uint32_t number = 0;  ///< of the window or slice it went into, cut to 20 bits
    uint32_t slice = 0;   ///< where that slice stands
    uint64_t total = 0;   ///< taken in the window, after it (or without it, when refused)
};

struct Node {
    using Slice = std::atomic<uint64_t>;
    static constexpr uint32_t kRing = Window::kSlices + 1;

    std::atomic<uint64_t> key_low;  ///< 0: free, or about to be
    std::atomic<uint64_t> key_high;
    std::atomic<uint64_t> word;     ///< {window, taken}; sliding: taken
    std::atomic<uint64_t> held;     ///< {reservations, their amounts}
    std::atomic<uint32_t> touched;  ///< seconds, for the choice of the least recently used
    std::atomic<uint32_t> named;    ///< Counters keep what the key stands for

    /// Adds `amount` to the window of `now`, if the sum stays within `limit` or must not.
    Taken take(Window window, Time now, uint64_t amount, uint64_t limit, Admit admit);
    /// The same within the lease of the present window (or slice), of which `slack` must be left.
    Taken take_leased(Window window, Time now, uint64_t amount, uint64_t slack);
    /// What a lease leaves for now.
    uint64_t headroom(Window window, Time now) const;
    /// Taken in the window by other gateways, their leases included, as far as it is known.
    uint64_t elsewhere(Window window, Time now) const;
    /// Of the slice (or window) `number` alone: taken, and granted by the store.
    uint64_t taken_in(Window window, uint64_t number) const;
    uint64_t granted_in(Window window, uint64_t number) const;
    /// Changes what is granted. One thread: the lease keeper's.
    void grant(Window window, uint64_t number, uint64_t amount);
    /// Lowers it to `amount`, or as far as what is taken allows; returns what is granted then.
    uint64_t lower_grant(Window window, uint64_t number, uint64_t amount);
    void learn_elsewhere(Window window, uint64_t number, uint64_t amount);
    Lease& lease(Window window) {
        return *const_cast<Lease*>(std::as_const(*this).lease_at(window));
    }
    /// Turns `amount` tokens, taken into the window that `taken` names, into `actual`. What goes
    /// beyond `amount` is taken from the present window, that one or a later.
    void settle(Window window, Time now, const Taken& taken, uint64_t amount, uint64_t actual);
    /// Gives `amount` of what was taken back, if its window still counts.
    void give_back(Window window, const Taken& taken, uint64_t amount);
    /// Taken in the window that `now` lies in.
    uint64_t taken(Window window, Time now) const;
    /// When `amount` more would fit under `limit` if nothing else was asked for; the end of the
    /// window for an amount that never fits.
    Time fits_at(Window window, Time now, uint64_t amount, uint64_t limit) const;
    /// Nothing of it counts any more.
    bool idle(Window window, Time now) const { return taken(window, now) == 0; }

    bool is(const Key& key) const {
        return key_low.load(std::memory_order_seq_cst) == key.low &&
               key_high.load(std::memory_order_relaxed) == key.high;
    }
    Key key() const { return {key_low.load(), key_high.load()}; }
    void touch(Time now) {
        auto second = static_cast<uint32_t>(now.time_since_epoch().count() / 1000);
        if (touched.load(std::memory_order_relaxed) != second)
            touched.store(second, std::memory_order_relaxed);
    }
    /// As new, for `key`. Only under the shard's lock and while nobody holds it.
    void reset(Window window, Time now, const Key& key);

    static std::size_t size(Window window) {
        return sizeof(Node) + slices_size(window) +
               (window.leased ? sizeof(Lease) + window.numbers() * sizeof(Slice) : 0);
    }

private:
    static std::size_t slices_size(Window window) {
        return window.kind == Window::Kind::sliding ? kRing * sizeof(Slice) : 0;
    }
    const Lease* lease_at(Window window) const {
        return reinterpret_cast<const Lease*>(reinterpret_cast<const std::byte*>(this + 1) +
                                              slices_size(window));
    }
    const Slice& cell(Window window, uint64_t number) const;
    const Slice& granted(Window window, uint64_t number) const;
    Slice& cell(Window window, uint64_t number) {
        return const_cast<Slice&>(std::as_const(*this).cell(window, number));
    }
    Slice& granted(Window window, uint64_t number) {
        return const_cast<Slice&>(std::as_const(*this).granted(window, number));
    }
    Slice* slices() { return reinterpret_cast<Slice*>(this + 1); }
    const Slice* slices() const { return reinterpret_cast<const Slice*>(this + 1); }
    Taken take_fixed(uint64_t number, uint64_t amount, uint64_t limit, Admit admit);
    Taken take_sliding(uint64_t number, uint64_t amount, uint64_t limit, Admit admit);
    void drop_expired(uint64_t number);
    bool lower(std::atomic<uint64_t>& in, uint32_t number, uint64_t amount);
};

/// What `held` says, and what one reservation adds to it.
constexpr uint64_t held_by_one(uint64_t amount) {
    return (uint64_t{1} << kAmountBits) | amount;
}
constexpr uint64_t holders(uint64_t held) {
    return held >> kAmountBits;
}
constexpr uint64_t held_amount(uint64_t held) {
    return held & kAmountMask;
}

static_assert(sizeof(Node) == 40 && std::atomic<uint64_t>::is_always_lock_free);

}  // namespace weir::quota
