/// Keeps the leases of one gateway: gets more before they run out, gives back what is not used.
///
/// Each counter that is in use has a lease of the size it needs and, if its rule allows, up to a
/// fiftieth of the limit or an eighth of what is left of it in advance, whichever is less; so
/// leases shrink as a limit fills up, and little lies idle where others need it. tick() renews and
/// trims; a counter that nobody used for kIdle ticks gives back all it does not need and is
/// forgotten here. What was used beyond a lease (an answer larger than its reservation, a store
/// that was away) is claimed whatever the limit says.
///
/// Pure: a Store, a time and random numbers come from outside. Threads: one, the store's; what the
/// workers change meanwhile are the atomics of the counters (lease.h).
#pragma once
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "quota/leases.h"
#include "quota/store.h"

namespace weir::quota {

class LeaseKeeper {
public:
    static constexpr int kIdle = 10;  ///< ticks
    static constexpr uint64_t kShareOfLimit = 50;
    static constexpr uint64_t kShareOfRest = 8;

    /// `random` gives 64 bits that no other gateway gives. Both outlive the keeper.
    LeaseKeeper(Store& store, std::function<uint64_t()> random);
    ~LeaseKeeper();
    LeaseKeeper(const LeaseKeeper&) = delete;
    LeaseKeeper& operator=(const LeaseKeeper&) = delete;

    /// `done` is called when the store has answered for all needs.
    void refill(std::vector<LeaseNeed> needs, Leases::Done done, Time now);
    void touch(const LeaseNeed& need, Time now);
    void tick(Time now);
    /// While false nothing new is claimed, only what is used and was granted: the store may not
    /// know yet what others have.
    void set_growing(bool growing) { growing_ = growing; }
    /// Takes on those of the counters that are in use: they may have a lease from before a restart.
    void adopt(const std::vector<std::shared_ptr<Counters>>& counters, Time now);
    /// That, and claims again what they and all others have: for a store that may have forgotten
    /// it.
    void restore(const std::vector<std::shared_ptr<Counters>>& counters, Time now);
    /// From now on nothing is taken in advance, and what is not used is given back at the next
    /// tick.
    void retire() { retiring_ = true; }
    /// The store knows all that was used here, and nothing is leased in advance.
    bool all_returned(Time now) const;

    std::size_t active() const { return records_.size(); }
    uint64_t claims() const { return claims_; }

private:
    struct Record;
    struct Refill;
    Record& record(const LeaseNeed& need, Time now);
    void plan(Record& record, Time now, std::vector<Claim>& claims, std::vector<Record*>& whose);
    void plan_present(Record& record, Time now, Claim claim, std::vector<Claim>& claims);
    bool plan_past(Record& record, Claim& claim) const;
    uint64_t advance(const Record& record, Time now) const;
    void send(std::vector<Claim> claims, std::vector<Record*> whose, Time now);
    void answered(const Claim& claim, Record& record, const std::optional<Grant>& grant);
    void finish(Record& record, Time now);
    static bool even(const Record& record, Time now);

    Store& store_;
    std::function<uint64_t()> random_;
    std::unordered_map<const Node*, std::unique_ptr<Record>> records_;
    uint64_t claims_ = 0;
    bool retiring_ = false;
    bool growing_ = true;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with the store's answers
};

}  // namespace weir::quota
