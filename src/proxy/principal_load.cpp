#include "proxy/principal_load.h"

#include <algorithm>
#include <optional>

namespace weir::proxy {
namespace {

constexpr uint64_t kCount = (uint64_t{1} << 24) - 1;  // the bits of a counter that count

uint64_t count_of(uint64_t counter) {
    return counter & kCount;
}

}  // namespace

PrincipalLoad::~PrincipalLoad() {
    delete[] groups_.load();
}

PrincipalLoad::Group* PrincipalLoad::table() {
    Group* made = groups_.load();
    if (made) return made;
    auto fresh = std::make_unique<Group[]>(kGroups);
    if (groups_.compare_exchange_strong(made, fresh.get())) return fresh.release();
    return made;
}

PrincipalLoad::Outcome PrincipalLoad::enter(const quota::Key& key, uint64_t limit, Place& place) {
    Group* groups = table();
    const uint64_t tag = key.high & ~kCount;
    Group* const mine[2] = {groups + key.low % kGroups, groups + key.low / kGroups % kGroups};
    const int groups_of_mine = mine[0] == mine[1] ? 1 : 2;
    const uint64_t most = std::min(limit, kCount - 1);

    struct Seen {
        std::atomic<uint64_t>* own = nullptr;   // a counter that is his
        std::atomic<uint64_t>* free = nullptr;  // one that is nobody's, of the emptier group
        uint64_t expected = 0;                  // its value
    };
    auto look = [&] {
        Seen seen;
        int emptiest = -1;
        for (int g = 0; g < groups_of_mine; ++g) {
            std::atomic<uint64_t>* first_free = nullptr;
            uint64_t value_of_free = 0;
            int empty = 0;
            for (auto& counter : mine[g]->counters) {
                const uint64_t value = counter.load();
                if (count_of(value) == 0) {
                    if (!first_free) first_free = &counter, value_of_free = value;
                    ++empty;
                } else if ((value & ~kCount) == tag) {
                    return Seen{&counter, nullptr, value};
                }
            }
            if (empty > emptiest && first_free) {
                emptiest = empty;
                seen.free = first_free;
                seen.expected = value_of_free;
            }
        }
        return seen;
    };
    while (true) {
        Seen seen = look();
        if (!seen.own && !seen.free) return Outcome::no_counter;
        if (seen.own && count_of(seen.expected) >= most) return Outcome::over_limit;
        auto* counter = seen.own ? seen.own : seen.free;
        const uint64_t taken = seen.own ? seen.expected + 1 : tag | 1;
        if (!counter->compare_exchange_strong(seen.expected, taken)) continue;
        place = Place(*counter);
        uint64_t all = count_of(taken);
        for (int g = 0; g < groups_of_mine; ++g)
            for (auto& other : mine[g]->counters) {
                const uint64_t value = other.load();
                if (&other != counter && (value & ~kCount) == tag) all += count_of(value);
            }
        if (all <= most) return Outcome::entered;
        place = Place();
        return Outcome::over_limit;
    }
}

uint64_t PrincipalLoad::taken() const {
    uint64_t all = 0;
    if (const Group* groups = groups_.load())
        for (std::size_t g = 0; g < kGroups; ++g)
            for (const auto& counter : groups[g].counters)
                all += count_of(counter.load());
    return all;
}

}  // namespace weir::proxy
