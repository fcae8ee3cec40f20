#include "balance/hedge.h"

#include <gtest/gtest.h>

#include "balance/latency.h"

namespace weir::balance {
namespace {

int hedges(HedgeBudget& budget, int requests, double percent, int64_t cost, int64_t hedge_cost) {
    int made = 0;
    for (int i = 0; i < requests; ++i) {
        budget.earn(percent, cost);
        made += budget.spend(percent, hedge_cost);
    }
    return made;
}

TEST(HedgeBudgetTest, AShareOfTheRequestsAndOneToBeginWith) {
    HedgeBudget budget;
    EXPECT_EQ(hedges(budget, 1000, 10, 100, 100), 101);
    HedgeBudget none;
    EXPECT_EQ(hedges(none, 1000, 0, 100, 100), 0);
    HedgeBudget all;
    EXPECT_EQ(hedges(all, 100, 100, 50, 50), 100);
}

TEST(HedgeBudgetTest, AShareOfTheCostIfThatIsLess) {
    HedgeBudget budget;  // each hedge costs ten times what a request does: a tenth as many
    int made = hedges(budget, 1000, 10, 100, 1000);
    EXPECT_GE(made, 10);
    EXPECT_LE(made, 12);
}

TEST(HedgeBudgetTest, SavingsAreBounded) {
    HedgeBudget budget;
    for (int i = 0; i < 100'000; ++i)
        budget.earn(50, 10);
    int made = 0;
    while (budget.spend(50, 10))
        ++made;
    EXPECT_EQ(made, HedgeBudget::kMost);
}

TEST(LatencyBookTest, ModelsAreLearnedApart) {
    LatencyBook book;
    for (uint32_t i = 0; i < LatencyWindow::kEnough; ++i) {
        book.of(1).record(std::chrono::milliseconds(10));
        book.of(2).record(std::chrono::milliseconds(1000));
    }
    EXPECT_LT(*book.of(1).percentile(95), std::chrono::milliseconds(20));
    EXPECT_GT(*book.of(2).percentile(95), std::chrono::milliseconds(900));
    EXPECT_FALSE(book.of(3).percentile(95));
    for (uint64_t key = 10; key < 100; ++key)
        book.of(key).record(std::chrono::milliseconds(5));
    EXPECT_EQ(&book.of(1000), &book.of(1001)) << "those beyond the table share a place";
}

}  // namespace
}  // namespace weir::balance
