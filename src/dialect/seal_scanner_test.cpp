#include "dialect/seal_scanner.h"

#include <gtest/gtest.h>

#include <vector>

namespace weir::dialect {
namespace {

std::vector<uint64_t> seals(std::string_view text, size_t step = SIZE_MAX) {
    SealScanner scanner;
    std::vector<uint64_t> out;
    for (size_t i = 0; i < text.size(); i += std::min(step, text.size()))
        scanner.feed(text.substr(i, step), [&](uint64_t seal) { out.push_back(seal); });
    return out;
}

constexpr std::string_view kSeal = "EqQBCkYIBxgCKkBabcdef0123+/=";

TEST(SealScannerTest, TheSameSealInAnyDialectAndSplit) {
    std::string value(kSeal);
    std::string texts[] = {
        R"({"content":[{"type":"thinking","thinking":"\"signature\" x","signature":")" + value +
            R"("}]})",
        "event: content_block_delta\ndata: {\"delta\":{\"type\":\"signature_delta\",\"signature\": "
        "\"" +
            value + "\"}}\n\n",
        R"({"output":[{"type":"reasoning","encrypted_content":")" + value + R"("}]})",
        R"({"parts":[{"thoughtSignature" : ")" + value + R"("}]})",
        R"({"signature":"EqQBCkYIBxgCKkBabcdef0123+\/="})",
    };
    auto expected = seals(texts[0]);
    ASSERT_EQ(expected.size(), 1u);
    for (const auto& text : texts)
        for (size_t step : {size_t{1}, size_t{3}, size_t{17}, SIZE_MAX})
            EXPECT_EQ(seals(text, step), expected) << text << " in steps of " << step;
}

TEST(SealScannerTest, WhatIsNone) {
    for (std::string_view text :
         {R"({"signature":"short"})", R"({"signature":null,"x":"0123456789abcdef0123"})",
          R"({"text":"\"signature\":\"0123456789abcdef0123\""})",
          R"({"my_signature":"0123456789abcdef0123"})", R"({"x":"signature"})", ""})
        EXPECT_TRUE(seals(text).empty()) << text;
}

}  // namespace
}  // namespace weir::dialect
