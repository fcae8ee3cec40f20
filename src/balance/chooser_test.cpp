#include "balance/chooser.h"

#include <gtest/gtest.h>

#include <random>

namespace weir::balance {
namespace {

std::vector<size_t> order(const Chooser& chooser, uint64_t random) {
    std::vector<size_t> out;
    Tried tried;
    while (auto index = chooser.next(tried, random)) {
        out.push_back(*index);
        tried.set(*index);
    }
    return out;
}

TEST(ChooserTest, TheDrawDecides) {
    Chooser chooser({{.weight = 3}, {.weight = 0}, {.weight = 1}});
    EXPECT_EQ(chooser.next({}, 0), 0u);
    EXPECT_EQ(chooser.next({}, 2), 0u);
    EXPECT_EQ(chooser.next({}, 3), 2u);
    EXPECT_EQ(chooser.next({}, 4), 0u);
}

TEST(ChooserTest, LowerPrioritiesAreFallbacks) {
    Chooser chooser({{1, 5}, {1, 0}, {0, 0}, {1, 2}, {0, 9}});
    EXPECT_EQ(order(chooser, 12345), (std::vector<size_t>{1, 3, 0}));
}

TEST(ChooserTest, NothingThatTakesTraffic) {
    EXPECT_EQ(Chooser().next({}, 1), std::nullopt);
    EXPECT_EQ(Chooser({{0, 0}, {0, 1}}).next({}, 1), std::nullopt);
}

TEST(ChooserTest, EveryBackendIsTriedOnce) {
    std::vector<Candidate> candidates(kMaxBackends, {UINT32_MAX, 0});
    std::vector<size_t> tried = order(Chooser(candidates), UINT64_MAX);
    std::sort(tried.begin(), tried.end());
    ASSERT_EQ(tried.size(), kMaxBackends);
    for (size_t i = 0; i < tried.size(); ++i)
        EXPECT_EQ(tried[i], i);
}

TEST(ChooserTest, DrawsFollowTheWeights) {
    const std::vector<Candidate> candidates{{10, 0}, {20, 0}, {70, 0}, {0, 0}, {100, 1}};
    Chooser chooser(candidates);
    std::mt19937_64 random(42);
    constexpr int kDraws = 100000;
    std::vector<double> seen(candidates.size());
    for (int i = 0; i < kDraws; ++i)
        ++seen[*chooser.next({}, random())];
    double chi_square = 0;
    for (size_t i = 0; i < 3; ++i) {
        double expected = kDraws * candidates[i].weight / 100.0;
        chi_square += (seen[i] - expected) * (seen[i] - expected) / expected;
    }
    EXPECT_LT(chi_square, 13.8);  // 2 degrees of freedom, p = 0.001
    EXPECT_EQ(seen[3] + seen[4], 0);
}

}  // namespace
}  // namespace weir::balance
