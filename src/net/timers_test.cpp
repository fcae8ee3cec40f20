#include "net/timers.h"

#include <gmock/gmock.h>

#include "net/sleep.h"
#include "net/test_loop.h"

namespace weir::net {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

struct Bell final : Timers::Node {
    explicit Bell(std::vector<int>& order, int name) : rung(order), id(name) {}
    void on_time() override {
        rung.push_back(id);
        if (action) action();
    }
    std::vector<int>& rung;
    int id;
    std::function<void()> action;
};

const TimePoint kStart = TimePoint(std::chrono::hours(1));

TEST(TimersTest, RingInOrderOfTimeThenOfSetting) {
    Timers timers;
    std::vector<int> rung;
    Bell late(rung, 1), early(rung, 2), same(rung, 3);
    timers.set(late, kStart + milliseconds(5));
    timers.set(early, kStart);
    timers.set(same, kStart + milliseconds(5));
    EXPECT_EQ(timers.next(), kStart);
    EXPECT_FALSE(timers.run(kStart - milliseconds(1)));
    EXPECT_TRUE(timers.run(kStart));
    EXPECT_THAT(rung, ElementsAre(2));
    EXPECT_TRUE(timers.run(kStart + milliseconds(9)));
    EXPECT_THAT(rung, ElementsAre(2, 1, 3));
    EXPECT_EQ(timers.next(), kNever);
}

TEST(TimersTest, SetAgainClearedOrDestroyed) {
    Timers timers;
    std::vector<int> rung;
    Bell moved(rung, 1), cleared(rung, 2);
    {
        Bell destroyed(rung, 3);
        timers.set(destroyed, kStart);
    }
    timers.set(moved, kStart);
    timers.set(moved, kStart + milliseconds(5));
    timers.set(cleared, kStart);
    timers.clear(cleared);
    timers.clear(cleared);
    EXPECT_FALSE(timers.run(kStart));
    EXPECT_TRUE(timers.run(kStart + milliseconds(5)));
    EXPECT_THAT(rung, ElementsAre(1));
}

TEST(TimersTest, CallbackMayChangeWhatElseIsDue) {
    Timers timers;
    std::vector<int> rung;
    auto second = std::make_unique<Bell>(rung, 2);
    Bell first(rung, 1);
    first.action = [&] {
        second.reset();
        timers.set(first, kStart + milliseconds(5));
    };
    timers.set(first, kStart);
    timers.set(*second, kStart);
    EXPECT_TRUE(timers.run(kStart));
    EXPECT_THAT(rung, ElementsAre(1));
    EXPECT_EQ(timers.next(), kStart + milliseconds(5));
}

TEST(TimersTest, NodeMayOutliveTheTimers) {
    std::vector<int> rung;
    Bell bell(rung, 1);
    {
        Timers timers;
        timers.set(bell, kStart);
    }
    EXPECT_TRUE(rung.empty());
}

Task<void> sleep_until(Worker& worker, TimePoint at, CancelSource& cancel, bool& woke) {
    co_await Sleep(worker, at, cancel);
    woke = true;
}

TEST(SleepTest, EndsAtItsTimeNotBefore) {
    TestLoop loop;
    CancelSource cancel;
    for (int ms : {0, 1, 3, 20}) {
        bool woke = false;
        TimePoint at = in(milliseconds(ms));
        loop.run(sleep_until(loop.worker, at, cancel, woke));
        EXPECT_TRUE(woke);
        EXPECT_GE(std::chrono::steady_clock::now(), at);
    }
}

TEST(SleepTest, CancelledThrowsAndLeavesNothing) {
    TestLoop loop;
    CancelSource cancel;
    bool woke = false;
    loop.worker.tasks().spawn(sleep_until(loop.worker, in(std::chrono::hours(1)), cancel, woke));
    cancel.cancel();
    EXPECT_EQ(loop.worker.tasks().running(), 0u);
    EXPECT_FALSE(woke);
    EXPECT_EQ(loop.worker.timers().next(), kNever);
}

TEST(SleepTest, DestroyedWhileItSleeps) {
    TestLoop loop;
    CancelSource cancel;
    bool woke = false;
    loop.worker.tasks().spawn(sleep_until(loop.worker, in(std::chrono::hours(1)), cancel, woke));
    loop.worker.tasks().destroy_all();
    EXPECT_EQ(loop.worker.timers().next(), kNever);
    cancel.cancel();  // nobody is there any more
    EXPECT_FALSE(woke);
}

}  // namespace
}  // namespace weir::net
