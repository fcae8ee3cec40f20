#include "cel/cost.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace weir::cel {
size_t allocations_of_this_thread();  // allocations_test.cpp
}

namespace weir::cel {
namespace {

constexpr CostVariables kUsage{.model = "gpt-4o",
                               .backend = "default/openai/route/agents/rule/0/ref/0",
                               .route_name = "agents",
                               .input_tokens = 1200,
                               .cached_input_tokens = 200,
                               .cache_creation_input_tokens = 7,
                               .output_tokens = 350,
                               .total_tokens = 1550,
                               .reasoning_tokens = 128};

struct Priced {
    std::string_view name;
    std::string_view text;
    uint64_t cost;
};

TEST(CostExpressionTest, Prices) {
    const Priced table[] = {
        {"input", "input_tokens", 1200},
        {"cached", "cached_input_tokens", 200},
        {"creation", "cache_creation_input_tokens", 7},
        {"output", "output_tokens", 350},
        {"total", "total_tokens", 1550},
        {"reasoning", "reasoning_tokens", 128},
        {"weighted", "(input_tokens - cached_input_tokens) * 3u + output_tokens * 15u", 8250},
        {"signed result", "int(output_tokens) * 2", 700},
        {"constant", "7", 7},
        {"dyn result", "dyn(output_tokens)", 350},
        {"tenth", "uint(double(input_tokens) * 0.1)", 120},
        {"by model", "model.startsWith('gpt-4') ? total_tokens * 2u : total_tokens", 3100},
        {"by route", "route_name == 'agents' ? 1u : 2u", 1},
        {"by backend", "backend.matches('^default/') ? 1u : 2u", 1},
        {"lookup", "model in ['gpt-4o', 'gpt-4'] ? 5u : 1u", 5},
        {"price list", "{'gpt-4o': 3u, 'o1': 9u}[model == 'dummy' ? 'o1' : model] * output_tokens",
         1050},
        {"compared across types", "input_tokens > 1000 ? 2 : 1", 2},
        {"guarded", "output_tokens == 0u ? 0u : input_tokens / output_tokens", 3},
    };
    for (const auto& row : table) {
        auto expression = CostExpression::compile(row.text);
        ASSERT_TRUE(expression) << row.name << ": " << expression.error().to_string();
        auto cost = expression->evaluate(kUsage);
        ASSERT_TRUE(cost) << row.name << ": " << cost.error().to_string();
        EXPECT_EQ(*cost, row.cost) << row.name;
        EXPECT_EQ(expression->text(), row.text);
    }
}

struct Refused {
    std::string_view text;
    std::string_view place;
    std::string_view why;
};

TEST(CostExpressionTest, RefusesWithColumnAndRemedy) {
    const Refused table[] = {
        {"", "column 1", "empty"},
        {"1 +", "column 4", "a value must stand here"},
        {"input_tokens + token", "column 16", "known are model, backend, route_name"},
        {"input_tokens * 2", "column 14", "100u"},
        {"input_tokens * 0.1", "column 14", "double()"},
        {"total_tokens == 0u ? 0 : total_tokens", "column 26", "differ in type"},
        {"10u / input_tokens", "column 5", "division by zero"},
        {"10u % input_tokens", "column 5", "modulus by zero"},
        {"uint(1) - uint(2)", "column 9", "unsigned integer overflow"},
        {"9223372036854775807 + 1", "column 21", "integer overflow"},
        {"'x'", "", "int or a uint"},
        {"1.5", "", "convert it with uint()"},
        {"dyn(1.5)", "", "neither int nor uint but double"},
        {"-1", "", "negative (-1)"},
        {"model.startswith('x') ? 1 : 2", "column 7", "did you mean startsWith()"},
        {"model.matches('(') ? 1 : 2", "column 15", "regular expression"},
        {"input_tokens.x", "column 14", "no fields"},
        {"\n  inputs", "line 2, column 3", "unknown variable inputs"},
    };
    for (const auto& row : table) {
        auto expression = CostExpression::compile(row.text);
        ASSERT_FALSE(expression) << row.text;
        EXPECT_EQ(expression.error().code().name, codes::config_invalid.name);
        const std::string& detail = expression.error().detail();
        EXPECT_NE(detail.find(row.place), std::string::npos) << row.text << " → " << detail;
        EXPECT_NE(detail.find(row.why), std::string::npos) << row.text << " → " << detail;
    }
}

TEST(CostExpressionTest, FailsWhereTheCountersDecide) {
    auto negative = CostExpression::compile("int(input_tokens) - 2000 * int(output_tokens)");
    ASSERT_TRUE(negative) << negative.error().to_string();
    auto cost = negative->evaluate(kUsage);
    ASSERT_FALSE(cost);
    EXPECT_EQ(cost.error().code().name, codes::expression_failed.name);
    EXPECT_NE(cost.error().detail().find("negative (-698800)"), std::string::npos);

    auto overflow = CostExpression::compile("input_tokens * 18446744073709551615u");
    ASSERT_TRUE(overflow);
    cost = overflow->evaluate(kUsage);
    ASSERT_FALSE(cost);
    EXPECT_NE(cost.error().detail().find("column 14: unsigned integer overflow"), std::string::npos)
        << cost.error().detail();
}

TEST(CostExpressionTest, FailureNeverShowsWhatAVariableHolds) {
    auto expression = CostExpression::compile("{'dummy': 1u}[model]");
    ASSERT_TRUE(expression);
    auto cost = expression->evaluate({.model = "secret-model-name"});
    ASSERT_FALSE(cost);
    EXPECT_EQ(cost.error().to_string().find("secret"), std::string::npos);
}

TEST(CostExpressionTest, AllocatesNothing) {
#ifdef WEIR_SANITIZED
    GTEST_SKIP() << "a sanitizer replaces the allocator";
#endif
    const std::string_view table[] = {
        "total_tokens",
        "(input_tokens - cached_input_tokens) * 3u + cached_input_tokens + output_tokens * 15u",
        "int(output_tokens) * 2 - 5 % 3 > 7 ? 1 : 2",
        "uint(double(input_tokens) * 0.125)",
        "model == 'gpt-4o' || model.startsWith('gpt-4') && route_name != '' ? total_tokens : 1u",
        "model in ['a', 'b', 'gpt-4o'] ? 5u : 1u",
        "backend.contains('openai') ? 5u : 1u",
    };
    for (const auto text : table) {
        auto expression = CostExpression::compile(text);
        ASSERT_TRUE(expression) << expression.error().to_string();
        const size_t before = allocations_of_this_thread();
        auto cost = expression->evaluate(kUsage);
        EXPECT_EQ(allocations_of_this_thread(), before) << text;
        EXPECT_TRUE(cost) << text;
    }
    const size_t before = allocations_of_this_thread();
    const std::string large(100, 'x');
    EXPECT_EQ(large.size(), 100u);
    EXPECT_EQ(allocations_of_this_thread(), before + 1) << "the count does not count";
}

TEST(CostExpressionTest, IsSharedBetweenThreads) {
    auto expression = CostExpression::compile(
        "[1u, 2u, 3u].filter(n, n * output_tokens > 400u).size() + int(input_tokens)");
    ASSERT_TRUE(expression) << expression.error().to_string();
    std::vector<std::thread> threads;
    std::vector<uint64_t> wrong(4, 0);
    for (size_t t = 0; t < wrong.size(); ++t)
        threads.emplace_back([&, t, copy = *expression] {
            for (int i = 0; i < 2000; ++i) {
                auto cost = copy.evaluate(kUsage);
                wrong[t] += !cost || *cost != 1202;
            }
        });
    for (auto& thread : threads)
        thread.join();
    for (const uint64_t count : wrong)
        EXPECT_EQ(count, 0u);
}

}  // namespace
}  // namespace weir::cel
