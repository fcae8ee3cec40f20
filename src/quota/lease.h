/// A lease: what one gateway may use of a limit that several gateways count together.
///
/// The store (store.h) divides a limit among the counters of all gateways: what it granted to them
/// in a window never sums to more than the limit. A counter then admits what its grant still has,
/// without asking anyone. Its grant covers what it has used and reserved, and some more that was
/// taken in advance. So limits hold without a word between gateways on the request path, and a
/// store that lost its memory learns from each counter what it had been granted.
///
/// This is the part of a lease that lies behind a counter (node.h), in its memory and its state
/// file: after a SIGKILL the next process goes on with it. `granted` is written by one thread, the
/// keeper's (lease_keeper.h), and read by all: a reader first takes and then looks at the grant,
/// the keeper first lowers the grant and then looks at what is taken, so one of them sees the
/// other.
#pragma once
#include <atomic>
#include <cstdint>

namespace weir::quota {

// A word is {20 bits of a window's number, 44 bits of an amount}.
inline constexpr int kAmountBits = 44;
inline constexpr uint64_t kAmountMask = (uint64_t{1} << kAmountBits) - 1;
inline constexpr uint64_t kNumberMask = (uint64_t{1} << (64 - kAmountBits)) - 1;
/// A single amount, and a limit, are never taken for more: 8.8 million million.
inline constexpr uint64_t kMaxAmount = uint64_t{1} << (kAmountBits - 1);

struct Lease {
    /// Names the counter in the store; unique over gateways and restarts. 0: not named yet.
    std::atomic<uint64_t> holder;
    /// {window, what other gateways were granted in it} when the store last told.
    std::atomic<uint64_t> others;
    // Behind it: {window, granted} for each number that counts (Window::numbers()).
};

static_assert(sizeof(Lease) == 16);

}  // namespace weir::quota
