#include <gtest/gtest.h>

#include <set>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/secret.h"

namespace weir {
namespace {

TEST(ErrorTest, CodesHaveUniqueNamesAndSaneStatus) {
    std::set<std::string_view> names;
    for (const Code* code : kAllCodes) {
        EXPECT_TRUE(names.insert(code->name).second) << code->name;
        EXPECT_GE(code->status, 400) << code->name;
        EXPECT_LT(code->status, 600) << code->name;
    }
}

Result<int> half(int x) {
    if (x % 2) return fail(codes::body_invalid, "odd");
    return x / 2;
}
Result<int> quarter(int x) {
    WEIR_TRY(int h, half(x));
    return half(h);
}

TEST(ErrorTest, TryReturnsTheFirstError) {
    EXPECT_EQ(*quarter(8), 2);
    ASSERT_FALSE(quarter(6));
    EXPECT_EQ(quarter(6).error().to_string(), "body.invalid: odd");
}

TEST(SecretTest, MoveLeavesNothingBehind) {
    Secret a("k");
    Secret b(std::move(a));
    EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
    EXPECT_EQ(b.reveal(), "k");
    EXPECT_FALSE(fmt::is_formattable<Secret>::value);
}

TEST(EncodingTest, Base64RoundTrip) {
    for (std::string_view text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"})
        EXPECT_EQ(base64_decode(base64_encode(text)), text);
    EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
    EXPECT_EQ(base64_encode("fo"), "Zm8=");
    EXPECT_EQ(base64_decode("Zm8"), "fo");
    EXPECT_EQ(base64_decode("Zm8$"), std::nullopt);
    EXPECT_EQ(base64_decode("Z"), std::nullopt);
}

TEST(EncodingTest, PercentRoundTrip) {
    EXPECT_EQ(percent_encode("arn:aws/x y"), "arn%3Aaws%2Fx%20y");
    EXPECT_EQ(percent_encode("a/b", "/"), "a/b");
    EXPECT_EQ(percent_decode("arn%3Aaws%2fx"), "arn:aws/x");
    EXPECT_EQ(percent_decode("%4"), std::nullopt);
    EXPECT_EQ(hex_encode("\x01\xff"), "01ff");
}

TEST(AsciiTest, FoldAndTrim) {
    EXPECT_TRUE(iequals("Content-Type", "content-type"));
    EXPECT_FALSE(iequals("a", "ab"));
    EXPECT_EQ(trim(" \ta b\t "), "a b");
    EXPECT_EQ(trim("  "), "");
}

TEST(FakeClockTest, AdvancesBothClocks) {
    FakeClock clock;
    auto before = clock.system_now();
    clock.advance(std::chrono::seconds(3));
    EXPECT_EQ(clock.system_now() - before, std::chrono::seconds(3));
}

}  // namespace
}  // namespace weir
