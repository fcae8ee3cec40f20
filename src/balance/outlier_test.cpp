#include "balance/outlier.h"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <vector>

#include "base/clock.h"

namespace weir::balance {
namespace {

using namespace std::chrono_literals;
using Reason = OutlierDetector::Reason;

/// Some endpoints under one policy and a clock that is moved by hand.
struct Fleet {
    Fleet(size_t size, OutlierPolicy policy) : detector(policy) {
        for (size_t i = 0; i < size; ++i)
            endpoints.push_back(&states.emplace_back());
        detector.sweep(endpoints, last, clock.now());
    }
    Reason report(size_t index, Verdict verdict, int times = 1) {
        Reason reason = Reason::none;
        for (int i = 0; i < times; ++i)
            if (Reason r = detector.report(endpoints, index, verdict, clock.now());
                r != Reason::none)
                reason = r;
        return reason;
    }
    void pass(Duration time) {
        for (Duration step = detector.policy().interval; time.count() > 0; time -= step) {
            clock.advance(std::min(step, time));
            detector.sweep(endpoints, last, clock.now());
        }
    }
    bool out(size_t index) const { return states[index].ejected; }
    OutlierDetector detector;
    std::deque<EndpointState> states;
    std::vector<EndpointState*> endpoints;
    std::atomic<int64_t> last{0};
    FakeClock clock;
};

OutlierPolicy policy(uint32_t percent = 100) {
    OutlierPolicy out;
    out.interval = 10s;
    out.max_ejection_percent = percent;
    return out;
}

TEST(OutlierTest, FailuresInARowEject) {
    Fleet fleet(2, policy());
    EXPECT_EQ(fleet.report(0, Verdict::server_error, 4), Reason::none);
    EXPECT_FALSE(fleet.out(0));
    EXPECT_EQ(fleet.report(0, Verdict::server_error), Reason::consecutive);
    EXPECT_TRUE(fleet.out(0));
    EXPECT_FALSE(fleet.out(1));
}

TEST(OutlierTest, ASuccessBetweenThemDoesNot) {
    Fleet fleet(2, policy());
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(fleet.report(0, Verdict::server_error, 4), Reason::none);
        fleet.report(0, Verdict::success);
    }
    EXPECT_FALSE(fleet.out(0));
}

TEST(OutlierTest, GatewayErrorsAreAlso5xx) {
    OutlierPolicy p = policy();
    p.consecutive_gateway = 3;
    Fleet fleet(2, p);
    fleet.report(0, Verdict::gateway_error, 2);
    EXPECT_EQ(fleet.report(0, Verdict::server_error), Reason::none) << "a 500 breaks the row";
    fleet.report(0, Verdict::gateway_error);
    EXPECT_EQ(fleet.report(0, Verdict::gateway_error), Reason::consecutive) << "the fifth 5xx";
    fleet.report(1, Verdict::gateway_error, 2);
    EXPECT_EQ(fleet.report(1, Verdict::gateway_error), Reason::gateway);
}

TEST(OutlierTest, ConnectionFailuresCountAs5xxUnlessSplit) {
    Fleet together(1, policy());
    EXPECT_EQ(together.report(0, Verdict::local_failure, 5), Reason::consecutive);
    OutlierPolicy p = policy();
    p.split = true;
    p.consecutive_local = 3;
    Fleet split(2, p);
    split.report(0, Verdict::local_failure, 2);
    split.report(0, Verdict::server_error);
    EXPECT_EQ(split.report(0, Verdict::local_failure, 2), Reason::none) << "it did connect";
    EXPECT_EQ(split.report(0, Verdict::local_failure), Reason::local);
    split.report(1, Verdict::server_error, 4);
    split.report(1, Verdict::local_failure);
    EXPECT_EQ(split.report(1, Verdict::server_error), Reason::consecutive);
}

TEST(OutlierTest, EjectionTimeGrowsAndShrinks) {
    Fleet fleet(1, policy());
    for (int round = 1; round <= 3; ++round) {
        fleet.report(0, Verdict::server_error, 5);
        EXPECT_TRUE(fleet.out(0));
        fleet.pass(30s * round - 10s);
        EXPECT_TRUE(fleet.out(0)) << "30 s times " << round;
        fleet.pass(10s);
        EXPECT_FALSE(fleet.out(0));
    }
    fleet.pass(20s);  // two healthy intervals: 3 becomes 1, the next ejection is the second
    fleet.report(0, Verdict::server_error, 5);
    fleet.pass(50s);
    EXPECT_TRUE(fleet.out(0));
    fleet.pass(10s);
    EXPECT_FALSE(fleet.out(0));
}

TEST(OutlierTest, EjectionTimeHasAMaximum) {
    OutlierPolicy p = policy();
    p.base = 100s;
    p.max = 250s;
    Fleet fleet(1, p);
    for (Duration length : {100s, 200s, 250s, 250s}) {
        fleet.report(0, Verdict::server_error, 5);
        fleet.pass(length - 10s);
        EXPECT_TRUE(fleet.out(0));
        fleet.pass(10s);
        EXPECT_FALSE(fleet.out(0));
    }
}

TEST(OutlierTest, OnlyAShareIsOutAtOnce) {
    Fleet fleet(10, policy(20));
    for (size_t i = 0; i < 10; ++i)
        fleet.report(i, Verdict::server_error, 5);
    size_t out = 0;
    for (size_t i = 0; i < 10; ++i)
        out += fleet.out(i);
    EXPECT_EQ(out, 2u);
}

TEST(OutlierTest, TenPercentOfTwoIsNoneUnlessOneMayAlwaysGo) {
    Fleet none(2, policy(10));
    none.report(0, Verdict::server_error, 50);
    EXPECT_FALSE(none.out(0));
    OutlierPolicy p = policy(10);
    p.always_eject_one = true;
    Fleet one(2, p);
    one.report(0, Verdict::server_error, 5);
    one.report(1, Verdict::server_error, 5);
    EXPECT_TRUE(one.out(0));
    EXPECT_FALSE(one.out(1));
}

TEST(OutlierTest, ARateFarBelowThePeersEjects) {
    OutlierPolicy p = policy();
    p.consecutive_5xx = 0;
    Fleet fleet(6, p);
    for (size_t i = 0; i < 6; ++i) {
        fleet.report(i, Verdict::success, i == 3 ? 60 : 100);
        fleet.report(i, Verdict::server_error, i == 3 ? 40 : 0);
    }
    fleet.pass(10s);
    for (size_t i = 0; i < 6; ++i)
        EXPECT_EQ(fleet.out(i), i == 3) << i;
}

TEST(OutlierTest, RatesNeedPeersAndVolume) {
    OutlierPolicy p = policy();
    p.consecutive_5xx = 0;
    Fleet few(4, p);
    Fleet little(6, p);
    for (size_t i = 0; i < 6; ++i) {
        if (i < 4) few.report(i, i == 0 ? Verdict::server_error : Verdict::success, 100);
        little.report(i, i == 0 ? Verdict::server_error : Verdict::success, 99);
    }
    few.pass(10s);
    little.pass(10s);
    EXPECT_FALSE(few.out(0));
    EXPECT_FALSE(little.out(0));
}

TEST(OutlierTest, AFailurePercentageEjectsWhenAskedFor) {
    OutlierPolicy p = policy();
    p.consecutive_5xx = 0;
    p.success_rate_hosts = 0;
    p.failure_percent = 30;
    Fleet fleet(5, p);
    for (size_t i = 0; i < 5; ++i) {
        auto failures = static_cast<int>(10 * i);  // 0, 10, 20, 30 and 40 of 100
        fleet.report(i, Verdict::server_error, failures);
        fleet.report(i, Verdict::success, 100 - failures);
    }
    fleet.pass(10s);
    for (size_t i = 0; i < 5; ++i)
        EXPECT_EQ(fleet.out(i), i >= 3) << i;
}

}  // namespace
}  // namespace weir::balance
