#include "balance/retry.h"

#include <gtest/gtest.h>

#include <random>

namespace weir::balance {
namespace {

using namespace std::chrono_literals;
using Kind = Outcome::Kind;

RetryPolicy on(std::initializer_list<std::string_view> names, std::vector<uint16_t> statuses = {}) {
    RetryPolicy policy;
    for (auto name : names)
        policy.triggers |= trigger_bits(name).value();
    policy.statuses = std::move(statuses);
    return policy;
}

// Envoy: x-envoy-retry-on.
TEST(RetryTest, TriggersMeanWhatEnvoySays) {
    struct Case {
        const char* trigger;
        Outcome outcome;
        bool retried;
    };
    const Case cases[] = {
        {"5xx", {Kind::answered, 500}, true},
        {"5xx", {Kind::answered, 529}, true},
        {"5xx", {Kind::answered, 429}, false},
        {"5xx", {Kind::answered, 409}, false},
        {"5xx", {Kind::no_answer}, true},
        {"5xx", {Kind::connect_failure}, true},
        {"5xx", {Kind::broken_answer}, true},
        {"gateway-error", {Kind::answered, 500}, false},
        {"gateway-error", {Kind::answered, 502}, true},
        {"gateway-error", {Kind::answered, 503}, true},
        {"gateway-error", {Kind::answered, 504}, true},
        {"gateway-error", {Kind::no_answer}, false},
        {"reset", {Kind::no_answer}, true},
        {"reset", {Kind::unsent}, true},
        {"reset", {Kind::answered, 503}, false},
        {"reset", {Kind::broken_answer}, true},
        {"reset-before-request", {Kind::unsent}, true},
        {"reset-before-request", {Kind::connect_failure}, true},
        {"reset-before-request", {Kind::no_answer}, false},
        {"connect-failure", {Kind::connect_failure}, true},
        {"connect-failure", {Kind::no_answer}, false},
        {"connect-failure", {Kind::answered, 503}, false},
        {"retriable-4xx", {Kind::answered, 409}, true},
        {"retriable-4xx", {Kind::answered, 429}, false},
        {"refused-stream", {Kind::no_answer}, false},
        {"cancelled", {Kind::no_answer}, false},
        {"deadline-exceeded", {Kind::answered, 504}, false},
        {"unavailable", {Kind::answered, 503}, false},
    };
    for (const Case& c : cases)
        EXPECT_EQ(retries(on({c.trigger}), c.outcome), c.retried)
            << c.trigger << " " << static_cast<int>(c.outcome.kind) << " " << c.outcome.status;
    EXPECT_FALSE(trigger_bits("5XX"));
}

TEST(RetryTest, StatusCodesAreThoseListed) {
    RetryPolicy policy = on({"retriable-status-codes"}, {429, 503});
    EXPECT_TRUE(retries(policy, {Kind::answered, 429}));
    EXPECT_TRUE(retries(policy, {Kind::answered, 503}));
    EXPECT_FALSE(retries(policy, {Kind::answered, 500}));
    EXPECT_FALSE(retries(on({"5xx"}, {429}), {Kind::answered, 429})) << "the trigger is not on";
}

TEST(RetryTest, WithoutAPolicyWhatAnotherMayDoBetterIsRetriedOnce) {
    RetryPolicy policy = default_retry();
    EXPECT_EQ(policy.retries, 1u);
    EXPECT_TRUE(policy.only_untried);
    for (int status : {429, 500, 502, 503, 504, 529})
        EXPECT_TRUE(retries(policy, {Kind::answered, status})) << status;
    for (int status : {200, 400, 401, 403, 404, 409, 422})
        EXPECT_FALSE(retries(policy, {Kind::answered, status})) << status;
    for (Kind kind : {Kind::connect_failure, Kind::unsent, Kind::no_answer, Kind::broken_answer})
        EXPECT_TRUE(retries(policy, {kind}));
    EXPECT_EQ(backoff(policy, 1, 12345), 0ns);
}

TEST(RetryTest, AnEmptyRetryIsEnvoyGatewaysDefault) {
    RetryPolicy policy = plain_retry();
    EXPECT_EQ(policy.retries, 2u);
    EXPECT_TRUE(retries(policy, {Kind::answered, 503}));
    EXPECT_FALSE(retries(policy, {Kind::answered, 500}));
    EXPECT_TRUE(retries(policy, {Kind::connect_failure}));
    EXPECT_FALSE(retries(policy, {Kind::no_answer}));
}

// Envoy: with base interval B the N-th retry waits in [0, (2^N - 1) B), at most the maximum.
TEST(RetryTest, BackOffIsExponentialWithFullJitter) {
    RetryPolicy policy;
    policy.base = 25ms;
    policy.max = 250ms;
    std::mt19937_64 random(7);
    const Duration limits[] = {25ms, 75ms, 175ms, 250ms, 250ms};
    for (uint32_t retry = 1; retry <= 5; ++retry) {
        Duration limit = limits[retry - 1], longest{0}, sum{0};
        constexpr int kDraws = 20000;
        for (int i = 0; i < kDraws; ++i) {
            Duration wait = backoff(policy, retry, random());
            ASSERT_GE(wait, 0ns);
            ASSERT_LT(wait, limit);
            longest = std::max(longest, wait);
            sum += wait;
        }
        EXPECT_GT(longest, limit * 99 / 100) << "the whole range is drawn from";
        EXPECT_NEAR(static_cast<double>(sum.count()) / kDraws,
                    static_cast<double>(limit.count()) / 2,
                    static_cast<double>(limit.count()) / 50);
    }
    EXPECT_LT(backoff(policy, 4'000'000'000, UINT64_MAX), 250ms);
}

TEST(RetryTest, RetryAfterIsSecondsOrADate) {
    constexpr int64_t kNow = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT (RFC 9110's example)
    EXPECT_EQ(parse_retry_after("120", kNow), 120s);
    EXPECT_EQ(parse_retry_after(" 0 ", kNow), 0s);
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:47 GMT", kNow), 10s);
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", kNow), 0s);
    EXPECT_EQ(parse_retry_after("Thu, 29 Feb 2024 00:00:00 GMT", 1709164799), 1s);
    for (const char* bad : {"", "-1", "1.5", "soon", "1s", "Sun, 06 Nov 1994 08:49:47 CET",
                            "Sun, 06 Foo 1994 08:49:47 GMT", "99999999999999999999"})
        EXPECT_FALSE(parse_retry_after(bad, kNow)) << bad;
}

}  // namespace
}  // namespace weir::balance
