#include "net/tls_server.h"

#include <gtest/gtest.h>

#include "net/test_tls.h"

namespace weir::net {
namespace {

TEST(TlsServerTest, TheMostSpecificHostIsChosen) {
    std::vector<std::string> hosts = {"", "*.example.com", "*.eu.example.com", "a.eu.example.com"};
    for (auto [name, expected] :
         {std::pair("a.eu.example.com", 3), std::pair("b.eu.example.com", 2),
          std::pair("b.c.eu.example.com", 2), std::pair("us.example.com", 1),
          std::pair("example.com", 0), std::pair("", 0)})
        EXPECT_EQ(choose_host(hosts, name), expected) << name;
    EXPECT_EQ(choose_host({"a.test"}, "b.test"), -1);
    EXPECT_EQ(choose_host({"a.test"}, ""), -1);
}

TEST(TlsServerTest, AWildcardInACertificateCoversOneLabel) {
    EXPECT_TRUE(certificate_covers("*.b.test", "x.b.test"));
    EXPECT_FALSE(certificate_covers("*.b.test", "x.y.b.test"));
    EXPECT_FALSE(certificate_covers("*.b.test", "b.test"));
    EXPECT_FALSE(certificate_covers("*.b.test", ".b.test"));
    EXPECT_TRUE(certificate_covers("a.test", "a.test"));
}

TEST(TicketKeysTest, AKeyMakesForHalfADayAndReadsForAWhole) {
    TicketKeys keys;
    auto start = std::chrono::steady_clock::now();
    TicketKeys::Key first = keys.current(start), found;
    bool renew = true;
    ASSERT_TRUE(keys.find(first.name.data(), start, found, renew));
    EXPECT_FALSE(renew);
    EXPECT_EQ(found.cipher, first.cipher);
    auto later = start + std::chrono::hours(13);
    EXPECT_NE(keys.current(later).name, first.name);
    ASSERT_TRUE(keys.find(first.name.data(), later, found, renew));
    EXPECT_TRUE(renew);
    EXPECT_FALSE(keys.find(first.name.data(), start + std::chrono::hours(26), found, renew));
}

TEST(TicketKeysTest, AfterALongSleepNoOldKeyReads) {
    TicketKeys keys;
    auto start = std::chrono::steady_clock::now();
    TicketKeys::Key first = keys.current(start), found;
    bool renew = false;
    EXPECT_FALSE(keys.find(first.name.data(), start + std::chrono::hours(100), found, renew));
}

}  // namespace
}  // namespace weir::net
