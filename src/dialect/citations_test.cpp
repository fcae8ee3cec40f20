#include "dialect/citations.h"

#include <gtest/gtest.h>

#include "dialect/stream.h"
#include "dialect/test_support.h"
#include "dialect/web_search.h"

namespace weir::dialect {
namespace {

Citation cited(int64_t begin, int64_t end, std::string title) {
    Citation out{.title = std::move(title)};
    out.begin = begin;
    out.end = end;
    return out;
}

std::string shown(const Text& text) {
    std::string out;
    for (const Stretch& stretch : stretches(text)) {
        out.append("[").append(stretch.text);
        for (const Citation* citation : stretch.citations)
            out.append("|").append(citation->title);
        out.append("]");
    }
    return out;
}

TEST(CitationsTest, CharactersAreCodePoints) {
    EXPECT_EQ(count_characters("Zürich 東京 😀"), 11);
    EXPECT_EQ(byte_of_character("ü東😀x", 0), 0u);
    EXPECT_EQ(byte_of_character("ü東😀x", 2), 5u);
    EXPECT_EQ(byte_of_character("ü東😀x", 3), 9u);
    EXPECT_EQ(byte_of_character("ü東😀x", 9), 10u);
}

TEST(CitationsTest, ATextIsCutWhereItsSourcesChange) {
    EXPECT_EQ(shown({"öbcdef", {}}), "[öbcdef]");
    EXPECT_EQ(shown({"öbcdef", {cited(-1, -1, "A")}}), "[öbcdef|A]");
    EXPECT_EQ(shown({"öbcdef", {cited(4, 6, "B"), cited(0, 2, "A")}}), "[öb|A][cd][ef|B]");
    EXPECT_EQ(shown({"öbcdef", {cited(1, 3, "A"), cited(1, 3, "B")}}), "[ö][bc|A|B][def]");
    // What overlaps is one stretch.
    EXPECT_EQ(shown({"öbcdef", {cited(0, 3, "A"), cited(2, 5, "B"), cited(5, 6, "C")}}),
              "[öbcde|A|B][f|C]");
    // White space alone is no block of text to Anthropic.
    EXPECT_EQ(shown({" ab  cd\n", {cited(1, 3, "A"), cited(5, 7, "B")}}), "[ ab  |A][cd\n|B]");
    EXPECT_EQ(shown({"  ", {}}), "[  ]");
    // Places that no text has are cut to it.
    EXPECT_EQ(shown({"öb", {cited(1, 99, "A"), cited(50, 60, "B")}}), "[ö][b|A|B]");
    EXPECT_EQ(shown({"öb", {cited(1, 0, "A")}}), "[ö][|A][b]");
    EXPECT_EQ(shown({"", {cited(0, 5, "A")}}), "[|A]");
}

TEST(CitationsTest, PlacesInAPartBecomePlacesInTheWholeAndBack) {
    SaidText said(true);
    said.say(3, "Zü");
    said.say(3, "rich");
    said.say(5, "東京😀!");
    const Citation place = cited(1, 3, "A");
    const auto characters = said.characters(5, place);
    ASSERT_TRUE(characters);
    EXPECT_EQ(characters->begin, 7);
    EXPECT_EQ(characters->end, 9);
    const auto bytes = said.bytes(5, place);
    ASSERT_TRUE(bytes);
    EXPECT_EQ(bytes->begin, 10);
    EXPECT_EQ(bytes->end, 17);
    const auto back = said.find_bytes(*bytes);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->part, 5);
    EXPECT_EQ(back->characters.begin, 1);
    EXPECT_EQ(back->characters.end, 3);
    EXPECT_EQ(said.begin_byte(5), 7);
    EXPECT_FALSE(said.characters(4, place));
    EXPECT_EQ(said.characters(3, cited(-1, -1, ""))->end, 6);
    EXPECT_FALSE(SaidText().find_characters({0, 1}));
    // A byte in the middle of a character is that character's.
    EXPECT_EQ(said.find_bytes({2, 8})->characters.begin, 1);
}

// Every byte of a text leads to the character it belongs to.
TEST(CitationsTest, EveryByteHasItsCharacter) {
    const std::string text = "aü東😀b😀ü東東c";
    SaidText said(true);
    said.say(0, text);
    int64_t character = -1;
    for (size_t i = 0; i < text.size(); ++i) {
        if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) {
            ++character;
            EXPECT_EQ(said.bytes(0, cited(character, character, ""))->begin,
                      static_cast<int64_t>(i));
        }
        const auto byte = static_cast<int64_t>(i);
        EXPECT_EQ(said.find_bytes({byte, byte})->characters.begin, character) << i;
    }
}

// What a client's dialect has no word for is told by name, once.
TEST(StreamLossesTest, AreListed) {
    const auto lost = [](Dialect client, Schema schema, std::string_view file) {
        StreamTranslator stream(
            {.operation = client == Dialect::anthropic ? Operation::messages : Operation::chat,
             .dialect = client,
             .schema = schema,
             .model = "m"});
        std::string bytes = test::read_file(test::testdata() / "streams" / std::string(file));
        if (schema == Schema::AWSBedrock) bytes = test::frames(bytes);
        std::string out;
        EXPECT_TRUE(stream.feed(bytes, out) && stream.finish(out));
        std::string all;
        for (const auto& pointer : stream.dropped())
            all.append(all.empty() ? "" : " ").append(pointer);
        return all;
    };
    EXPECT_EQ(lost(Dialect::openai, Schema::Anthropic, "cited.anthropic.sse"),
              "/content/0 /content/1 /citations");
    EXPECT_EQ(lost(Dialect::gemini, Schema::Anthropic, "cited.anthropic.sse"),
              "/content/0 /content/1");
    EXPECT_EQ(lost(Dialect::anthropic, Schema::Gemini, "cited.gemini.sse"),
              "/candidates/0/content/parts /candidates/0/safetyRatings");
    EXPECT_EQ(lost(Dialect::openai, Schema::Gemini, "cited.gemini.sse"),
              "/candidates/0/content/parts");
    EXPECT_EQ(lost(Dialect::cohere, Schema::AWSBedrock, "cited.bedrock.events"),
              "/output/message/content/0 /output/message/content/1");
    EXPECT_EQ(lost(Dialect::cohere, Schema::OpenAI, "cited.openai.sse"),
              "/choices/0/message/annotations");
    EXPECT_EQ(lost(Dialect::anthropic, Schema::Anthropic, "cited.anthropic.sse"), "");
}

TEST(WebSearchTest, SaysWhatEachSideKnows) {
    Tool tool{.index = 1};
    tool.foreign = test::parse(
        R"({"type":"web_search_20250305","name":"web_search","max_uses":3,"allowed_domains":["a.example"],)"
        R"("user_location":{"type":"approximate","city":"Bern","country":"CH"},"defer_loading":true})");
    const auto search = web_search_of(tool);
    ASSERT_TRUE(search);
    Dropped dropped;
    EXPECT_EQ(
        json::serialize(openai_search(*search, dropped)),
        R"({"user_location":{"type":"approximate","approximate":{"city":"Bern","country":"CH"}}})");
    EXPECT_EQ(dropped.take(),
              (std::vector<std::string>{"/tools/1/max_uses", "/tools/1/allowed_domains",
                                        "/tools/1/defer_loading"}));
    Dropped none;
    EXPECT_EQ(
        json::serialize(anthropic_search(*search, none)),
        R"({"type":"web_search_20250305","name":"web_search","max_uses":3,"allowed_domains":["a.example"],)"
        R"("user_location":{"type":"approximate","city":"Bern","country":"CH"}})");
    EXPECT_EQ(none.take(), std::vector<std::string>{"/tools/1/defer_loading"});
    Tool function{.name = "f"};
    EXPECT_FALSE(web_search_of(function));
}

}  // namespace
}  // namespace weir::dialect
