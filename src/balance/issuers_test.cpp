#include "balance/issuers.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::balance {
namespace {

TEST(IssuersTest, RemembersWhoIssuedWhat) {
    Issuers issuers;
    EXPECT_TRUE(issuers.empty());
    EXPECT_FALSE(issuers.find(hash_of("item")));
    issuers.remember(hash_of("item"), Issuers::name_of("default/one"));
    issuers.remember(hash_of("other"), Issuers::name_of("default/two"));
    EXPECT_EQ(issuers.find(hash_of("item")), Issuers::name_of("default/one"));
    EXPECT_EQ(issuers.find(hash_of("other")), Issuers::name_of("default/two"));
    issuers.remember(hash_of("item"), Issuers::name_of("default/two"));
    EXPECT_EQ(issuers.find(hash_of("item")), Issuers::name_of("default/two"));
    EXPECT_FALSE(issuers.find(hash_of("nobody's")));
}

TEST(IssuersTest, IsBoundedAndKeepsTheNewest) {
    Issuers issuers;
    for (int i = 0; i < 100'000; ++i)
        issuers.remember(hash_of("item " + std::to_string(i)), 7);
    EXPECT_EQ(issuers.find(hash_of("item 99999")), 7);
    int kept = 0;
    for (int i = 0; i < 100'000; ++i)
        kept += issuers.find(hash_of("item " + std::to_string(i))).has_value();
    EXPECT_LE(kept, static_cast<int>(Issuers::kPlaces));
    EXPECT_GE(kept, static_cast<int>(Issuers::kPlaces) / 2);
}

}  // namespace
}  // namespace weir::balance
