#include "base/timestamp.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Timestamp, Rfc3339) {
    const struct {
        std::string_view text;
        int64_t seconds;
        int32_t nanos;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0, 0},
        {"2024-02-29T23:59:59Z", 1709251199, 0},
        {"2024-01-01T01:00:00.5+01:00", 1704067200, 500'000'000},
        {"2023-12-31T19:00:00.1234567899-05:00", 1704067200, 123'456'789},
        {"2016-12-31 23:59:60z", 1483228800, 0},  // a leap second
        {"1969-12-31t23:59:59.25Z", -1, 250'000'000},
    };
    for (const auto& [text, seconds, nanos] : cases) {
        const auto moment = parse_rfc3339(text);
        ASSERT_TRUE(moment) << text;
        EXPECT_EQ(moment->seconds, seconds) << text;
        EXPECT_EQ(moment->nanos, nanos) << text;
    }
    for (std::string_view wrong :
         {"", "2024", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01T00:00:00Zx",
          "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z",
          "2024-01-00T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z",
          "2024-01-01T00:00:61Z", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00+24:00",
          "2024-01-01T00:00:00+01:60", "2024-01-01T00:00:00+0100", "+024-01-01T00:00:00Z",
          "2024-1-01T00:00:00Z", "2024-01-01T-1:00:00Z"})
        EXPECT_FALSE(parse_rfc3339(wrong)) << wrong;
}

TEST(Timestamp, HttpDate) {
    EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
    for (std::string_view wrong :
         {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
          "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 nov 1994 08:49:37 GMT",
          "Sun, 06 ovD 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
          "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, -6 Nov 1994 08:49:37 GMT"})
        EXPECT_FALSE(parse_http_date(wrong)) << wrong;
}

TEST(Timestamp, Digits) {
    std::string_view text = "2026x";
    EXPECT_EQ(take_digits(text, 2), 20);
    EXPECT_EQ(take_digits(text, 3), std::nullopt);
    EXPECT_EQ(text, "26x");
}

}  // namespace
}  // namespace weir
