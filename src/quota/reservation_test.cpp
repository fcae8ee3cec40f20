#include "quota/reservation.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <thread>

namespace weir::quota {
namespace {

using std::chrono::seconds;

constexpr Time kStart{seconds(1'700'000'040)};  // 20 s into a minute's window

class ReservationTest : public ::testing::Test {
protected:
    std::unique_ptr<Counters> limit(Window window = {Unit::minute}, bool distinct = false,
                                    uint32_t max_keys = 1000) {
        return std::make_unique<Counters>(
            CounterSpec{
                .identity = "test", .window = window, .distinct = distinct, .max_keys = max_keys},
            arena);
    }
    static Demand demand(Counters& counters, uint64_t limit, uint64_t amount,
                         Key key = kEverybody) {
        return {.counters = &counters, .key = key, .limit = limit, .amount = amount};
    }
    HeapArena arena;
};

std::optional<Refusal> reserve_one(const Demand& demand, Reservation& into, Time now = kStart) {
    return reserve(std::span(&demand, 1), now, into);
}

TEST_F(ReservationTest, HoldsTheEstimateAndSettlesToTheToken) {
    auto tokens = limit();
    Reservation held;
    ASSERT_FALSE(reserve_one(demand(*tokens, 100, 60), held));
    EXPECT_EQ(tokens->use(kStart).reserved, 60u);
    Reservation second;
    auto refusal = reserve_one(demand(*tokens, 100, 41), second);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->standing.remaining(), 40u);
    EXPECT_EQ(refusal->standing.resets, Time(seconds(1'700'000'040 / 60 * 60 + 60)));
    EXPECT_FALSE(refusal->never_fits);
    EXPECT_TRUE(second.empty());
    uint64_t actual = 7;
    held.settle({&actual, 1}, kStart);
    EXPECT_EQ(tokens->use(kStart).taken, 7u);
    EXPECT_EQ(tokens->use(kStart).reserved, 0u);
    EXPECT_EQ(tokens->rejected, 1u);
}

TEST_F(ReservationTest, UnsettledReservationIsReturned) {
    auto tokens = limit();
    {
        Reservation held;
        ASSERT_FALSE(reserve_one(demand(*tokens, 100, 60), held));
    }
    EXPECT_EQ(tokens->use(kStart).taken, 0u);
    EXPECT_EQ(tokens->use(kStart).reserved, 0u);
}

TEST_F(ReservationTest, IsAllOrNothing) {
    auto wide = limit(), narrow = limit();
    Demand demands[] = {demand(*wide, 1000, 60), demand(*narrow, 50, 60)};
    Reservation held;
    auto refusal = reserve(demands, kStart, held);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->demand, 1u);
    EXPECT_TRUE(refusal->never_fits);
    EXPECT_EQ(wide->use(kStart).taken, 0u);
    EXPECT_EQ(wide->use(kStart).reserved, 0u);
    EXPECT_EQ(narrow->use(kStart).reserved, 0u);
}

TEST_F(ReservationTest, WhatExceedsTheReservationCounts) {
    auto tokens = limit();
    Reservation held;
    ASSERT_FALSE(reserve_one(demand(*tokens, 100, 60), held));
    uint64_t actual = 150;
    held.settle({&actual, 1}, kStart);
    EXPECT_EQ(tokens->use(kStart).taken, 150u);
    Reservation next;
    EXPECT_TRUE(reserve_one(demand(*tokens, 100, 1), next));
}

TEST_F(ReservationTest, SettlesIntoItsOwnWindowAndCarriesTheExcess) {
    auto tokens = limit();
    Reservation held;
    ASSERT_FALSE(reserve_one(demand(*tokens, 100, 60), held));
    Time later = kStart + seconds(60);
    uint64_t actual = 75;
    held.settle({&actual, 1}, later);
    EXPECT_EQ(tokens->use(later).taken, 15u);
    Reservation other;
    ASSERT_FALSE(reserve_one(demand(*tokens, 100, 60), other, later));
    uint64_t less = 20;
    other.settle({&less, 1}, later + seconds(60));
    EXPECT_EQ(tokens->use(later + seconds(60)).taken, 0u);
}

TEST_F(ReservationTest, AfterwardsLooksFirstAndChargesLater) {
    auto tokens = limit();
    Demand look = demand(*tokens, 100, 0);
    look.enforcement = Enforcement::afterwards;
    Reservation first, second, third;
    ASSERT_FALSE(reserve_one(look, first));
    ASSERT_FALSE(reserve_one(look, second));
    uint64_t actual = 100;
    first.settle({&actual, 1}, kStart);
    EXPECT_TRUE(reserve_one(look, third)) << "the limit is reached";
    second.settle({&actual, 1}, kStart + seconds(60));
    EXPECT_EQ(tokens->use(kStart + seconds(60)).taken, 100u) << "charged when it ended";
}

TEST_F(ReservationTest, ShadowCountsAndNeverRefuses) {
    auto tokens = limit();
    Demand shadow = demand(*tokens, 100, 80);
    shadow.shadow = true;
    Reservation first, second;
    ASSERT_FALSE(reserve_one(shadow, first));
    ASSERT_FALSE(reserve_one(shadow, second));
    EXPECT_EQ(tokens->use(kStart).taken, 160u);
    EXPECT_EQ(tokens->shadowed, 1u);
    EXPECT_EQ(tokens->rejected, 0u);
}

TEST_F(ReservationTest, SharedQuotaChargesEveryBucketAndNeedsOne) {
    auto small = limit(), large = limit();
    Demand demands[] = {demand(*small, 10, 8), demand(*large, 20, 8)};
    demands[0].group = demands[1].group = 1;
    Reservation held[3];
    ASSERT_FALSE(reserve(demands, kStart, held[0]));
    ASSERT_FALSE(reserve(demands, kStart, held[1])) << "the large bucket has room";
    EXPECT_EQ(small->use(kStart).taken, 16u);
    ASSERT_TRUE(reserve(demands, kStart, held[2]));
    EXPECT_EQ(small->use(kStart).taken, 16u);
    EXPECT_EQ(large->use(kStart).taken, 16u);
    EXPECT_EQ(large->use(kStart).reserved, 16u);
}

TEST_F(ReservationTest, ExtendsWhileTheLimitHasRoom) {
    auto tokens = limit();
    Reservation held;
    ASSERT_FALSE(reserve_one(demand(*tokens, 100, 60), held));
    EXPECT_TRUE(held.extend(0, 30, kStart));
    EXPECT_FALSE(held.extend(0, 30, kStart));
    EXPECT_EQ(held.reserved(0), 90u);
    Time later = kStart + seconds(60);
    EXPECT_TRUE(held.extend(0, 30, later));
    EXPECT_EQ(held.reserved(0), 120u);
    EXPECT_EQ(tokens->use(later).taken, 30u);
    uint64_t actual = 110;
    held.settle({&actual, 1}, later);
    EXPECT_EQ(tokens->use(later).taken, 20u);
    EXPECT_EQ(tokens->use(later).reserved, 0u);
}

TEST_F(ReservationTest, SlidingWindowForgetsSliceBySlice) {
    auto tokens = limit({Unit::minute, Window::Kind::sliding});
    Time begin{seconds(1'700'000'040)};
    uint64_t actual = 50;
    for (int i = 0; i < 2; ++i) {
        Reservation held;
        ASSERT_FALSE(reserve_one(demand(*tokens, 100, 50), held, begin + seconds(30 * i)));
        held.settle({&actual, 1}, begin + seconds(30 * i));
    }
    Reservation held;
    auto refusal = reserve_one(demand(*tokens, 100, 50), held, begin + seconds(45));
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->retry, begin + Milliseconds(67'500)) << "when the first slice has left";
    EXPECT_EQ(refusal->standing.resets, begin + Milliseconds(97'500));
    ASSERT_FALSE(reserve_one(demand(*tokens, 100, 50), held, refusal->retry));
    EXPECT_EQ(tokens->use(refusal->retry).taken, 100u);
}

TEST_F(ReservationTest, DistinctValuesCountApart) {
    auto tokens = limit({Unit::minute}, true);
    KeyHasher hasher(1, 2);
    Reservation a, b, c;
    ASSERT_FALSE(reserve_one(demand(*tokens, 100, 80, hasher.of("a")), a));
    ASSERT_FALSE(reserve_one(demand(*tokens, 100, 80, hasher.of("b")), b));
    EXPECT_TRUE(reserve_one(demand(*tokens, 100, 80, hasher.of("a")), c));
    EXPECT_EQ(tokens->use(kStart).keys, 2u);
    EXPECT_EQ(look(*tokens, hasher.of("b"), 100, kStart).remaining(), 20u);
    EXPECT_EQ(look(*tokens, hasher.of("c"), 100, kStart).remaining(), 100u);
}

TEST_F(ReservationTest, DistinctTableIsBoundedAndForgetsTheLeastRecentlyUsed) {
    auto tokens = limit({Unit::hour}, true, 800);
    KeyHasher hasher(1, 2);
    uint64_t actual = 10;
    auto use = [&](const std::string& user, Time now) {
        Reservation held;
        EXPECT_FALSE(reserve_one(demand(*tokens, 100'000, 10, hasher.of(user)), held, now));
        held.settle({&actual, 1}, now);
    };
    for (int i = 0; i < 5000; ++i) {
        Time now = kStart + seconds(i / 10);
        use(std::to_string(i), now);
        use("frequent", now);
    }
    Time end = kStart + seconds(500);
    EXPECT_LE(tokens->use(end).keys, 900u + Counters::kShards);
    EXPECT_GE(tokens->use(end).keys, 800u);
    EXPECT_EQ(tokens->evicted(), 5001 - tokens->use(end).keys);
    EXPECT_EQ(look(*tokens, hasher.of("frequent"), 100'000, end).taken, 50'000u);
}

TEST_F(ReservationTest, HeldCountersAreNotForgotten) {
    auto tokens = limit({Unit::hour}, true, 8);
    KeyHasher hasher(1, 2);
    std::vector<std::unique_ptr<Reservation>> held;
    for (int i = 0; i < 200; ++i) {
        held.push_back(std::make_unique<Reservation>());
        ASSERT_FALSE(reserve_one(demand(*tokens, 1000, 1, hasher.of(std::to_string(i))), *held[i]));
    }
    EXPECT_EQ(tokens->use(kStart).taken, 200u) << "those without room share a counter";
    held.clear();
    EXPECT_EQ(tokens->use(kStart).taken, 0u);
    EXPECT_EQ(tokens->use(kStart).reserved, 0u);
}

TEST_F(ReservationTest, IdleKeysExpire) {
    auto tokens = limit({Unit::minute}, true);
    KeyHasher hasher(1, 2);
    uint64_t actual = 10;
    std::map<int, std::unique_ptr<Reservation>> running;
    for (int i = 0; i < 100; ++i) {
        auto held = std::make_unique<Reservation>();
        ASSERT_FALSE(reserve_one(demand(*tokens, 100, 10, hasher.of(std::to_string(i))), *held));
        if (i == 42)
            running[i] = std::move(held);
        else
            held->settle({&actual, 1}, kStart);
    }
    auto nodes = [&] {
        int count = 0;
        tokens->for_each([&](const Node&) { ++count; });
        return count;
    };
    tokens->sweep(kStart);
    EXPECT_EQ(nodes(), 100);
    tokens->sweep(kStart + seconds(60));
    EXPECT_EQ(nodes(), 1) << "the one that is held";
    running.clear();
    EXPECT_EQ(tokens->use(kStart).reserved, 0u);
}

TEST_F(ReservationTest, ALimitMayChangeWhileItCounts) {
    auto tokens = limit();
    Reservation held, more;
    ASSERT_FALSE(reserve_one(demand(*tokens, 100, 90), held));
    EXPECT_TRUE(reserve_one(demand(*tokens, 50, 1), more));
    EXPECT_FALSE(reserve_one(demand(*tokens, 200, 100), more));
}

TEST_F(ReservationTest, AClockThatGoesBackIsNoWayAroundALimit) {
    auto tokens = limit({Unit::second});
    Reservation held, more;
    ASSERT_FALSE(reserve_one(demand(*tokens, 10, 10), held, kStart));
    EXPECT_TRUE(reserve_one(demand(*tokens, 10, 1), more, kStart - seconds(3)));
}

/// The same steps on a model that is obviously right: sums of what each window took.
class Model {
public:
    explicit Model(Window window) : window_(window) {}
    uint64_t taken(Time now) const {
        uint64_t span = window_.kind == Window::Kind::fixed ? 1 : Window::kSlices + 1;
        uint64_t sum = 0;
        for (const auto& [number, amount] : amounts_)
            if (number + span > window_.number(now)) sum += amount;
        return sum;
    }
    uint64_t add(Time now, uint64_t amount) {
        amounts_[window_.number(now)] += amount;
        return window_.number(now);
    }
    void lower(uint64_t number, uint64_t amount) { amounts_[number] -= amount; }

private:
    Window window_;
    std::map<uint64_t, uint64_t> amounts_;
};

class RandomStepsTest : public ::testing::TestWithParam<Window> {};

TEST_P(RandomStepsTest, AgreeWithTheModel) {
    HeapArena arena;
    for (uint64_t seed = 0; seed < 200; ++seed) {
        std::mt19937_64 random(seed);
        Counters counters({.identity = "random", .window = GetParam()}, arena);
        Model model(GetParam());
        struct Running {
            Reservation held;
            uint64_t number, amount;
        };
        std::vector<std::unique_ptr<Running>> running;
        Time now = kStart;
        constexpr uint64_t kLimit = 1000;
        for (int step = 0; step < 300; ++step) {
            now += Milliseconds(random() % 9 == 0 ? random() % 90'000 : random() % 2'000);
            ASSERT_EQ(counters.use(now).taken, model.taken(now)) << "seed " << seed << " " << step;
            if (random() % 2 == 0) {
                auto next = std::make_unique<Running>();
                next->amount = random() % 400;
                Demand ask{.counters = &counters, .limit = kLimit, .amount = next->amount};
                bool fits = model.taken(now) + next->amount <= kLimit;
                ASSERT_EQ(!reserve_one(ask, next->held, now), fits);
                if (!fits) continue;
                next->number = model.add(now, next->amount);
                running.push_back(std::move(next));
            } else if (!running.empty()) {
                std::size_t which = random() % running.size();
                std::swap(running[which], running.back());
                Running& ended = *running.back();
                if (random() % 4 == 0) {
                    ended.held.release();
                    model.lower(ended.number, ended.amount);
                } else {
                    uint64_t actual = random() % 450;
                    ended.held.settle({&actual, 1}, now);
                    if (actual <= ended.amount)
                        model.lower(ended.number, ended.amount - actual);
                    else
                        model.add(now, actual - ended.amount);
                }
                running.pop_back();
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Windows, RandomStepsTest,
                         ::testing::Values(Window{Unit::minute, Window::Kind::fixed},
                                           Window{Unit::minute, Window::Kind::sliding},
                                           Window{Unit::second, Window::Kind::sliding}),
                         [](const auto& param) {
                             return std::string(to_string(param.param.unit)) +
                                    (param.param.kind == Window::Kind::fixed ? "Fixed" : "Sliding");
                         });

/// Threads reserve and settle at will on one counter, on few and on too many; an admission that
/// would pass the limit is seen by its own total.
class ThreadsTest : public ::testing::TestWithParam<Window> {};

TEST_P(ThreadsTest, NeverAdmitMoreThanTheLimit) {
    HeapArena arena;
    constexpr uint64_t kLimit = 5'000;
    constexpr int kThreads = 4;
    Counters everybody({.identity = "a", .window = GetParam()}, arena);
    Counters each({.identity = "b", .window = GetParam(), .distinct = true, .max_keys = 64}, arena);
    std::atomic<uint64_t> known{0};  // what is surely taken of `everybody`: never above the limit
    std::atomic<bool> exceeded{false};
    std::atomic<int> admitted{0};
    auto work = [&](uint64_t seed) {
        std::mt19937_64 random(seed);
        KeyHasher hasher(1, 2);
        Reservation held;
        for (int i = 0; i < 20'000; ++i) {
            uint64_t amount = random() % 2'000 + 1;
            Demand demands[] = {{.counters = &everybody, .limit = kLimit, .amount = amount},
                                {.counters = &each,
                                 .key = hasher.of(std::to_string(random() % 200)),
                                 .limit = kLimit,
                                 .amount = amount}};
            if (reserve(demands, kStart, held)) continue;
            ++admitted;
            if (known.fetch_add(amount) + amount > kLimit) exceeded = true;
            uint64_t used = random() % 1000 == 0 ? 1 : 0;
            uint64_t actual[] = {used, used};
            known.fetch_sub(amount - used);
            held.settle(actual, kStart);
        }
    };
    std::vector<std::thread> threads;
    for (uint64_t t = 0; t < kThreads; ++t)
        threads.emplace_back(work, t);
    for (int i = 0; i < 50; ++i) {
        each.sweep(kStart);
        EXPECT_LE(everybody.use(kStart).taken, kLimit);
    }
    for (auto& thread : threads)
        thread.join();
    EXPECT_FALSE(exceeded);
    EXPECT_GT(admitted, 0);
    EXPECT_EQ(everybody.use(kStart).taken, known);
    EXPECT_EQ(everybody.use(kStart).reserved, 0u);
    EXPECT_EQ(each.use(kStart).reserved, 0u);
    EXPECT_LE(each.use(kStart).keys, 64 * 9 / 8 + Counters::kShards + 1);
}

INSTANTIATE_TEST_SUITE_P(Windows, ThreadsTest,
                         ::testing::Values(Window{Unit::hour, Window::Kind::fixed},
                                           Window{Unit::hour, Window::Kind::sliding}),
                         [](const auto& param) {
                             return param.param.kind == Window::Kind::fixed ? "Fixed" : "Sliding";
                         });

}  // namespace
}  // namespace weir::quota
