#include "balance/hash.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::balance {
namespace {

constexpr uint64_t kKeys = 20000;

struct Weighted {
    uint64_t id;
    double weight;
};

size_t owner(const std::vector<Weighted>& endpoints, uint64_t key, size_t without = SIZE_MAX) {
    size_t best = SIZE_MAX;
    double lowest = INFINITY;
    for (size_t i = 0; i < endpoints.size(); ++i) {
        if (i == without) continue;
        double score = rendezvous_score(endpoints[i].id, key, endpoints[i].weight);
        if (score < lowest) lowest = score, best = i;
    }
    return best;
}

std::vector<Weighted> endpoints(std::vector<double> weights) {
    std::vector<Weighted> out;
    for (size_t i = 0; i < weights.size(); ++i)
        out.push_back({hash_of("default/backend/endpoint-" + std::to_string(i)), weights[i]});
    return out;
}

TEST(HashTest, OnlyTheKeysOfAnEndpointThatLeavesMove) {
    for (size_t n : {2, 3, 5, 10}) {
        auto all = endpoints(std::vector<double>(n, 1.0));
        for (size_t gone = 0; gone < n; ++gone) {
            uint64_t moved = 0;
            for (uint64_t key = 0; key < kKeys; ++key) {
                size_t before = owner(all, key);
                size_t after = owner(all, key, gone);
                ASSERT_TRUE(before == after || before == gone) << "a key moved for no reason";
                moved += before != after;
            }
            EXPECT_LE(static_cast<double>(moved), 1.1 * kKeys / static_cast<double>(n));
        }
    }
}

TEST(HashTest, KeysOfAnEndpointThatLeavesAreSharedOut) {
    auto all = endpoints({1, 1, 1, 1});
    std::vector<int> gained(4);
    for (uint64_t key = 0; key < kKeys; ++key)
        if (owner(all, key) == 2) ++gained[owner(all, key, 2)];
    for (size_t i : {0u, 1u, 3u})
        EXPECT_NEAR(gained[i], kKeys / 12.0, kKeys / 12.0 * 0.15);
}

TEST(HashTest, KeysFollowTheWeights) {
    auto all = endpoints({1, 2, 7});
    std::vector<int> seen(3);
    for (uint64_t key = 0; key < kKeys; ++key)
        ++seen[owner(all, hash_of("session-" + std::to_string(key)))];
    EXPECT_NEAR(seen[0], kKeys * 0.1, kKeys * 0.01);
    EXPECT_NEAR(seen[1], kKeys * 0.2, kKeys * 0.015);
    EXPECT_NEAR(seen[2], kKeys * 0.7, kKeys * 0.015);
}

TEST(HashTest, StableForEver) {
    EXPECT_EQ(hash_of(""), mixed(0xcbf29ce484222325ull));
    EXPECT_EQ(hash_of("session-1"), hash_of(std::string("session-") + "1"));
    EXPECT_NE(combined(hash_of("a"), hash_of("bc")), combined(hash_of("ab"), hash_of("c")));
    EXPECT_NE(combined(hash_of("a"), hash_of("b")), combined(hash_of("b"), hash_of("a")));
}

}  // namespace
}  // namespace weir::balance
