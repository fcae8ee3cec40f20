#include "net/deadlines.h"

#include <gmock/gmock.h>

#include "net/test_loop.h"

namespace weir::net {
namespace {

using std::chrono::milliseconds;

struct Bell final : Deadlines::Node {
    std::function<void()> action;
    std::vector<TimePoint> rung;
    void on_deadline() override {
        rung.push_back(std::chrono::steady_clock::now());
        if (action) action();
    }
};

TEST(DeadlinesTest, FiresOnceNotEarlyAndSoon) {
    TestLoop loop;
    for (int ms : {0, 1, 49, 50, 51, 120, 200}) {
        Bell bell;
        TimePoint at = in(milliseconds(ms));
        loop.worker.deadlines().set(bell, at);
        loop.until([&] { return !bell.rung.empty(); });
        EXPECT_GE(bell.rung[0], at) << ms;
        EXPECT_LT(bell.rung[0] - at, milliseconds(1000)) << ms;
        Bell later;
        loop.worker.deadlines().set(later, in(milliseconds(120)));
        loop.until([&] { return !later.rung.empty(); });
        EXPECT_EQ(bell.rung.size(), 1u);
    }
}

TEST(DeadlinesTest, MovedForwardFiresAtTheLaterTime) {
    TestLoop loop;
    Bell bell;
    loop.worker.deadlines().set(bell, in(milliseconds(60)));
    TimePoint at = in(milliseconds(250));
    loop.worker.deadlines().set(bell, at);
    loop.until([&] { return !bell.rung.empty(); });
    EXPECT_GE(bell.rung[0], at);
}

TEST(DeadlinesTest, MovedEarlierFiresAtTheEarlierTime) {
    TestLoop loop;
    Bell bell;
    loop.worker.deadlines().set(bell, in(std::chrono::hours(1)));
    loop.worker.deadlines().set(bell, in(milliseconds(60)));
    loop.until([&] { return !bell.rung.empty(); });
    EXPECT_EQ(bell.rung.size(), 1u);
}

TEST(DeadlinesTest, ClearedOrNeverDoesNotFire) {
    TestLoop loop;
    Bell cleared, never, last;
    loop.worker.deadlines().set(cleared, in(milliseconds(60)));
    loop.worker.deadlines().clear(cleared);
    loop.worker.deadlines().set(never, kNever);
    loop.worker.deadlines().set(last, in(milliseconds(150)));
    loop.until([&] { return !last.rung.empty(); });
    EXPECT_TRUE(cleared.rung.empty());
    EXPECT_TRUE(never.rung.empty());
}

TEST(DeadlinesTest, BeyondOneRoundIsKeptUntilItsTime) {
    TestLoop loop;
    Bell far, near;
    loop.worker.deadlines().set(far, in(std::chrono::hours(2)));
    loop.worker.deadlines().set(near, in(milliseconds(200)));
    loop.until([&] { return !near.rung.empty(); });
    EXPECT_TRUE(far.rung.empty());
}

TEST(DeadlinesTest, CallbackMayDestroyItselfAndOthersOfTheSameSlot) {
    TestLoop loop;
    std::vector<std::unique_ptr<Bell>> bells;
    TimePoint at = in(milliseconds(60));
    int rung = 0;
    for (int i = 0; i < 4; ++i) {
        bells.push_back(std::make_unique<Bell>());
        bells.back()->action = [&] {
            ++rung;
            bells.clear();  // all four, this one included
        };
        loop.worker.deadlines().set(*bells.back(), at);
    }
    loop.until([&] { return rung > 0; });
    Bell later;
    loop.worker.deadlines().set(later, in(milliseconds(150)));
    loop.until([&] { return !later.rung.empty(); });
    EXPECT_EQ(rung, 1);
}

TEST(DeadlinesTest, CallbackMaySetItselfAgain) {
    TestLoop loop;
    Bell bell;
    bell.action = [&] {
        if (bell.rung.size() < 3) loop.worker.deadlines().set(bell, in(milliseconds(10)));
    };
    loop.worker.deadlines().set(bell, in(milliseconds(10)));
    loop.until([&] { return bell.rung.size() == 3; });
}

TEST(DeadlinesTest, StalledLoopFiresWhatIsDueAndNothingElse) {
    TestLoop loop;
    Bell due, also_due, not_yet;
    loop.worker.deadlines().set(due, in(milliseconds(60)));
    loop.worker.deadlines().set(also_due, in(milliseconds(250)));
    loop.worker.deadlines().set(not_yet, in(std::chrono::seconds(30)));
    TimePoint stalled_until = in(milliseconds(400));
    while (std::chrono::steady_clock::now() < stalled_until) {
    }  // the loop does not turn
    Bell set_late;
    loop.worker.deadlines().set(set_late, in(milliseconds(20)));
    loop.until(
        [&] { return !due.rung.empty() && !also_due.rung.empty() && !set_late.rung.empty(); });
    EXPECT_TRUE(not_yet.rung.empty());
}

TEST(DeadlinesTest, NodeThatOutlivesTheWheelIsHarmless) {
    Bell bell;
    {
        TestLoop loop;
        loop.worker.deadlines().set(bell, in(milliseconds(60)));
    }
    EXPECT_TRUE(bell.rung.empty());
}

TEST(DeadlinesTest, ManyNodesAllFire) {
    TestLoop loop;
    std::vector<std::unique_ptr<Bell>> bells;
    for (int i = 0; i < 1000; ++i) {
        bells.push_back(std::make_unique<Bell>());
        loop.worker.deadlines().set(*bells.back(), in(milliseconds(i % 300)));
        if (i % 3 == 0) loop.worker.deadlines().set(*bells.back(), in(milliseconds(150 + i % 100)));
    }
    loop.until([&] {
        for (auto& bell : bells)
            if (bell->rung.size() != 1) return false;
        return true;
    });
}

}  // namespace
}  // namespace weir::net
