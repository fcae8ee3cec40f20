#include "config/text.h"

#include <gtest/gtest.h>

namespace weir::config {
namespace {

using namespace std::chrono_literals;

TEST(TextTest, DurationsAreThoseOfGatewayApi) {
    EXPECT_EQ(parse_duration("1h30m5s10ms"), 5405010ms);
    EXPECT_EQ(parse_duration("0s"), 0ms);
    EXPECT_EQ(parse_duration("99999h"), 99999h);
    EXPECT_EQ(parse_duration("1s1s"), 2s);
    for (const char* wrong :
         {"", "10", "1.5s", "-1s", "100000s", "1d", "s", "1s2s3s4s5s", "1 s", "1S"})
        EXPECT_EQ(parse_duration(wrong), std::nullopt) << wrong;
}

TEST(TextTest, QuantitiesAreWholeBytes) {
    EXPECT_EQ(parse_quantity("50Mi"), 50u << 20);
    EXPECT_EQ(parse_quantity("1G"), 1'000'000'000u);
    EXPECT_EQ(parse_quantity("1024"), 1024u);
    for (const char* wrong : {"", "1.5Gi", "-1", "10MB", "9999999999Ti", "Mi"})
        EXPECT_EQ(parse_quantity(wrong), std::nullopt) << wrong;
}

TEST(TextTest, TimesAreRfc3339) {
    EXPECT_EQ(parse_time("2024-01-01T00:00:00Z"), 1704067200);
    EXPECT_EQ(parse_time("2024-01-01T01:00:00.5+01:00"), 1704067200);
    for (const char* wrong :
         {"", "2024-01-01", "2024-13-01T00:00:00Z", "2024-02-30T00:00:00Z", "2024-01-01T00:00:00",
          "2024-01-01T25:00:00Z", "2024-01-01T00:00:00.Z"})
        EXPECT_EQ(parse_time(wrong), std::nullopt) << wrong;
}

TEST(TextTest, SuggestsTheNearestName) {
    std::vector<std::string> known = {"backendRefs", "matches", "timeouts"};
    EXPECT_EQ(suggest("backendRef", known), "; did you mean \"backendRefs\"?");
    EXPECT_EQ(suggest("Matches", known), "; did you mean \"matches\"?");
    EXPECT_EQ(suggest("filters", known), "; known: backendRefs, matches, timeouts");
    EXPECT_EQ(suggest("x", {}), "");
}

TEST(TextTest, QuotedTextIsShortAndPrintable) {
    EXPECT_EQ(quote("a\nb"), "\"a?b\"");
    EXPECT_LT(quote(std::string(1000, 'x')).size(), 120u);
}

}  // namespace
}  // namespace weir::config
