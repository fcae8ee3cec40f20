/// Counters that several gateways share: what a Redis, or anything that can do one atomic step on
/// one counter, has to provide (store/).
///
/// The contract:
/// - claim() sets, in one atomic step for each claim, what `holder` is granted of a counter in a
///   window: `want`, or as much of it as `limit` leaves beside what the other holders were granted
///   in the windows that count, and never less than `floor`. What the holder had before does not
///   matter: a claim says the whole, so that it may be repeated after an error, and so that a store
///   which forgot is told anew.
/// - A counter is named by `counter` and its windows by their numbers, as quota::Window counts
/// them,
///   so gateways agree without talking. `numbers` of them count together: 1, or those of a sliding
///   window. A grant is remembered for `keep` after the counter's last claim.
/// - The claims of one call are independent of each other. Calls take effect in their order.
/// - claim() returns at once; `done` is called exactly once, on the thread that called and never
///   before the call has returned, also when the store is lost. Of a claim without a grant the
///   caller does not know whether it took effect, and claims again.
/// - One thread.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "quota/window.h"

namespace weir::quota {

struct Claim {
    std::string counter;  ///< the limit's identity and the Key; any bytes
    uint64_t holder = 0;  ///< never 0
    uint64_t number = 0;  ///< of the window, or of the slice
    uint32_t numbers = 1;
    Milliseconds keep{};
    uint64_t floor = 0;
    uint64_t want = 0;
    uint64_t limit = 0;
};

struct Grant {
    uint64_t granted = 0;  ///< what the holder has in that window now
    uint64_t others = 0;   ///< what other holders have in all windows that count
    friend bool operator==(const Grant&, const Grant&) = default;
};

/// One for each claim, in their order; nothing: the store does not answer for that counter now.
using Grants = std::vector<std::optional<Grant>>;

class Store {
public:
    using Done = std::function<void(Grants)>;
    virtual ~Store() = default;
    /// The claims are taken over.
    virtual void claim(std::vector<Claim> claims, Done done) = 0;
};

}  // namespace weir::quota
