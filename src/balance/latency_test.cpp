#include "balance/latency.h"

#include <gtest/gtest.h>

namespace weir::balance {
namespace {

using namespace std::chrono_literals;

TEST(LatencyTest, UnknownUntilThereIsEnough) {
    LatencyWindow window;
    for (uint32_t i = 0; i + 1 < LatencyWindow::kEnough; ++i)
        window.record(10ms);
    EXPECT_FALSE(window.percentile(95));
    window.record(10ms);
    EXPECT_TRUE(window.percentile(95));
}

TEST(LatencyTest, APercentileIsNeverTooEarlyAndAtMostHalfAnOctaveLate) {
    LatencyWindow window;
    for (int ms = 1; ms <= 900; ++ms)
        window.record(std::chrono::milliseconds(ms));
    for (uint32_t percent : {50u, 75u, 90u, 95u, 99u}) {
        Duration exact = 1ms * 9 * percent;
        EXPECT_GE(*window.percentile(percent), exact) << percent;
        EXPECT_LE(*window.percentile(percent), exact * 3 / 2) << percent;
    }
}

TEST(LatencyTest, WhatIsOldFades) {
    LatencyWindow window;
    for (int i = 0; i < 900; ++i)
        window.record(20s);
    for (int i = 0; i < 20000; ++i)
        window.record(50ms);
    EXPECT_LT(*window.percentile(99), 100ms);
}

TEST(LatencyTest, ExtremesStayInRange) {
    LatencyWindow window;
    for (uint32_t i = 0; i < LatencyWindow::kEnough; ++i)
        window.record(i % 2 ? Duration(0) : Duration(24h));
    EXPECT_EQ(*window.percentile(1), 1ms);
    EXPECT_GT(*window.percentile(99), 600s);
}

}  // namespace
}  // namespace weir::balance
