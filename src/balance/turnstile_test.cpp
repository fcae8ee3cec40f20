#include "balance/turnstile.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <thread>
#include <vector>

namespace weir::balance {
namespace {

struct Told final : Turnstile::Waiter {
    ~Told() { static_cast<void>(take()); }
    void admitted() override {
        in = true;
        in.notify_one();
    }
    std::atomic<bool> in{false};
};

TEST(TurnstileTest, WhoCameFirstIsAdmittedFirst) {
    Turnstile turnstile;
    Turnstile::Place inside = turnstile.enter(1);
    EXPECT_TRUE(inside);
    EXPECT_FALSE(turnstile.enter(1));
    Told first, second;
    turnstile.queue(first, 1);
    turnstile.queue(second, 1);
    EXPECT_EQ(turnstile.waiting(), 2u);
    EXPECT_FALSE(turnstile.enter(5)) << "nobody passes those who wait";
    inside.leave();
    EXPECT_TRUE(first.in);
    EXPECT_FALSE(second.in);
    Turnstile::Place next = first.take();
    EXPECT_TRUE(next);
    EXPECT_EQ(turnstile.inside(), 1u);
    next.leave();
    EXPECT_TRUE(second.in);
    EXPECT_EQ(turnstile.waiting(), 0u);
    second.take().leave();
    EXPECT_EQ(turnstile.inside(), 0u);
    EXPECT_TRUE(turnstile.enter(1));
}

TEST(TurnstileTest, WhoGoesAwayHoldsNothingUp) {
    Turnstile turnstile;
    Turnstile::Place inside = turnstile.enter(1);
    auto impatient = std::make_unique<Told>();
    Told patient;
    turnstile.queue(*impatient, 1);
    turnstile.queue(patient, 1);
    EXPECT_FALSE(impatient->take()) << "has none yet, and waits no more";
    EXPECT_EQ(turnstile.waiting(), 1u);
    inside.leave();
    EXPECT_TRUE(patient.in);
    EXPECT_FALSE(impatient->in);
    {
        Told late;  // admitted, but gone before it noticed
        turnstile.queue(late, 1);
        patient.take().leave();
        EXPECT_TRUE(late.in);
    }
    EXPECT_EQ(turnstile.inside(), 0u) << "its place came back";
}

TEST(TurnstileTest, AHigherLimitIsNoticed) {
    Turnstile turnstile;
    Turnstile::Place inside = turnstile.enter(1);
    Told first, second, third;
    turnstile.queue(first, 1);
    turnstile.queue(second, 1);
    turnstile.queue(third, 3);
    EXPECT_TRUE(first.in && second.in) << "up to the limit of who came last";
    EXPECT_FALSE(third.in);
    EXPECT_EQ(turnstile.inside(), 3u);
}

TEST(TurnstileTest, AmongThreadsTheLimitHoldsAndNobodyIsForgotten) {
    Turnstile turnstile;
    constexpr uint32_t kLimit = 2;
    std::atomic<uint32_t> inside{0}, broken{0}, served{0};
    auto use = [&](Turnstile::Place place) {
        EXPECT_TRUE(place);
        if (inside.fetch_add(1) >= kLimit) ++broken;
        std::this_thread::yield();
        ++served;
        inside.fetch_sub(1);
    };
    auto work = [&](unsigned seed) {
        for (int i = 0; i < 500; ++i) {
            if (Turnstile::Place place = turnstile.enter(kLimit)) {
                use(std::move(place));
                continue;
            }
            Told told;
            turnstile.queue(told, kLimit);
            seed = seed * 1664525u + 1013904223u;
            if (seed >> 29 == 0) continue;  // goes away again
            told.in.wait(false);
            use(told.take());
        }
    };
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 6; ++t)
        threads.emplace_back(work, t);
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(broken, 0u);
    EXPECT_GT(served, 1500u);
    EXPECT_EQ(turnstile.inside(), 0u);
    EXPECT_EQ(turnstile.waiting(), 0u);
}

}  // namespace
}  // namespace weir::balance
