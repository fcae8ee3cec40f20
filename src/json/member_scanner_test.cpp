#include "json/member_scanner.h"

#include <gtest/gtest.h>

#include <array>

#include "json/conformance_test.h"
#include "json/peek.h"

namespace weir::json {
namespace {

constexpr std::array<std::string_view, 3> kKeys{"usage", "model", "id"};

struct Seen {
    std::vector<std::string> values;
    bool complete = false;
    bool malformed = false;
    bool operator==(const Seen&) const = default;
};

Seen scan(std::vector<std::string_view> chunks, size_t max_value = MemberScanner::kMaxValue) {
    MemberScanner scanner(kKeys, max_value);
    for (std::string_view chunk : chunks)
        scanner.feed(chunk);
    Seen seen{{}, scanner.complete(), scanner.malformed()};
    for (size_t i = 0; i < kKeys.size(); ++i)
        seen.values.emplace_back(scanner.too_long(i) ? "too long"
                                                     : scanner.captured(i).value_or("-"));
    return seen;
}

constexpr std::string_view kResponse =
    "\n{ \"i\\u0064\" : \"chat\\\"cmpl\\\\\", "
    "\"object\":\"x\",\"choices\":[{\"message\":{\"content\":"
    "\"a } ] { \\\" \\\\\",\"usage\":1}},{}] ,\"usage\": {\"prompt_tokens\":12, \"d\":[1,2]},"
    "\"model\":null,\"n\":1.5e3}\r\n";

TEST(MemberScannerTest, CapturesChosenMembers) {
    EXPECT_EQ(
        scan({kResponse}),
        (Seen{{"{\"prompt_tokens\":12, \"d\":[1,2]}", "null", "\"chat\\\"cmpl\\\\\""}, true}));
}

TEST(MemberScannerTest, AnySplitGivesTheSame) {
    const Seen whole = scan({kResponse});
    std::vector<std::string_view> bytes;
    for (size_t i = 0; i < kResponse.size(); ++i)
        bytes.push_back(kResponse.substr(i, 1));
    EXPECT_EQ(scan(bytes), whole);
    for (size_t a = 0; a <= kResponse.size(); ++a) {
        EXPECT_EQ(scan({kResponse.substr(0, a), kResponse.substr(a)}), whole) << a;
        for (size_t b = a; b <= kResponse.size(); b += 7)
            EXPECT_EQ(
                scan({kResponse.substr(0, a), kResponse.substr(a, b - a), kResponse.substr(b)}),
                whole);
    }
}

TEST(MemberScannerTest, ATruncatedDocumentIsNeverComplete) {
    for (size_t cut = 0; cut < kResponse.size() - 2; ++cut)
        EXPECT_FALSE(scan({kResponse.substr(0, cut)}).complete) << cut;
}

TEST(MemberScannerTest, Limits) {
    EXPECT_EQ(scan({R"({"usage":[1,2,3],"id":"1234"})"}, 6).values,
              (std::vector<std::string>{"too long", "-", "\"1234\""}));
    EXPECT_EQ(scan({R"({"id":"1","id":"2"})"}).values[2], "\"2\"");
    std::string long_name(100000, 'x');
    EXPECT_EQ(scan({"{\"" + long_name + "\":1,\"id\":2}"}).values[2], "2");
}

TEST(MemberScannerTest, RootsOtherThanObjects) {
    EXPECT_TRUE(scan({" [1,{\"usage\":2}] "}).complete);
    EXPECT_TRUE(scan({"\"a\\\"\""}).complete);
    EXPECT_FALSE(scan({"\"a\\\""}).complete);
    EXPECT_TRUE(scan({"12 "}).complete);
    EXPECT_FALSE(scan({""}).complete);
    EXPECT_TRUE(scan({"<html>"}).malformed);
    EXPECT_TRUE(scan({"{} {}"}).malformed);
    EXPECT_EQ(scan({"[]"}).values, (std::vector<std::string>{"-", "-", "-"}));
}

TEST(MemberScannerTest, InvalidEscapesInNamesAreHarmless) {
    for (std::string_view text : {R"({"\u00":1})", R"({"\ud800":1})", R"({"i\":1})", R"({"\x":1})"})
        EXPECT_EQ(scan({text}).values, (std::vector<std::string>{"-", "-", "-"}));
}

TEST(MemberScannerTest, ResetForgets) {
    MemberScanner scanner(kKeys);
    scanner.feed("{\"id\":1,\"usage\":{\"a");
    scanner.reset();
    scanner.feed("{\"model\":2}");
    EXPECT_TRUE(scanner.complete());
    EXPECT_EQ(scanner.captured(1), "2");
    EXPECT_EQ(scanner.captured(2), std::nullopt);
}

TEST(MemberScannerTest, AgreesWithPeekOnValidDocuments) {
    Peeker peeker;
    for (const auto& document : conformance_documents()) {
        auto peek = peeker.peek(document.text);
        if (!peek) continue;
        MemberScanner scanner(std::array<std::string_view, 1>{"a"});
        scanner.feed(document.text);
        scanner.feed("\n");
        EXPECT_TRUE(scanner.complete()) << document.name;
        const PeekMember* last = nullptr;
        for (const PeekMember& member : peek->members())
            if (member.is_named("a")) last = &member;
        EXPECT_EQ(scanner.captured(0), last ? std::optional(last->raw) : std::nullopt);
    }
}

}  // namespace
}  // namespace weir::json
