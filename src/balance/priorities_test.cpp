#include "balance/priorities.h"

#include <gtest/gtest.h>

#include <vector>

namespace weir::balance {
namespace {

std::vector<uint32_t> percents(const std::vector<PriorityLoad>& loads) {
    std::vector<uint32_t> out;
    for (const auto& load : loads)
        out.push_back(load.percent);
    return out;
}

std::vector<PriorityLoad> loads_of(std::vector<PriorityHealth> health, uint32_t threshold = 50) {
    std::vector<PriorityLoad> loads(health.size());
    priority_loads(health, threshold, loads);
    return loads;
}

// The tables of Envoy's "Priority levels".
TEST(PrioritiesTest, SpillOverIsEnvoys) {
    struct Case {
        std::vector<PriorityHealth> health;
        std::vector<uint32_t> percent;
    };
    const Case cases[] = {
        {{{100, 100}, {100, 100}}, {100, 0}},
        {{{72, 100}, {72, 100}}, {100, 0}},
        {{{71, 100}, {71, 100}}, {99, 1}},
        {{{50, 100}, {50, 100}}, {70, 30}},
        {{{25, 100}, {100, 100}}, {35, 65}},
        {{{0, 100}, {100, 100}}, {0, 100}},
        // Three levels.
        {{{100, 100}, {100, 100}, {100, 100}}, {100, 0, 0}},
        {{{72, 100}, {72, 100}, {100, 100}}, {100, 0, 0}},
        {{{71, 100}, {71, 100}, {100, 100}}, {99, 1, 0}},
        {{{50, 100}, {50, 100}, {100, 100}}, {70, 30, 0}},
        {{{25, 100}, {100, 100}, {100, 100}}, {35, 65, 0}},
        {{{25, 100}, {25, 100}, {100, 100}}, {35, 35, 30}},
        {{{0, 1}, {0, 1}, {1, 1}}, {0, 0, 100}},
    };
    for (const Case& c : cases)
        EXPECT_EQ(percents(loads_of(c.health)), c.percent)
            << c.health[0].healthy << " " << c.health[1].healthy;
}

// 25 % of each of two levels: 35 + 35 = 70 < 100, so both are scaled to a half. Both are below the
// panic threshold: total panic, by size.
TEST(PrioritiesTest, WhatIsLeftIsScaledUp) {
    EXPECT_EQ(percents(loads_of({{25, 100}, {25, 100}}, 0)), (std::vector<uint32_t>{50, 50}));
    EXPECT_EQ(percents(loads_of({{20, 100}, {5, 100}}, 0)), (std::vector<uint32_t>{80, 20}));
}

// The table of Envoy's "Panic threshold" with its default of 50 %.
TEST(PrioritiesTest, PanicOnlyWhenAllTogetherCannotTakeTheTraffic) {
    auto healthy = loads_of({{72, 100}, {72, 100}});
    EXPECT_FALSE(healthy[0].panic || healthy[1].panic);
    auto spilled = loads_of({{25, 100}, {100, 100}});
    EXPECT_FALSE(spilled[0].panic) << "the second takes what the first cannot";
    auto one = loads_of({{0, 100}, {25, 100}});
    EXPECT_TRUE(one[0].panic && one[1].panic);
    EXPECT_EQ(percents(one), (std::vector<uint32_t>{50, 50})) << "total panic: by size";
    auto mixed = loads_of({{5, 100}, {65, 100}});
    EXPECT_TRUE(mixed[0].panic);
    EXPECT_FALSE(mixed[1].panic);
    EXPECT_EQ(mixed[0].percent + mixed[1].percent, 100u);
}

TEST(PrioritiesTest, ThresholdZeroMeansNoPanic) {
    auto loads = loads_of({{0, 2}, {0, 3}}, 0);
    EXPECT_FALSE(loads[0].panic || loads[1].panic);
    EXPECT_EQ(percents(loads), (std::vector<uint32_t>{0, 0}));
    EXPECT_EQ(pick_priority(loads, 0), 2u) << "no level";
}

TEST(PrioritiesTest, TotalPanicFollowsTheNumberOfEndpoints) {
    EXPECT_EQ(percents(loads_of({{0, 1}, {0, 3}})), (std::vector<uint32_t>{25, 75}));
    EXPECT_EQ(percents(loads_of({{0, 1}, {0, 1}, {0, 1}})), (std::vector<uint32_t>{34, 33, 33}));
    EXPECT_EQ(percents(loads_of({{0, 1}})), (std::vector<uint32_t>{100}));
}

TEST(PrioritiesTest, EveryLoadSumsToAHundredAndEveryDrawHits) {
    for (uint32_t a = 0; a <= 7; ++a)
        for (uint32_t b = 0; b <= 5; ++b)
            for (uint32_t c = 0; c <= 3; ++c) {
                auto loads = loads_of({{a, 7}, {b, 5}, {c, 3}});
                EXPECT_EQ(loads[0].percent + loads[1].percent + loads[2].percent, 100u);
                for (uint32_t drawn = 0; drawn < 100; ++drawn)
                    ASSERT_LT(pick_priority(loads, drawn), 3u);
            }
}

TEST(PrioritiesTest, AWeightIsWorthLessAsItsEndpointsFail) {
    EXPECT_EQ(effective_share({3, 3}), 1000u);
    EXPECT_EQ(effective_share({72, 100}), 1000u);
    EXPECT_EQ(effective_share({1, 2}), 700u);
    EXPECT_EQ(effective_share({0, 2}), 0u);
    EXPECT_EQ(effective_share({0, 0}), 0u);
}

}  // namespace
}  // namespace weir::balance
