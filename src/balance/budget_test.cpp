#include "balance/budget.h"

#include <gtest/gtest.h>

#include <vector>

namespace weir::balance {
namespace {

uint32_t admitted(Budget& budget, const BudgetPolicy& policy, uint32_t active,
                  std::vector<Budget::Pass>& held) {
    while (auto pass = budget.take(policy, active))
        held.push_back(std::move(pass));
    return static_cast<uint32_t>(held.size());
}

TEST(BudgetTest, AShareOfTheActiveRequestsButNeverFewerThanTheMinimum) {
    struct Case {
        uint32_t active, allowed;
    };
    for (Case c : {Case{0, 3}, {1, 3}, {15, 3}, {20, 4}, {100, 20}, {101, 20}, {1000, 200}}) {
        Budget budget;
        std::vector<Budget::Pass> held;
        EXPECT_EQ(admitted(budget, {}, c.active, held), c.allowed) << c.active;
    }
}

TEST(BudgetTest, AStormIsBounded) {
    Budget budget;
    std::vector<Budget::Pass> held;
    EXPECT_EQ(admitted(budget, {20, 0}, 4, held), 0u) << "20 % of 4 is less than one";
    EXPECT_EQ(admitted(budget, {100, 0}, 4, held), 4u);
    EXPECT_EQ(admitted(budget, {100, 0}, 6, held), 6u) << "more requests, more retries";
}

TEST(BudgetTest, APlaceComesBackOnce) {
    Budget budget;
    {
        Budget::Pass a = budget.take({0, 1}, 0);
        EXPECT_TRUE(a);
        EXPECT_FALSE(budget.take({0, 1}, 0));
        Budget::Pass b = std::move(a);
        a.give_back();
        EXPECT_EQ(budget.taken(), 1u);
        b.give_back();
        b.give_back();
        EXPECT_EQ(budget.taken(), 0u);
    }
    EXPECT_EQ(budget.taken(), 0u);
}

}  // namespace
}  // namespace weir::balance
