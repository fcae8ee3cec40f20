#include "net/task.h"

#include <gmock/gmock.h>

#include "net/cancel.h"
#include "net/task_scope.h"
#include "net/test_loop.h"

namespace weir::net {
namespace {

/// Suspends until resume() is called by hand.
struct Gate {
    std::coroutine_handle<> waiting;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> h) { waiting = h; }
    void await_resume() {}
    void open() { std::exchange(waiting, nullptr).resume(); }
};

/// Counts how many are alive, to see frames destroyed.
struct Alive {
    explicit Alive(int& n) : count(&n) { ++*count; }
    Alive(const Alive& o) : count(o.count) { ++*count; }
    Alive(Alive&& o) noexcept : count(o.count) { ++*count; }
    ~Alive() { --*count; }
    int* count;
};

Task<int> number(int n) {
    co_return n;
}
Task<int> broken() {
    throw std::runtime_error("broken");
    co_return 0;
}
Task<std::unique_ptr<int>> boxed(int n) {
    co_return std::make_unique<int>(n);
}
Task<int> sum_to(int n) {
    if (n == 0) co_return 0;
    co_return n + co_await sum_to(n - 1);
}
Task<int64_t> add_up(int times) {
    int64_t sum = 0;
    for (int i = 0; i < times; ++i)
        sum += co_await number(i);
    co_return sum;
}
Task<void> hold(Gate& gate, Alive alive) {
    Alive local = alive;
    co_await gate;
}
Task<void> outer(Gate& gate, Alive alive) {
    co_await hold(gate, alive);
}

TEST(TaskTest, ReturnsItsValueAlsoOneThatOnlyMoves) {
    TestLoop loop;
    EXPECT_EQ(loop.run(number(7)), 7);
    EXPECT_EQ(*loop.run(boxed(3)), 3);
}

TEST(TaskTest, ExceptionReachesTheAwaiter) {
    TestLoop loop;
    EXPECT_THROW(loop.run(broken()), std::runtime_error);
}

TEST(TaskTest, IsLazyAndMovable) {
    TestLoop loop;
    Task<int> first = broken();  // not started: nothing thrown
    first = number(2);
    Task<int> second = std::move(first);
    EXPECT_EQ(loop.run(std::move(second)), 2);
}

TEST(TaskTest, DestroyedBeforeItStartsReleasesItsArguments) {
    int alive = 0;
    Gate gate;
    {
        auto task = hold(gate, Alive(alive));
        EXPECT_EQ(alive, 1);
    }
    EXPECT_EQ(alive, 0);
}

TEST(TaskTest, DestroyedWhileSuspendedDestroysTheWholeChain) {
    int alive = 0;
    Gate gate;
    {
        TaskScope scope;
        scope.spawn(outer(gate, Alive(alive)));
        EXPECT_GE(alive, 3);
        EXPECT_EQ(scope.running(), 1u);
    }
    EXPECT_EQ(alive, 0);
}

// Each of these would need a stack of many megabytes if control were not transferred symmetrically.
TEST(TaskTest, DeepChainsDoNotGrowTheStack) {
    TestLoop loop;
    EXPECT_EQ(loop.run(sum_to(50000)), 1250025000);
}

TEST(TaskTest, LongLoopsOfReadyTasksDoNotGrowTheStack) {
    TestLoop loop;
    EXPECT_EQ(loop.run(add_up(1000000)), int64_t{999999} * 1000000 / 2);
}

Task<void> note(Gate& gate, std::vector<int>& notes, int n) {
    co_await gate;
    notes.push_back(n);
}
Task<void> fail_after(Gate& gate) {
    co_await gate;
    throw std::runtime_error("a task's own mistake");
}
Task<void> cancelled_after(Gate& gate) {
    co_await gate;
    throw Cancelled();
}

TEST(TaskScopeTest, WhenEmptyFiresOnceAfterTheLastTask) {
    Gate a, b;
    std::vector<int> notes;
    TaskScope scope;
    scope.spawn(note(a, notes, 1));
    scope.spawn(note(b, notes, 2));
    scope.when_empty([&] { notes.push_back(99); });
    b.open();
    EXPECT_THAT(notes, testing::ElementsAre(2));
    a.open();
    EXPECT_THAT(notes, testing::ElementsAre(2, 1, 99));
    EXPECT_EQ(scope.running(), 0u);
    scope.when_empty([&] { notes.push_back(100); });
    EXPECT_EQ(notes.back(), 100);
}

TEST(TaskScopeTest, TaskThatEndsAtOnceLeavesNothing) {
    TaskScope scope;
    int alive = 0;
    struct Now {
        static Task<void> go(Alive) { co_return; }
    };
    scope.spawn(Now::go(Alive(alive)));
    EXPECT_EQ(scope.running(), 0u);
    EXPECT_EQ(alive, 0);
}

TEST(TaskScopeTest, ExceptionEndsTheTaskOnlyAndCancelledIsSilent) {
    Gate a, b;
    TaskScope scope;
    scope.spawn(fail_after(a));
    scope.spawn(cancelled_after(b));
    a.open();
    EXPECT_EQ(scope.running(), 1u);
    b.open();
    EXPECT_EQ(scope.running(), 0u);
}

TEST(TaskScopeTest, EmptyingCallbackMaySpawnAgain) {
    Gate a, b;
    std::vector<int> notes;
    TaskScope scope;
    scope.spawn(note(a, notes, 1));
    scope.when_empty([&] { scope.spawn(note(b, notes, 2)); });
    a.open();
    EXPECT_EQ(scope.running(), 1u);
    b.open();
    EXPECT_THAT(notes, testing::ElementsAre(1, 2));
}

TEST(TaskScopeTest, DestroyedInTheMiddleOfItsListUnlinksTheRest) {
    Gate gates[3];
    std::vector<int> notes;
    TaskScope scope;
    for (int i = 0; i < 3; ++i)
        scope.spawn(note(gates[i], notes, i));
    gates[1].open();
    gates[2].open();
    EXPECT_EQ(scope.running(), 1u);
    gates[0].open();
    EXPECT_THAT(notes, testing::ElementsAre(1, 2, 0));
}

}  // namespace
}  // namespace weir::net
