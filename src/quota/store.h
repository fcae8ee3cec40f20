/// Counters that several gateways share: what a Redis, or anything that can do one atomic step on a
/// batch, has to provide (store/).
///
/// The contract:
/// - reserve() is one atomic step over the whole batch: every charge whose `taken + amount ≤ limit`
///   is added, or none is and the answer names the first that had no room and what each has taken.
///   A charge with `force` is added whatever the limit says.
/// - A counter is named by `key` and `window`; it begins at 0 and may be forgotten `keep` after its
///   last change. Windows are numbered as quota::Window does, so gateways agree without talking.
/// - settle() adds `delta` (negative: gives back) to each counter and never refuses. It may be
///   retried after an error: `id`, chosen by the caller, makes a second delivery of the same batch
///   a no-op for as long as the counters live. A counter never goes below 0.
/// - Both return at once. `done` is called exactly once, on the thread that called, never before
///   the call has returned, also when the deadline passes (store.timeout), the connection is lost
///   (store.unavailable) or the Store is closed. After such an error the caller does not know
///   whether the batch was applied: it settles with the same `id` to be sure.
/// - The spans are read before the call returns; nothing of them is kept.
/// - One Store per worker; not thread-safe. The request path waits for it at most `deadline`, and
///   not at all while a lease lasts: a lease is a reservation in advance, made with these calls.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "quota/window.h"

namespace weir::quota {

/// One counter in a batch.
struct StoreCharge {
    std::string_view key;  ///< the limit's identity and the Key's digits; printable, no spaces
    uint64_t window = 0;   ///< Window::number()
    Milliseconds keep{};   ///< at least the window's length
    uint64_t amount = 0;
    uint64_t limit = 0;
    bool force = false;
};

struct StoreSettlement {
    std::string_view key;
    uint64_t window = 0;
    Milliseconds keep{};
    int64_t delta = 0;
};

struct StoreAnswer {
    bool admitted = false;
    std::size_t refused = 0;      ///< index of the first charge that had no room
    std::vector<uint64_t> taken;  ///< of each charge's counter, after the step
};

class Store {
public:
    using Deadline = std::chrono::steady_clock::time_point;
    /// Names a batch; unique over gateways and restarts (random).
    struct BatchId {
        uint64_t low = 0, high = 0;
    };
    virtual ~Store() = default;
    virtual void reserve(BatchId id, std::span<const StoreCharge> charges, Deadline deadline,
                         std::function<void(Result<StoreAnswer>)> done) = 0;
    virtual void settle(BatchId id, std::span<const StoreSettlement> settlements, Deadline deadline,
                        std::function<void(Result<void>)> done) = 0;
    /// False while it is known to be unreachable, so that nobody waits for a deadline.
    virtual bool reachable() const = 0;
};

}  // namespace weir::quota
