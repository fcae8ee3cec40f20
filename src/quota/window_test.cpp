#include "quota/window.h"

#include <gtest/gtest.h>

#include "quota/key.h"

namespace weir::quota {
namespace {

Time at(int64_t seconds) {
    return Time(std::chrono::seconds(seconds));
}

TEST(WindowTest, FixedWindowsAreAlignedAsEnvoysRateLimitService) {
    struct Row {
        Unit unit;
        int64_t now, start, length;
    } rows[] = {
        {Unit::second, 1'700'000'001, 1'700'000'001, 1},
        {Unit::minute, 1'700'000'001, 1'699'999'980, 60},
        {Unit::hour, 1'700'000'001, 1'699'999'200, 3'600},
        {Unit::day, 1'700'000'001, 1'699'920'000, 86'400},
        {Unit::month, 1'700'000'001, 1'697'760'000, 2'592'000},
        {Unit::year, 1'700'000'001, 1'671'408'000, 31'536'000},
    };
    for (const auto& row : rows) {
        Window window{row.unit, Window::Kind::fixed};
        EXPECT_EQ(length(row.unit).count(), row.length) << to_string(row.unit);
        EXPECT_EQ(window.start(window.number(at(row.now))), at(row.start)) << to_string(row.unit);
    }
}

TEST(WindowTest, SlidingStepsAreAnEighth) {
    Window window{Unit::second, Window::Kind::sliding};
    EXPECT_EQ(window.step(), Milliseconds(125));
}

TEST(WindowTest, UnitsHaveNames) {
    for (auto unit : {Unit::second, Unit::minute, Unit::hour, Unit::day, Unit::month, Unit::year})
        EXPECT_EQ(unit_from_string(to_string(unit)), unit);
    EXPECT_EQ(unit_from_string("fortnight"), std::nullopt);
}

/// The reference implementation's vectors for SipHash-2-4-128 (key 00 01 … 0f, input 00 01 …).
TEST(KeyTest, IsSipHashOf128Bits) {
    KeyHasher hasher(0x0706050403020100, 0x0f0e0d0c0b0a0908);
    Key empty = hasher.of("");
    EXPECT_EQ(empty.low, 0xe6a825ba047f81a3u);
    EXPECT_EQ(empty.high, 0x930255c71472f66du);
    Key one = hasher.of(std::string_view("\0", 1));
    EXPECT_EQ(one.low, 0x44af996bd8c187dau);
    EXPECT_EQ(one.high, 0x45fc229b11597634u);
}

TEST(KeyTest, DependsOnTheSecretAndTheOrder) {
    KeyHasher a(1, 2), b(1, 3);
    EXPECT_NE(a.of("user-1"), b.of("user-1"));
    EXPECT_NE(a.of("user-1"), a.of("user-2"));
    EXPECT_NE(a.combined(a.of("x"), a.of("y")), a.combined(a.of("y"), a.of("x")));
}

}  // namespace
}  // namespace weir::quota
