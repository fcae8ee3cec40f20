#include "net/offload.h"

#include <gmock/gmock.h>

#include <condition_variable>
#include <mutex>

#include "net/test_loop.h"

namespace weir::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Holds pool threads until the test lets them go.
class Latch {
public:
    void wait() {
        std::unique_lock lock(mutex_);
        ++waiting_;
        condition_.wait(lock, [&] { return open_; });
    }
    void open() {
        std::lock_guard lock(mutex_);
        open_ = true;
        condition_.notify_all();
    }
    int waiting() {
        std::lock_guard lock(mutex_);
        return waiting_;
    }

private:
    std::mutex mutex_;
    std::condition_variable condition_;
    bool open_ = false;
    int waiting_ = 0;
};

using Text = std::optional<std::string>;

Task<Text> plain(Worker& worker, Offload& pool) {
    auto here = std::this_thread::get_id();
    Text text = co_await offload(worker, pool, kNever, nullptr, [here] {
        return std::string(std::this_thread::get_id() == here ? "on the loop" : "elsewhere");
    });
    if (std::this_thread::get_id() != here) co_return "came back on another thread";
    co_return text;
}

Task<Text> held(Worker& worker, Offload& pool, std::shared_ptr<Latch> latch, TimePoint deadline,
                CancelSource* cancel) {
    co_return co_await offload(worker, pool, deadline, cancel, [latch] {
        latch->wait();
        return std::string("done");
    });
}

Task<int> throwing(Worker& worker, Offload& pool) {
    auto n = co_await offload(worker, pool, kNever, nullptr,
                              []() -> int { throw std::runtime_error("no"); });
    co_return *n;
}

TEST(OffloadTest, RunsElsewhereAndComesBack) {
    TestLoop loop;
    Offload pool(1);
    EXPECT_EQ(loop.run(plain(loop.worker, pool)), "elsewhere");
}

TEST(OffloadTest, ExceptionComesBackToo) {
    TestLoop loop;
    Offload pool(1);
    EXPECT_THROW(loop.run(throwing(loop.worker, pool)), std::runtime_error);
}

TEST(OffloadTest, DeadlineAbandonsTheResult) {
    TestLoop loop;
    Offload pool(1);
    auto latch = std::make_shared<Latch>();
    EXPECT_EQ(loop.run(held(loop.worker, pool, latch, in(milliseconds(60)), nullptr)),
              std::nullopt);
    latch->open();
    EXPECT_EQ(loop.run(plain(loop.worker, pool)), "elsewhere");  // behind the abandoned one
    loop.turn();
}

TEST(OffloadTest, CancelThrowsAtOnceAndTheWorkRunsOnUnheard) {
    TestLoop loop;
    Offload pool(1);
    auto latch = std::make_shared<Latch>();
    CancelSource cancel;
    bool thrown = false;
    TaskScope scope;
    scope.spawn([](TestLoop& l, Offload& p, std::shared_ptr<Latch> held_by, CancelSource& c,
                   bool& out) -> Task<void> {
        try {
            co_await held(l.worker, p, std::move(held_by), kNever, &c);
        } catch (const Cancelled&) {
            out = true;
        }
    }(loop, pool, latch, cancel, thrown));
    loop.until([&] { return latch->waiting() == 1; });
    cancel.cancel();
    EXPECT_TRUE(thrown);
    latch->open();
    EXPECT_EQ(loop.run(plain(loop.worker, pool)), "elsewhere");
    EXPECT_THROW(loop.run(held(loop.worker, pool, latch, kNever, &cancel)), Cancelled);
}

TEST(OffloadTest, WaiterDestroyedBeforeTheResult) {
    TestLoop loop;
    Offload pool(1);
    auto latch = std::make_shared<Latch>();
    {
        TaskScope scope;
        scope.spawn([](TestLoop& l, Offload& p, std::shared_ptr<Latch> held_by) -> Task<void> {
            co_await held(l.worker, p, std::move(held_by), in(seconds(60)), nullptr);
        }(loop, pool, latch));
        loop.until([&] { return latch->waiting() == 1; });
    }
    latch->open();
    EXPECT_EQ(loop.run(plain(loop.worker, pool)), "elsewhere");
}

TEST(OffloadTest, StopDropsWhatHasNotBegun) {
    TestLoop loop;
    auto latch = std::make_shared<Latch>();
    TaskScope scope;
    {
        Offload pool(1);
        for (int i = 0; i < 3; ++i)
            scope.spawn([](TestLoop& l, Offload& p, std::shared_ptr<Latch> held_by) -> Task<void> {
                co_await held(l.worker, p, std::move(held_by), in(seconds(60)), nullptr);
            }(loop, pool, latch));
        loop.until([&] { return latch->waiting() == 1; });
        latch->open();
    }
    loop.turn();
    EXPECT_GE(scope.running(), 0u);
}

}  // namespace
}  // namespace weir::net
