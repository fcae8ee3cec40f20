#include "http/h2/keepalive.h"

#include <gtest/gtest.h>

namespace weir::http::h2 {
namespace {

using namespace std::chrono_literals;
using Due = Keepalive::Due;

constexpr net::TimePoint kStart{1h};

TEST(KeepaliveTest, SilenceIsAskedAboutAndThenGivenUp) {
    Keepalive keepalive({10s, 3s, 0, 0s}, kStart, 7);
    EXPECT_EQ(keepalive.deadline(true), kStart + 10s);
    EXPECT_EQ(keepalive.due(kStart + 9s, true), Due::nothing);
    keepalive.heard(kStart + 9s);
    EXPECT_EQ(keepalive.due(kStart + 10s, true), Due::nothing) << "something has come since";
    EXPECT_EQ(keepalive.due(kStart + 19s, true), Due::ping);
    keepalive.pinged(kStart + 19s);
    EXPECT_TRUE(keepalive.waiting());
    EXPECT_EQ(keepalive.due(kStart + 21s, true), Due::nothing) << "one ping is enough";
    EXPECT_EQ(keepalive.due(kStart + 22s, true), Due::lost);
    EXPECT_EQ(keepalive.due(kStart + 22s, false), Due::lost) << "whether or not more are sent";
    keepalive.heard(kStart + 22s);
    EXPECT_EQ(keepalive.due(kStart + 23s, true), Due::nothing);
}

TEST(KeepaliveTest, WithoutAnIntervalNothingIsAsked) {
    Keepalive none({0s, 3s, 15, 0s}, kStart, 7);
    EXPECT_EQ(none.deadline(true), net::kNever);
    Keepalive now_and_then({10s, 3s, 0, 0s}, kStart, 7);
    EXPECT_EQ(now_and_then.deadline(false), net::kNever);
    now_and_then.watch(kStart + 50s);
    EXPECT_EQ(now_and_then.deadline(true), kStart + 60s) << "what was not expected is not missed";
}

TEST(KeepaliveTest, AStreamAfterALongSilenceIsPrecededByAPing) {
    Keepalive keepalive({0s, 3s, 0, 20s}, kStart, 7);
    EXPECT_FALSE(keepalive.stale(kStart + 19s));
    keepalive.watch(kStart + 19s);
    EXPECT_TRUE(keepalive.stale(kStart + 20s));
    keepalive.pinged(kStart + 20s);
    EXPECT_FALSE(keepalive.stale(kStart + 21s)) << "one is out";
    EXPECT_EQ(keepalive.due(kStart + 23s, false), Due::lost);
}

TEST(KeepaliveTest, JitterSpreadsPingsOverItsShareOfTheInterval) {
    net::TimePoint earliest = net::kNever, latest = kStart;
    for (uint64_t seed = 0; seed < 500; ++seed) {
        Keepalive keepalive({100s, 3s, 20, 0s}, kStart, seed * 7919);
        earliest = std::min(earliest, keepalive.deadline(true));
        latest = std::max(latest, keepalive.deadline(true));
    }
    EXPECT_GE(earliest, kStart + 100s);
    EXPECT_LT(earliest, kStart + 102s);
    EXPECT_GT(latest, kStart + 118s);
    EXPECT_LE(latest, kStart + 120s);
}

}  // namespace
}  // namespace weir::http::h2
