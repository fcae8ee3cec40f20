#include "proxy/client_address.h"

#include <gtest/gtest.h>

namespace weir::proxy {
namespace {

std::string detect(const config::AddressDetection& rules, std::string_view forwarded,
                   std::string_view peer = "10.0.0.1:5000") {
    http::Headers headers;
    if (!forwarded.empty()) headers.add("X-Forwarded-For", forwarded);
    return forwarded_address(rules, peer, headers).value_or("own");
}

TEST(ClientAddressTest, HopsAreCountedFromTheRight) {
    config::AddressDetection rules;
    rules.trusted_hops = 2;
    EXPECT_EQ(detect(rules, "192.0.2.1, 192.0.2.2, 192.0.2.3"), "192.0.2.2:0");
    EXPECT_EQ(detect(rules, "192.0.2.1:99,[2001:db8::1]:80"), "192.0.2.1:0");
    EXPECT_EQ(detect(rules, "192.0.2.3"), "own");
    EXPECT_EQ(detect(rules, "nonsense, 192.0.2.3"), "own");
    EXPECT_EQ(detect(rules, ""), "own");
}

TEST(ClientAddressTest, TheFirstOutsideTheTrustedRangesIsTheClient) {
    config::AddressDetection rules;
    rules.trusted = {*config::parse_cidr("10.0.0.0/8"), *config::parse_cidr("2001:db8::/33")};
    EXPECT_EQ(detect(rules, "192.0.2.1, 10.1.1.1"), "192.0.2.1:0");
    EXPECT_EQ(detect(rules, "192.0.2.1, 11.1.1.1, 10.1.1.1"), "11.1.1.1:0");
    EXPECT_EQ(detect(rules, "10.2.2.2, 10.1.1.1"), "10.2.2.2:0") << "all are trusted: the farthest";
    EXPECT_EQ(detect(rules, "192.0.2.1", "11.0.0.1:5000"), "own") << "who says so is not trusted";
    EXPECT_EQ(detect(rules, "192.0.2.1", "[::ffff:10.0.0.1]:5000"), "192.0.2.1:0");
    EXPECT_EQ(detect(rules, "2001:db8:8000::1", "[2001:db8::1]:5000"), "[2001:db8:8000::1]:0");
    EXPECT_EQ(detect(rules, "192.0.2.1, what, 10.1.1.1"), "10.1.1.1:0");
}

TEST(ClientAddressTest, ASiteOfIpv6IsOneCaller) {
    EXPECT_EQ(caller_of("192.0.2.1:5000"), caller_of("192.0.2.1:6000"));
    EXPECT_EQ(caller_of("192.0.2.1:5000"), caller_of("[::ffff:192.0.2.1]:1"));
    EXPECT_NE(caller_of("192.0.2.1:5000"), caller_of("192.0.2.2:5000"));
    EXPECT_EQ(caller_of("[2001:db8:0:1::1]:1"), caller_of("[2001:db8:0:1:ffff::2]:2"));
    EXPECT_NE(caller_of("[2001:db8:0:1::1]:1"), caller_of("[2001:db8:0:2::1]:1"));
    EXPECT_EQ(caller_of("unix"), "unix");
}

}  // namespace
}  // namespace weir::proxy
