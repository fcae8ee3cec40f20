/// Token budgets that hold: reserve before the call, settle after it.
///
/// What a call costs is known only when its stream ends, so an exchange first takes a Reservation
/// of what it may cost, on every limit that concerns it or on none, and settles it with what it
/// did cost. In between the reserved amount counts as taken; so whatever runs at the same time,
/// used + reserved ≤ limit. A Reservation destroyed unsettled gives back what it holds.
///
///     Reservation held;
///     if (auto refusal = reserve(demands, now, held)) …;   // 429, nothing is held
///     held.settle(actual, now);                            // one number per demand
///
/// What is settled above the reservation is counted all the same (no limit can undo a call), in
/// the window of the reservation if it still runs, else in the present one. Threads: a Reservation
/// is one exchange's; the counters are everybody's. Bounds and examples: docs/limits.md.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "quota/counters.h"

namespace weir::quota {

/// When a rule counts.
enum class Enforcement : uint8_t {
    reserve,     ///< the estimate before the call, the truth after it
    afterwards,  ///< nothing before the call but a look at what is left (Envoy AI Gateway's way)
};

/// What a demand on a shared limit (lease.h) does when this gateway's lease has no room for it.
enum class Lacking : uint8_t {
    ask,     ///< fails with Refusal::Why::lease: the lease keeper may get more
    refuse,  ///< the keeper has asked: there is no more, or (without a store) none is given
    rest,    ///< the store cannot be asked: counts against what nobody is known to have
    admit,   ///< the store cannot be asked: is counted and admitted
};

/// One limit's share in a request.
struct Demand {
    Counters* counters = nullptr;
    Key key = kEverybody;
    uint64_t limit = 0;
    uint64_t amount = 0;  ///< to reserve; with Enforcement::afterwards what is charged at once
    Enforcement enforcement = Enforcement::reserve;
    bool shadow = false;  ///< counts and tells, never refuses
    /// Neighbours with the same group other than 0 are buckets of one shared quota: each is
    /// charged, and one with room is enough (QuotaPolicy mode Shared).
    uint32_t group = 0;
    Lacking lacking = Lacking::ask;
    /// What must be free. With Enforcement::afterwards one more call is let in as long as anything
    /// is left.
    uint64_t asked() const {
        return enforcement == Enforcement::reserve ? amount : std::max<uint64_t>(amount, 1);
    }
};

/// Where a limit stands for one key.
struct Standing {
    uint64_t limit = 0;
    uint64_t taken = 0;
    Time resets;
    uint64_t remaining() const { return limit - std::min(limit, taken); }
};

struct Refusal {
    std::size_t demand = 0;  ///< which one had no room
    Standing standing;
    uint64_t amount = 0;
    Time retry;                ///< when `amount` may fit
    bool never_fits = false;   ///< it is more than the whole limit
    bool lacks_lease = false;  ///< only this gateway's part of the limit has no room (Lacking::ask)
};

class [[nodiscard]] Reservation {
public:
    Reservation() = default;
    ~Reservation() { release(); }
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;

    bool empty() const { return holds_.empty(); }
    std::size_t size() const { return holds_.size(); }
    /// Gives everything back, as if nothing had been asked for.
    void release();
    /// Replaces what is held by what was used, in the order of the demands, and ends.
    void settle(std::span<const uint64_t> actual, Time now);
    /// Of a shared limit: what is taken of it passes the lease, so the keeper must hear of it.
    bool beyond_lease(std::size_t demand, Time now) const;
    /// Holds `more` of one demand, if the limit (a shared one: the lease) has it. For a stream that
    /// outgrows its estimate.
    bool extend(std::size_t demand, uint64_t more, Time now, Lacking lacking = Lacking::ask);
    uint64_t reserved(std::size_t demand) const {
        return holds_[demand].amount + holds_[demand].before;
    }
    /// How the limit stands now, this reservation included.
    Standing standing(std::size_t demand, Time now) const;

private:
    friend std::optional<Refusal> reserve(std::span<const Demand>, Time, Reservation&);
    struct Hold {
        Counters* counters = nullptr;
        Node* node = nullptr;
        Taken taken;
        uint64_t amount = 0;
        uint64_t limit = 0;
        uint64_t before = 0;  ///< taken in windows that an extension left behind
    };
    std::optional<Refusal> take_group(std::span<const Demand> demands, std::size_t begin,
                                      std::size_t end, Time now);
    bool take(const Demand& demand, Time now);
    void take_anyway(const Demand& demand, Hold& hold, Time now);
    void drop_refused(std::size_t begin);
    void let_go();
    std::vector<Hold> holds_;  // keeps its memory over exchanges
};

/// Takes all demands into `into`, which is empty, or none and says which limit refused. Shadow
/// demands and refusals are counted in their Counters. The Counters outlive the Reservation.
std::optional<Refusal> reserve(std::span<const Demand> demands, Time now, Reservation& into);

/// True if the lease lacks room for a demand that may ask for more.
bool lacks_lease(const Demand& demand, Time now);

/// How a limit stands for a key, with nothing held.
Standing look(const Counters& counters, const Key& key, uint64_t limit, Time now);

}  // namespace weir::quota
