#include "proxy/principal_load.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

namespace weir::proxy {
namespace {

using Outcome = PrincipalLoad::Outcome;

const quota::KeyHasher kHasher(1, 2);

TEST(PrincipalLoadTest, EachCallerHasHisOwnLimit) {
    PrincipalLoad load;
    const quota::Key a = kHasher.of("a"), b = kHasher.of("b");
    PrincipalLoad::Place first, second, third, other;
    EXPECT_EQ(load.enter(a, 2, first), Outcome::entered);
    EXPECT_EQ(load.enter(a, 2, second), Outcome::entered);
    EXPECT_EQ(load.enter(a, 2, third), Outcome::over_limit);
    EXPECT_EQ(load.enter(b, 2, other), Outcome::entered);
    EXPECT_EQ(load.taken(), 3u);
    second = {};
    EXPECT_EQ(load.enter(a, 2, third), Outcome::entered) << "there is room again";
    EXPECT_EQ(load.enter(a, 3, second), Outcome::entered) << "a reload has raised the limit";
    PrincipalLoad::Place moved = std::move(second);
    second = {};
    EXPECT_EQ(load.taken(), 4u) << "moved, not left";
    for (auto* place : {&first, &third, &moved, &other})
        *place = {};
    EXPECT_EQ(load.taken(), 0u);
}

TEST(PrincipalLoadTest, ThousandsOfCallersHaveRoom) {
    PrincipalLoad load;
    std::vector<PrincipalLoad::Place> places(20'000);
    for (std::size_t i = 0; i < places.size(); ++i)
        ASSERT_EQ(load.enter(kHasher.of(std::to_string(i)), 1, places[i]), Outcome::entered) << i;
    PrincipalLoad::Place again;
    for (std::size_t i = 0; i < places.size(); ++i)
        ASSERT_EQ(load.enter(kHasher.of(std::to_string(i)), 1, again), Outcome::over_limit) << i;
    places.clear();
    EXPECT_EQ(load.taken(), 0u);
}

TEST(PrincipalLoadTest, AFullTableRefusesWhoIsNew) {
    PrincipalLoad load;
    std::vector<PrincipalLoad::Place> places;
    // All in one pair of groups.
    for (uint64_t i = 0; i < 16; ++i) {
        ASSERT_EQ(load.enter({5 + 9 * PrincipalLoad::kGroups, i << 24}, 9, places.emplace_back()),
                  Outcome::entered);
    }
    PrincipalLoad::Place more;
    EXPECT_EQ(load.enter({5 + 9 * PrincipalLoad::kGroups, 16ull << 24}, 9, more),
              Outcome::no_counter);
    EXPECT_EQ(load.enter({5 + 9 * PrincipalLoad::kGroups, 3ull << 24}, 9, more), Outcome::entered);
    places.erase(places.begin());
    EXPECT_EQ(load.enter({5 + 9 * PrincipalLoad::kGroups, 16ull << 24}, 9, more), Outcome::entered);
}

TEST(PrincipalLoadTest, TheLimitHoldsWhoeverEntersAtOnce) {
    PrincipalLoad load;
    constexpr uint64_t kLimit = 3;
    constexpr int kCallers = 5;
    std::array<std::atomic<uint64_t>, kCallers> inside{};
    std::atomic<uint64_t> admitted{0}, broken{0};
    auto work = [&](unsigned seed) {
        for (int i = 0; i < 20'000; ++i) {
            seed = seed * 1664525u + 1013904223u;
            const int who = static_cast<int>((seed >> 16) % kCallers);
            PrincipalLoad::Place place;
            if (load.enter(kHasher.of(std::to_string(who)), kLimit, place) != Outcome::entered)
                continue;
            ++admitted;
            if (inside[static_cast<std::size_t>(who)].fetch_add(1) >= kLimit) ++broken;
            if (i % 8 == 0) std::this_thread::yield();
            inside[static_cast<std::size_t>(who)].fetch_sub(1);
        }
    };
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 6; ++t)
        threads.emplace_back(work, t);
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(broken, 0u);
    EXPECT_GT(admitted, 1000u);
    EXPECT_EQ(load.taken(), 0u);
}

}  // namespace
}  // namespace weir::proxy
