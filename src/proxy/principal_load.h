/// Exchanges in flight by who is calling, over all workers: so that one caller cannot take what is
/// there for all.
///
///     PrincipalLoad::Place place;
///     switch (load.enter(key, 10, place)) { … }       // left when `place` is destroyed
///
/// A table of fixed size, without a lock: a caller has a counter in one of two groups of eight, for
/// as long as an exchange of his is in flight. 40 bits of a keyed hash (quota/key.h) beside the
/// group's number stand for him, so no name is kept and none can be aimed at. Two threads may give
/// a new caller a counter each; so the counters of both groups that are his are added up, and the
/// limit holds over the sum: of those who enter at once the last one to be counted sees all.
///
/// Ownership: a Place refers to its PrincipalLoad. Threads: any.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "quota/key.h"

namespace weir::proxy {

class PrincipalLoad {
public:
    static constexpr std::size_t kGroups = 4096;  ///< of eight: 32,768 callers at once, 256 KiB

    class Place {
    public:
        Place() = default;
        Place(Place&& other) noexcept : counter_(std::exchange(other.counter_, nullptr)) {}
        Place& operator=(Place&& other) noexcept {
            leave();
            counter_ = std::exchange(other.counter_, nullptr);
            return *this;
        }
        ~Place() { leave(); }

    private:
        friend PrincipalLoad;
        explicit Place(std::atomic<uint64_t>& counter) : counter_(&counter) {}
        void leave() {
            if (auto* counter = std::exchange(counter_, nullptr)) counter->fetch_sub(1);
        }
        std::atomic<uint64_t>* counter_ = nullptr;
    };

    enum class Outcome : uint8_t { entered, over_limit, no_counter };

    PrincipalLoad() = default;
    ~PrincipalLoad();
    PrincipalLoad(const PrincipalLoad&) = delete;
    PrincipalLoad& operator=(const PrincipalLoad&) = delete;

    /// Takes a place for the caller that `key` stands for, if he has fewer than `limit`.
    /// `no_counter`: more callers than the table has room for are at work.
    Outcome enter(const quota::Key& key, uint64_t limit, Place& place);
    /// Places taken, of all callers. For tests and metrics: looks at the whole table.
    uint64_t taken() const;

private:
    struct alignas(64) Group {
        std::atomic<uint64_t> counters[8]{};  ///< 40 bits of hash, 24 of count; count 0: free
    };
    Group* table();
    std::atomic<Group*> groups_{nullptr};  ///< made when it is first used
};

}  // namespace weir::proxy
