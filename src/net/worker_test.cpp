#include "net/worker.h"

#include <gmock/gmock.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "net/test_loop.h"

namespace weir::net {
namespace {

using testing::ElementsAre;

TEST(WorkerTest, PostedRunsInOrderAndNotWithinTheCall) {
    TestLoop loop;
    std::vector<int> ran;
    loop.worker.post([&] {
        ran.push_back(1);
        loop.worker.post([&] { ran.push_back(3); });
        ran.push_back(2);
    });
    EXPECT_TRUE(ran.empty());
    loop.turn();
    EXPECT_THAT(ran, ElementsAre(1, 2, 3));
}

// A post to a loop that is about to sleep must end its wait: a lost one would take the hour that
// run() waits at most. Two threads take turns, so that the loop falls asleep again and again.
TEST(WorkerTest, PostsFromOtherThreadsAreNeverLost) {
    Worker worker(0);
    std::thread loop([&] { worker.run(); });
    constexpr int kEach = 3'000;
    std::vector<std::thread> posters;
    for (int i = 0; i < 2; ++i)
        posters.emplace_back([&] {
            std::atomic<int> ran = 0;
            for (int n = 0; n < kEach; ++n) {
                worker.post([&] {
                    ++ran;
                    ran.notify_one();
                });
                ran.wait(n);
            }
        });
    for (auto& poster : posters)
        poster.join();
    worker.stop();
    loop.join();
}

TEST(WorkerTest, RunBlocksTheSignalThatOpenSslMayRaise) {
    Worker worker(1);
    bool blocked = false;
    std::thread thread([&] { worker.run(); });
    worker.post([&] {
        sigset_t set;
        pthread_sigmask(SIG_BLOCK, nullptr, &set);
        blocked = sigismember(&set, SIGPIPE) == 1;
        worker.stop();
    });
    thread.join();
    EXPECT_TRUE(blocked);
}

TEST(WorkerTest, StopBeforeRunEndsItAtOnceAndDropsWhatWaits) {
    Worker worker(0);
    auto owned = std::make_shared<int>(1);
    bool ran = false;
    worker.post([owned, &ran] { ran = true; });
    worker.stop();
    worker.run();
    EXPECT_FALSE(ran);
    EXPECT_EQ(owned.use_count(), 2);
}

TEST(WorkerTest, WhatWasPostedGoesWithTheWorker) {
    auto owned = std::make_shared<int>(1);
    {
        Worker worker(0);
        worker.post([owned] {});
    }
    EXPECT_EQ(owned.use_count(), 1);
}

TEST(WorkerTest, ATurnWithNothingToDoDoesNothing) {
    TestLoop loop;
    loop.turn();
    EXPECT_FALSE(loop.worker.turn(Duration::zero()));
}

}  // namespace
}  // namespace weir::net
