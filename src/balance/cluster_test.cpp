#include "balance/cluster.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "balance/hash.h"
#include "balance/registry.h"
#include "base/clock.h"

namespace weir::balance {
namespace {

using namespace std::chrono_literals;

/// A rule under test: names of endpoints per backend, a state, and what is drawn.
struct Fixture {
    Fixture(ClusterPolicy policy, std::vector<ClusterBackend> backends)
        : cluster("default/route/rule-0", std::move(policy), backends),
          state(registry.open(cluster)) {}

    std::optional<Choice> next() { return choose(cluster, state, attempts, random(), clock.now()); }
    /// Backends in the order in which they are tried when each says no.
    std::vector<uint32_t> order(size_t most = 10, bool elsewhere = true) {
        std::vector<uint32_t> out;
        attempts = {};
        while (auto choice = next()) {
            out.push_back(choice->backend);
            if (out.size() == most) break;
            attempts.failed(cluster, *choice, elsewhere);
        }
        return out;
    }
    /// How often each endpoint is the first choice.
    std::vector<double> shares(int draws = 20000) {
        std::vector<double> out(cluster.endpoints().size());
        for (int i = 0; i < draws; ++i) {
            attempts = {};
            if (auto choice = next()) out[choice->flat] += 1.0 / draws;
        }
        return out;
    }
    void eject(size_t endpoint) {
        state.endpoints[endpoint]->ejected = true;
        state.endpoints[endpoint]->ejected_until = INT64_MAX;
    }

    Registry registry;
    Cluster cluster;
    ClusterState state;
    Attempts attempts;
    std::mt19937_64 random{42};
    FakeClock clock;
};

ClusterBackend backend(std::string key, uint32_t weight, uint32_t priority, int endpoints = 1) {
    ClusterBackend out{std::move(key), weight, priority, {}};
    for (int i = 0; i < endpoints; ++i)
        out.endpoints.push_back("10.0.0." + std::to_string(i) + ":80");
    return out;
}

ClusterPolicy watching() {
    ClusterPolicy policy;
    policy.outlier = OutlierPolicy{};
    return policy;
}

TEST(ClusterTest, LowerPrioritiesAreFallbacksAndEachIsTriedOnce) {
    Fixture f({}, {backend("a", 1, 5), backend("b", 1, 0), backend("c", 0, 0), backend("d", 1, 2),
                   backend("e", 0, 9)});
    EXPECT_EQ(f.order(), (std::vector<uint32_t>{1, 3, 0}));
}

TEST(ClusterTest, NothingThatTakesTraffic) {
    EXPECT_FALSE(Fixture({}, {}).next());
    EXPECT_FALSE(Fixture({}, {backend("a", 0, 0)}).next());
    EXPECT_FALSE(Fixture({}, {backend("a", 0, 0), backend("b", 0, 1)}).next());
    EXPECT_FALSE(Fixture({}, {backend("a", 1, 0, 0)}).next()) << "no endpoint";
}

TEST(ClusterTest, DrawsFollowTheWeights) {
    Fixture f({}, {backend("a", 10, 0), backend("b", 20, 0), backend("c", 70, 0),
                   backend("d", 0, 0), backend("e", 100, 1)});
    auto shares = f.shares(50000);
    EXPECT_NEAR(shares[0], 0.1, 0.01);
    EXPECT_NEAR(shares[1], 0.2, 0.01);
    EXPECT_NEAR(shares[2], 0.7, 0.01);
    EXPECT_EQ(shares[3] + shares[4], 0);
}

TEST(ClusterTest, EveryOneOfManyBackendsIsTried) {
    std::vector<ClusterBackend> many;
    for (size_t i = 0; i < kMaxBackends; ++i)
        many.push_back(backend("b" + std::to_string(i), UINT32_MAX, 0));
    Fixture f({}, many);
    auto order = f.order(200);
    std::sort(order.begin(), order.end());
    ASSERT_EQ(order.size(), kMaxBackends);
    for (uint32_t i = 0; i < order.size(); ++i)
        EXPECT_EQ(order[i], i);
}

TEST(ClusterTest, AFailedConnectionAvoidsTheEndpointAFailedAnswerTheBackend) {
    Fixture f({}, {backend("a", 1, 0, 2), backend("b", 1, 1)});
    EXPECT_EQ(f.order(10, false), (std::vector<uint32_t>{0, 0, 1}));
    EXPECT_EQ(f.order(10, true), (std::vector<uint32_t>{0, 1, 0}));
}

TEST(ClusterTest, HealthMovesTrafficToTheNextPriority) {
    Fixture f(watching(), {backend("a", 1, 0, 4), backend("b", 1, 1, 4)});
    f.eject(0);
    f.eject(1);
    auto shares = f.shares();
    EXPECT_EQ(shares[0] + shares[1], 0);
    EXPECT_NEAR(shares[2] + shares[3], 0.70, 0.02) << "140 % of a half";
    EXPECT_NEAR(shares[4] + shares[5] + shares[6] + shares[7], 0.30, 0.02);
}

TEST(ClusterTest, AnEjectedBackendLosesItsWeight) {
    Fixture f(watching(), {backend("a", 1, 0, 2), backend("b", 1, 0, 2), backend("c", 1, 0, 1)});
    f.eject(0);
    auto shares = f.shares();
    EXPECT_EQ(shares[0], 0);
    EXPECT_NEAR(shares[1], 0.7 / 2.7, 0.02);
    EXPECT_NEAR(shares[4], 1 / 2.7, 0.02);
}

TEST(ClusterTest, WhenAllAreOutPanicUsesThemAll) {
    Fixture f(watching(), {backend("a", 1, 0, 2)});
    f.eject(0);
    f.eject(1);
    auto shares = f.shares(1000);
    EXPECT_NEAR(shares[0] + shares[1], 1, 1e-9);
    EXPECT_GT(shares[0], 0.3);
    ClusterPolicy calm = watching();
    calm.panic_threshold = 0;
    Fixture g(calm, {backend("a", 1, 0, 1)});
    EXPECT_TRUE(g.next());
    g.eject(0);
    EXPECT_FALSE(g.next()) << "panic is off: no healthy upstream";
}

// Upstream's provider_fallback example: numAttemptsPerPriority 1, numRetries 5.
TEST(ClusterTest, AttemptsPerPriorityMoveOnAndBeginAgain) {
    ClusterPolicy policy;
    policy.retry = plain_retry();
    policy.retry.attempts_per_priority = 1;
    Fixture f(policy, {backend("a", 1, 0), backend("b", 1, 1)});
    EXPECT_EQ(f.order(6), (std::vector<uint32_t>{0, 1, 0, 1, 0, 1}));
    policy.retry.attempts_per_priority = 2;
    Fixture g(policy, {backend("a", 1, 0), backend("b", 1, 1), backend("c", 1, 2)});
    EXPECT_EQ(g.order(8), (std::vector<uint32_t>{0, 0, 1, 1, 2, 2, 0, 0}));
}

// Envoy Gateway: without it "all requests are sent to the highest priority that is healthy".
TEST(ClusterTest, WithoutAttemptsPerPriorityRetriesStayAtTheHealthiest) {
    ClusterPolicy policy = watching();
    policy.retry = plain_retry();
    Fixture f(policy, {backend("a", 1, 0), backend("b", 1, 1)});
    EXPECT_EQ(f.order(3), (std::vector<uint32_t>{0, 0, 0}));
    f.eject(0);
    EXPECT_EQ(f.order(3), (std::vector<uint32_t>{1, 1, 1}));
}

TEST(ClusterTest, RetriesPreferWhatWasNotTried) {
    ClusterPolicy policy;
    policy.retry = plain_retry();
    Fixture f(policy, {backend("a", 1, 0, 2), backend("b", 1, 0, 2)});
    for (int round = 0; round < 50; ++round) {
        f.attempts = {};
        std::vector<uint32_t> flats;
        for (int i = 0; i < 4; ++i) {
            Choice choice = *f.next();
            flats.push_back(choice.flat);
            f.attempts.failed(f.cluster, choice, true);
        }
        EXPECT_NE(flats[0] / 2, flats[1] / 2) << "another backend first";
        std::sort(flats.begin(), flats.end());
        EXPECT_EQ(flats, (std::vector<uint32_t>{0, 1, 2, 3}));
        EXPECT_TRUE(f.next()) << "and then again";
    }
}

TEST(ClusterTest, RoundRobinTakesTurns) {
    ClusterPolicy policy;
    policy.algorithm = Algorithm::round_robin;
    Fixture f(policy, {backend("a", 1, 0, 3)});
    for (uint32_t i = 0; i < 9; ++i)
        EXPECT_EQ(f.next()->flat, i % 3);
    Fixture g(watching(), {backend("a", 1, 0, 3)});
    g.eject(1);
    for (int i = 0; i < 9; ++i)
        EXPECT_NE(g.next()->flat, 1u);
}

TEST(ClusterTest, RandomIsEven) {
    ClusterPolicy policy;
    policy.algorithm = Algorithm::random;
    Fixture f(policy, {backend("a", 1, 0, 4)});
    for (double share : f.shares())
        EXPECT_NEAR(share, 0.25, 0.02);
}

TEST(ClusterTest, LeastRequestAvoidsTheBusy) {
    Fixture f({}, {backend("a", 1, 0, 4)});
    f.state.endpoints[2]->active = 10;
    auto shares = f.shares();
    EXPECT_NEAR(shares[2], 1.0 / 16, 0.02) << "only when both of the two choices are it";
    // Loads even out when requests last: each choice adds one.
    for (auto* endpoint : f.state.endpoints)
        endpoint->active = 0;
    for (int i = 0; i < 4000; ++i)
        ++f.state.endpoints[f.next()->flat]->active;
    for (auto* endpoint : f.state.endpoints)
        EXPECT_NEAR(endpoint->active.load(), 1000, 10);
}

TEST(ClusterTest, AHashKeyKeepsItsEndpointAndComesBack) {
    ClusterPolicy policy = watching();
    policy.algorithm = Algorithm::consistent_hash;
    Fixture f(policy, {backend("a", 1, 0, 2), backend("b", 1, 0, 2), backend("z", 1, 1)});
    std::map<uint64_t, uint32_t> home;
    auto place = [&](uint64_t key) {
        f.attempts = {};
        f.attempts.hash = hash_of("session-" + std::to_string(key));
        return f.next()->flat;
    };
    for (uint64_t key = 0; key < 4000; ++key)
        home[key] = place(key);
    f.eject(3);
    int moved = 0;
    for (auto [key, before] : home)
        if (uint32_t after = place(key); before != 3) {
            // Priority 0 keeps all its traffic: 3 of 4 are more than 72 %.
            ASSERT_EQ(after, before);
        } else {
            ASSERT_NE(after, 3u);
            ++moved;
        }
    EXPECT_NEAR(moved, 1000, 120) << "a quarter";
    f.state.endpoints[3]->ejected = false;
    for (auto [key, before] : home)
        ASSERT_EQ(place(key), before);
}

TEST(ClusterTest, AHashKeysSecondChoiceIsStableToo) {
    ClusterPolicy policy;
    policy.algorithm = Algorithm::consistent_hash;
    Fixture f(policy, {backend("a", 1, 0), backend("b", 1, 0), backend("c", 1, 0)});
    for (uint64_t key = 0; key < 50; ++key) {
        auto twice = [&] {
            f.attempts = {};
            f.attempts.hash = hash_of(std::to_string(key));
            Choice first = *f.next();
            f.attempts.failed(f.cluster, first, true);
            return std::pair(first.backend, f.next()->backend);
        };
        auto order = twice();
        EXPECT_NE(order.first, order.second);
        EXPECT_EQ(twice(), order);
    }
}

TEST(ClusterTest, TheSweepIsDoneWhenItIsDue) {
    ClusterPolicy policy = watching();
    policy.outlier->max_ejection_percent = 100;
    Fixture f(policy, {backend("a", 1, 0), backend("b", 1, 1)});
    EXPECT_EQ(f.next()->backend, 0u);
    for (int i = 0; i < 5; ++i)
        f.cluster.outliers()->report(f.state.endpoints, 0, Verdict::gateway_error, f.clock.now());
    EXPECT_EQ(f.next()->backend, 1u);
    f.clock.advance(29s);
    EXPECT_EQ(f.next()->backend, 1u);
    f.clock.advance(4s);
    EXPECT_EQ(f.next()->backend, 0u) << "back after its time and the next sweep";
}

TEST(RegistryTest, AReloadKeepsWhatCountsAndForgetsWhatIsGone) {
    Registry registry;
    Cluster before("rule", watching(), {backend("a", 1, 0, 2), backend("b", 1, 0)});
    Cluster after("rule", {}, {backend("b", 5, 0), backend("c", 1, 0)});
    auto one = std::make_unique<ClusterState>(registry.open(before));
    ClusterState worker2 = registry.open(before);
    EXPECT_EQ(one->endpoints, worker2.endpoints) << "all workers share them";
    EXPECT_EQ(one->counts, worker2.counts);
    one->endpoints[2]->ejected = true;
    ClusterState two = registry.open(after);
    EXPECT_TRUE(two.endpoints[0]->ejected);
    EXPECT_EQ(two.counts, one->counts);
    EXPECT_EQ(registry.endpoints(), 4u);
    one.reset();
    worker2 = {};
    EXPECT_EQ(registry.endpoints(), 2u);
    EXPECT_EQ(registry.clusters(), 1u);
}

TEST(ClusterTest, AnEndpointThatIsNewGetsItsShareByAndBy) {
    for (Algorithm algorithm : {Algorithm::round_robin, Algorithm::least_request}) {
        ClusterPolicy policy;
        policy.algorithm = algorithm;
        policy.slow_start = 100s;
        Fixture f(policy, {backend("a", 1, 0, 3)});
        f.clock.advance(1h);
        for (double share : f.shares())
            EXPECT_NEAR(share, 1.0 / 3, 0.02) << "all are new: nobody has to wait";
        f.clock.advance(50s);
        f.state.endpoints[2]->available_at += 1'000'000;  // another worker saw it 1 ms later
        std::vector<uint32_t> turns;
        for (int i = 0; i < 6 && algorithm == Algorithm::round_robin; ++i) {
            f.attempts = {};
            turns.push_back(f.next()->endpoint);
        }
        for (size_t i = 3; i < turns.size(); ++i)
            EXPECT_EQ(turns[i], turns[i - 3]) << "in turn, not by chance";
        f.clock.advance(1h);
        f.state.endpoints[1]->returned_at =
            std::chrono::nanoseconds(f.clock.now().time_since_epoch()).count();
        EXPECT_NEAR(f.shares()[1], 0.1 / 2.1, 0.01) << "a tenth at first";
        f.clock.advance(50s);
        EXPECT_NEAR(f.shares()[1], 0.5 / 2.5, 0.01);
        f.state.endpoints[0]->active = algorithm == Algorithm::least_request ? 3 : 0;
        EXPECT_NEAR(f.shares()[0], algorithm == Algorithm::least_request ? 0.25 / 1.75 : 1.0 / 2.5,
                    0.01)
            << "of least request the busy one gets less, too";
        f.state.endpoints[0]->active = 0;
        f.clock.advance(50s);
        EXPECT_NEAR(f.shares()[1], 1.0 / 3, 0.02);
    }
}

TEST(CircuitTest, AGaugeLetsInUpToItsLimit) {
    Gauge gauge;
    {
        auto a = gauge.enter(2), b = gauge.enter(2);
        EXPECT_TRUE(a && b);
        EXPECT_FALSE(gauge.enter(2));
        EXPECT_TRUE(gauge.enter());
        auto moved = std::move(a);
        a.leave();
        EXPECT_EQ(gauge.count(), 2u);
    }
    EXPECT_EQ(gauge.count(), 0u);
    EXPECT_FALSE(gauge.enter(0));
}

}  // namespace
}  // namespace weir::balance
