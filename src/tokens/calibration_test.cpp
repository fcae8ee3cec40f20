// What settled requests teach.
#include "tokens/calibration.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <thread>

#include "tokens/estimate.h"

namespace weir::tokens {
namespace {

Estimate of(int64_t tokens) {
    return {.input = tokens, .uncorrected_input = tokens};
}

TEST(Calibration, NothingIsKnownAtFirst) {
    const Calibration calibration;
    EXPECT_EQ(calibration.correction("m"), 1.0);
    EXPECT_EQ(calibration.output("m"), std::nullopt);
}

TEST(Calibration, FollowsARatioThatChanges) {
    Calibration calibration;
    for (int i = 0; i < 200; ++i)
        calibration.settle("m", of(1000), 1300, -1);
    EXPECT_NEAR(calibration.correction("m"), 1.3, 0.01);
    for (int i = 0; i < 200; ++i)
        calibration.settle("m", of(1000), 900, -1);
    EXPECT_NEAR(calibration.correction("m"), 0.9, 0.01);
    EXPECT_EQ(calibration.correction("other"), 1.0);
}

TEST(Calibration, OneStrangeRequestDoesNotSpoilIt) {
    Calibration calibration;
    for (int i = 0; i < 200; ++i)
        calibration.settle("m", of(1000), 1000, 10);
    calibration.settle("m", of(1'000'000'000), 1, 10);
    EXPECT_GT(calibration.correction("m"), 0.2);
    calibration.settle("m", of(1), 1'000'000'000, 10);
    EXPECT_LT(calibration.correction("m"), 1.1);
    for (int i = 0; i < 300; ++i)
        calibration.settle("wild", of(10), 1'000'000, 10);
    EXPECT_LE(calibration.correction("wild"), Calibration::kMost);
}

TEST(Calibration, ExactCountsTeachNothingAboutEstimates) {
    Calibration calibration;
    Estimate exact = of(1000);
    exact.exact = true;
    for (int i = 0; i < 100; ++i)
        calibration.settle("m", exact, 2000, 10);
    EXPECT_EQ(calibration.correction("m"), 1.0);
    EXPECT_TRUE(calibration.output("m"));
}

TEST(Calibration, OutputIsTheNinetiethPercentile) {
    Calibration calibration;
    std::mt19937 random(3);
    for (int i = 0; i < 500; ++i)
        calibration.settle("m", of(10), 10, 1 + static_cast<int64_t>(random() % 1000));
    const int64_t output = calibration.output("m").value_or(0);
    EXPECT_GE(output, 900);
    EXPECT_LE(output, 1536);
    for (uint32_t i = 1; i < Calibration::kMinOutputs; ++i)
        calibration.settle("few", of(10), 10, 5);
    EXPECT_EQ(calibration.output("few"), std::nullopt);
    for (int i = 0; i < 20; ++i) {
        calibration.settle("none", of(10), 10, 0);
        calibration.settle("huge", of(10), 10, INT64_MAX);
    }
    EXPECT_EQ(calibration.output("none"), 1);
    EXPECT_GT(calibration.output("huge").value_or(0), 300'000);
}

TEST(Calibration, OldOutputsFade) {
    Calibration calibration;
    for (int i = 0; i < 1000; ++i)
        calibration.settle("m", of(10), 10, 10'000);
    for (int i = 0; i < 20'000; ++i)
        calibration.settle("m", of(10), 10, 100);
    EXPECT_LE(calibration.output("m").value_or(0), 128);
}

TEST(Calibration, IsBoundedAndKeepsWhatIsUsed) {
    Calibration calibration(16);
    for (int i = 0; i < 2000; ++i) {
        for (int k = 0; k < 3; ++k)
            calibration.settle("busy", of(1000), 2000, 10);
        calibration.settle("rare-" + std::to_string(i), of(1000), 500, 10);
    }
    EXPECT_NEAR(calibration.correction("busy"), 2.0, 0.1);
}

TEST(Calibration, WorkersShareIt) {
    Calibration calibration(8);
    const auto work = [&](int id) {
        for (int i = 0; i < 20'000; ++i) {
            const std::string model = "m" + std::to_string((i + id) % 12);
            calibration.settle(model, of(1000), 1500, 100);
            const double factor = calibration.correction(model);
            ASSERT_GE(factor, Calibration::kLeast);
            ASSERT_LE(factor, 1.6);
        }
    };
    std::thread other(work, 1);
    work(2);
    other.join();
}

}  // namespace
}  // namespace weir::tokens
