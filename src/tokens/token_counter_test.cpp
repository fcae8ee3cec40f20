// Counts equal the reference's (testdata/counts.json, written by tools/token_goldens.mjs).
#include "tokens/token_counter.h"

#include <random>

#include "tokens/splitter.h"
#include "tokens/test_support.h"
#include "tokens/vocabulary_data.h"

namespace weir::tokens {
namespace {

using test::loaded;

const Vocabulary& cl100k() {
    return *loaded().find(Encoding::cl100k_base);
}
const Vocabulary& o200k() {
    return *loaded().find(Encoding::o200k_base);
}

TEST(TokenCounter, CountsAsTheReferenceDoes) {
    const auto rows = json::parse(test::read_file(test::testdata() / "counts.json"));
    ASSERT_TRUE(rows) << rows.error().to_string();
    ASSERT_GT(rows->items().size(), 2000U);
    TokenCounter counter;
    int wrong = 0;
    for (const json::Value& row : rows->items()) {
        const std::string_view text = row.items()[0].text();
        const auto old_count = counter.count(cl100k(), text), count = counter.count(o200k(), text);
        EXPECT_TRUE(count.exact);
        EXPECT_EQ(old_count.tokens, row.items()[1].as_int()) << "cl100k: " << text.substr(0, 100);
        EXPECT_EQ(count.tokens, row.items()[2].as_int()) << "o200k: " << text.substr(0, 100);
        wrong += HasFailure();
        if (wrong > 20) break;
    }
}

/// What BPE is defined as, without any cleverness: the reference for `merge`.
int64_t merge_by_definition(const Vocabulary& words, std::string_view piece) {
    std::vector<uint32_t> parts;
    for (char c : piece)
        parts.push_back(words.of_byte(c));
    for (;;) {
        uint32_t lowest = Vocabulary::kNone;
        size_t at = 0;
        for (size_t i = 0; i + 1 < parts.size(); ++i)
            if (const uint32_t merged = words.merge(parts[i], parts[i + 1]); merged < lowest) {
                lowest = merged;
                at = i;
            }
        if (lowest == Vocabulary::kNone) return static_cast<int64_t>(parts.size());
        parts[at] = lowest;
        parts.erase(parts.begin() + static_cast<ptrdiff_t>(at) + 1);
    }
}

TEST(TokenCounter, LongAndShortPiecesMergeAlike) {
    std::mt19937 random(7);
    TokenCounter counter;
    const std::string_view alphabets[] = {"ab", "the quickbrownfox", "=-",
                                          "\xE4\xB8\xAD\xE6\x96\x87"};
    for (int round = 0; round < 400; ++round) {
        const std::string_view alphabet = alphabets[round % 4];
        std::string piece;
        const size_t size = 2 + random() % 200;
        while (piece.size() < size)
            piece += alphabet[random() % alphabet.size()];
        ASSERT_EQ(counter.merge(o200k(), piece), merge_by_definition(o200k(), piece)) << piece;
        ASSERT_EQ(counter.merge(cl100k(), piece), merge_by_definition(cl100k(), piece)) << piece;
    }
}

TEST(TokenCounter, AVeryLongWordIsScaled) {
    TokenCounter counter;
    const auto whole = counter.count(o200k(), std::string(TokenCounter::kLongestPiece, 'a'));
    EXPECT_TRUE(whole.exact);
    const auto scaled = counter.count(o200k(), std::string(16 * TokenCounter::kLongestPiece, 'a'));
    EXPECT_FALSE(scaled.exact);
    EXPECT_EQ(scaled.tokens, 16 * whole.tokens);
}

TEST(TokenCounter, SpecialTokensAreText) {
    TokenCounter counter;
    EXPECT_GT(counter.count(o200k(), "<|endoftext|>").tokens, 1);
}

TEST(Splitter, PiecesCoverAnyBytes) {
    std::mt19937 random(11);
    for (int round = 0; round < 2000; ++round) {
        std::string text(1 + random() % 40, '\0');
        for (char& c : text)
            c = static_cast<char>(random());
        for (const auto next : {next_piece_cl100k, next_piece_o200k}) {
            const char* end = text.data() + text.size();
            for (const char* p = text.data(); p != end;) {
                const char* behind = next(p, end);
                ASSERT_GT(behind, p);
                ASSERT_LE(behind, end);
                p = behind;
            }
        }
    }
}

TEST(Vocabulary, HasAllTokensOfItsEncoding) {
    EXPECT_EQ(cl100k().tokens(), 100256U);
    EXPECT_EQ(o200k().tokens(), 199998U);
    EXPECT_LT(o200k().memory(), 7'000'000U);
    const std::string_view text = " hello";
    EXPECT_TRUE(o200k().is_token(text.data(), text.data() + 6, text.data() + 6));
    const std::string_view nonsense = "qzxjq";
    EXPECT_FALSE(o200k().is_token(nonsense.data(), nonsense.data() + 5, nonsense.data() + 5));
}

TEST(Vocabulary, DamagedDataIsRefused) {
    const std::string_view packed = packed_vocabulary(Encoding::cl100k_base);
    EXPECT_FALSE(Vocabulary::load(Encoding::cl100k_base, {}));
    EXPECT_FALSE(Vocabulary::load(Encoding::cl100k_base, packed.substr(0, packed.size() / 2)));
    std::string flipped(packed);
    flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 1);
    const auto refused = Vocabulary::load(Encoding::cl100k_base, flipped);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().detail().find("cl100k_base"), std::string::npos);
}

TEST(Vocabularies, LoadOnceAndOnlyWhatIsAskedFor) {
    Vocabularies all;
    EXPECT_EQ(all.find(Encoding::o200k_base), nullptr);
    EXPECT_TRUE(all.prepare(Encoding::none));
    EXPECT_TRUE(all.prepare(Encoding::cl100k_base));
    const Vocabulary* first = all.find(Encoding::cl100k_base);
    ASSERT_NE(first, nullptr);
    EXPECT_TRUE(all.prepare(Encoding::cl100k_base));
    EXPECT_EQ(all.find(Encoding::cl100k_base), first);
    EXPECT_EQ(all.find(Encoding::none), nullptr);
    EXPECT_EQ(all.find(Encoding::o200k_base), nullptr);
}

}  // namespace
}  // namespace weir::tokens
