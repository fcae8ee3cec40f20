#include "balance/health_check.h"

#include <gtest/gtest.h>

namespace weir::balance {
namespace {

/// S(uccess), F(ailure), R(efusal) in turn; H or U for the state after each.
std::string states(const HealthCheckPolicy& policy, std::string_view probes) {
    HealthState state;
    std::string out;
    for (char c : probes) {
        state.record(policy, c == 'S'   ? Probe::success
                             : c == 'F' ? Probe::failure
                                        : Probe::refusal);
        out += state.healthy() ? 'H' : 'U';
    }
    return out;
}

TEST(HealthCheckTest, ThresholdsCountResultsInARow) {
    HealthCheckPolicy policy;
    policy.unhealthy_threshold = 3;
    policy.healthy_threshold = 2;
    EXPECT_EQ(states(policy, "SFFSFFFSFSSF"), "HHHHHHUUUUHH");
}

TEST(HealthCheckTest, TheFirstResultDecidesAtOnce) {
    HealthCheckPolicy policy;
    EXPECT_EQ(states(policy, "F"), "U");
    EXPECT_EQ(states(policy, "FS"), "UH");
    policy.healthy_threshold = 5;
    EXPECT_EQ(states(policy, "S"), "H");
    EXPECT_TRUE(HealthState().healthy()) << "unknown serves";
}

TEST(HealthCheckTest, ARefusalNeedsNoThreshold) {
    EXPECT_EQ(states({}, "SSRS"), "HHUH");
}

TEST(HealthCheckTest, StatusesAreExpectedRetriableOrRefused) {
    HealthCheckPolicy policy;
    policy.expected = {200, 204};
    policy.retriable = {503};
    EXPECT_EQ(judge_status(policy, 204), Probe::success);
    EXPECT_EQ(judge_status(policy, 503), Probe::failure);
    EXPECT_EQ(judge_status(policy, 404), Probe::refusal);
    EXPECT_EQ(judge_status({}, 200), Probe::success);
    EXPECT_EQ(judge_status({}, 204), Probe::refusal);
}

TEST(HealthCheckTest, OnlyAChangeIsTold) {
    HealthState state;
    EXPECT_TRUE(state.record({}, Probe::success));
    EXPECT_FALSE(state.record({}, Probe::success));
    EXPECT_FALSE(state.record({}, Probe::failure));
    EXPECT_FALSE(state.record({}, Probe::failure));
    EXPECT_TRUE(state.record({}, Probe::failure));
    EXPECT_FALSE(state.record({}, Probe::failure));
}

}  // namespace
}  // namespace weir::balance
