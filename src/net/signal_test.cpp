#include "net/signal.h"

#include <gtest/gtest.h>

#include "net/test_loop.h"

namespace weir::net {
namespace {

using std::chrono::milliseconds;

struct Waiter {
    explicit Waiter(Worker& on) : worker(on), news(on) {}
    Worker& worker;
    Signal news;
    CancelSource cancel;
    int woken = 0;
    bool cancelled = false;

    Task<void> run(TimePoint until, int times) {
        try {
            for (int i = 0; i < times; ++i) {
                co_await news.wait(until, cancel);
                ++woken;
            }
        } catch (const Cancelled&) {
            cancelled = true;
        }
    }
    void turns() {
        for (int i = 0; i < 3; ++i)
            worker.turn(milliseconds(0));
    }
};

TEST(SignalTest, WakesInALaterTurn) {
    Worker worker(0);
    Waiter waiter(worker);
    TaskScope scope;
    scope.spawn(waiter.run(kNever, 2));
    waiter.news.set();
    waiter.news.set();
    EXPECT_EQ(waiter.woken, 0) << "not inside set()";
    waiter.turns();
    EXPECT_EQ(waiter.woken, 1) << "and once for both";
    waiter.news.set();
    waiter.turns();
    EXPECT_EQ(waiter.woken, 2);
    EXPECT_EQ(scope.running(), 0u);
}

TEST(SignalTest, WhatHappenedBeforeTheWaitCounts) {
    Worker worker(0);
    Waiter waiter(worker);
    waiter.news.set();
    TaskScope scope;
    scope.spawn(waiter.run(kNever, 1));
    EXPECT_EQ(waiter.woken, 1);
}

TEST(SignalTest, ATimeEndsTheWait) {
    Worker worker(0);
    Waiter waiter(worker);
    TaskScope scope;
    scope.spawn(waiter.run(std::chrono::steady_clock::now(), 1));
    EXPECT_EQ(waiter.woken, 0);
    waiter.turns();
    EXPECT_EQ(waiter.woken, 1);
}

TEST(SignalTest, CancelledOrDestroyedWhileItIsPosted) {
    Worker worker(0);
    Waiter waiter(worker);
    TaskScope scope;
    scope.spawn(waiter.run(kNever, 1));
    waiter.news.set();
    waiter.cancel.cancel();
    EXPECT_TRUE(waiter.cancelled);
    waiter.turns();
    EXPECT_EQ(waiter.woken, 0);
    Waiter other(worker);
    {
        TaskScope short_lived;
        short_lived.spawn(other.run(kNever, 1));
        other.news.set();
    }
    waiter.turns();
    EXPECT_EQ(other.woken, 0);
}

}  // namespace
}  // namespace weir::net
