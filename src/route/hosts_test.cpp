#include "route/hosts.h"

#include <gtest/gtest.h>

namespace weir::route {
namespace {

TEST(HostsTest, NameOfAnAuthority) {
    std::string buffer;
    EXPECT_EQ(host_name("api.example.com:8080", buffer), "api.example.com");
    EXPECT_EQ(host_name("API.Example.com.", buffer), "api.example.com");
    EXPECT_EQ(host_name("[::1]:80", buffer), "[::1]");
    EXPECT_EQ(host_name("[::1", buffer), "[::1");
    EXPECT_EQ(host_name("", buffer), "");
    EXPECT_EQ(host_name("host:", buffer), "host");
}

TEST(HostsTest, Matching) {
    EXPECT_TRUE(host_matches("", "x"));
    EXPECT_TRUE(host_matches("A.b", "a.b"));
    EXPECT_TRUE(host_matches("*.b.c", "a.b.c"));
    EXPECT_TRUE(host_matches("*.b.c", "x.a.b.c"));
    EXPECT_FALSE(host_matches("*.b.c", "b.c"));
    EXPECT_FALSE(host_matches("*.b.c", ".b.c"));
    EXPECT_FALSE(host_matches("*.b.c", "ab.c"));
}

TEST(HostsTest, WhatListenerAndRouteShare) {
    using Names = std::vector<std::string>;
    EXPECT_EQ(effective_hostnames("", {}), Names{""});
    EXPECT_EQ(effective_hostnames("a.b", {}), Names{"a.b"});
    EXPECT_EQ(effective_hostnames("", {"a.b", "*.c"}), (Names{"a.b", "*.c"}));
    EXPECT_EQ(effective_hostnames("*.b", {"a.b", "a.c", "*.x.b", "*.b", "b"}),
              (Names{"a.b", "*.x.b", "*.b"}));
    EXPECT_EQ(effective_hostnames("a.b", {"*.b", "A.b"}), Names{"a.b"});
    EXPECT_EQ(effective_hostnames("*.x.b", {"*.b"}), Names{"*.x.b"});
    EXPECT_EQ(effective_hostnames("a.b", {"c.d"}), std::nullopt);
}

}  // namespace
}  // namespace weir::route
