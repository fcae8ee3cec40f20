// Headers of attachments, and the published rules with the examples that the providers give.
#include "tokens/media.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "tokens/profile.h"
#include "tokens/text_shape.h"

namespace weir::tokens {
namespace {

using namespace std::string_literals;

MediaHeader read(const std::string& bytes) {
    return read_media_header(Base64Bytes(base64_encode(bytes)));
}

TEST(Base64Bytes, AreThoseOfTheDecodedText) {
    std::string bytes;
    for (int i = 0; i < 200; ++i) {
        bytes.push_back(static_cast<char>(i * 37));
        const std::string text = base64_encode(bytes);
        const Base64Bytes read(text);
        ASSERT_EQ(read.size(), bytes.size());
        for (size_t k = 0; k < bytes.size(); ++k)
            ASSERT_EQ(read.at(k), static_cast<unsigned char>(bytes[k]));
        ASSERT_EQ(read.at(bytes.size()), -1);
    }
    EXPECT_EQ(Base64Bytes("").size(), 0U);
    EXPECT_EQ(Base64Bytes("A").at(0), -1);
    EXPECT_EQ(Base64Bytes("!!!!").at(0), -1);
}

TEST(MediaHeader, SizesOfImages) {
    struct Row {
        const char* name;
        std::string bytes;
        uint32_t width, height;
    };
    const Row rows[] = {
        {"png", "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\x04\0\0\0\x03\0"s, 1024, 768},
        {"gif", "GIF89a\x20\x03\x58\x02"s, 800, 600},
        {"jpeg",
         "\xFF\xD8\xFF\xE0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xFF\xC2\0\x11\x08\x02\x58\x03\x20\x03"s,
         800, 600},
        {"jpeg with fill", "\xFF\xD8\xFF\xE1\0\x04zz\xFF\xFF\xC0\0\x11\x08\x02\x58\x03\x20\x03"s,
         800, 600},
        {"webp VP8", "RIFF....WEBPVP8 ....\0\0\0\x9D\x01\x2A\x20\x03\x58\x02"s, 800, 600},
        {"webp VP8L", "RIFF....WEBPVP8L....\x2F\x1F\xC3\x95\0"s, 800, 600},
        {"webp VP8X", "RIFF....WEBPVP8X....\0\0\0\0\x1F\x03\0\x57\x02\0"s, 800, 600},
        {"png cut off", "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0"s, 0, 0},
        {"jpeg cut off", "\xFF\xD8\xFF\xE0\0\x10JF"s, 0, 0},
        {"jpeg of no size", "\xFF\xD8\xFF\xC0\0\x11\x08\0\0\0\0\x03"s, 0, 0},
    };
    for (const Row& row : rows) {
        const MediaHeader header = read(row.bytes);
        EXPECT_EQ(header.kind, MediaKind::image) << row.name;
        EXPECT_EQ(header.width, row.width) << row.name;
        EXPECT_EQ(header.height, row.height) << row.name;
    }
}

TEST(MediaHeader, OtherKinds) {
    EXPECT_EQ(read("%PDF-1.7\n").kind, MediaKind::document);
    EXPECT_EQ(read("PK\x03\x04").kind, MediaKind::document);
    EXPECT_EQ(read("ID3\x03").kind, MediaKind::audio);
    EXPECT_EQ(read("OggS").kind, MediaKind::audio);
    EXPECT_EQ(read("\0\0\0\x20"s + "ftypisom").kind, MediaKind::video);
    EXPECT_EQ(read("plain text").kind, MediaKind::unknown);
    EXPECT_EQ(read("").kind, MediaKind::unknown);
    const MediaHeader wave =
        read("RIFF....WAVEfmt \x10\0\0\0\1\0\1\0\x80\x3E\0\0\0\x7D\0\0\2\0\x10\0"s);
    EXPECT_EQ(wave.kind, MediaKind::audio);
    EXPECT_EQ(wave.bytes_per_second, 32'000U);
}

int64_t image(const char* model, uint32_t width, uint32_t height, bool low = false) {
    return profile_of(model, {}).image.tokens(
        {.kind = MediaKind::image, .width = width, .height = height}, low);
}

TEST(ImagePrice, ExamplesOfTheProviders) {
    EXPECT_EQ(image("gpt-4o", 1024, 1024), 765);  // OpenAI, "images and vision"
    EXPECT_EQ(image("gpt-4o", 2048, 4096), 1105);
    EXPECT_EQ(image("gpt-4o", 4096, 8192, true), 85);
    EXPECT_EQ(image("gpt-4.1-mini", 1024, 1024), (1024 * 162 + 99) / 100);
    EXPECT_EQ(image("gpt-4.1-mini", 1800, 2400), (1452 * 162 + 99) / 100);
    EXPECT_EQ(image("claude-sonnet-4", 200, 200), 54);  // Anthropic, "vision": about 54
    EXPECT_EQ(image("claude-sonnet-4", 1000, 1000), 1334);
    EXPECT_EQ(image("claude-sonnet-4", 1092, 1092), 1590);
    EXPECT_LE(image("claude-sonnet-4", 8000, 8000), 1601);
    EXPECT_EQ(image("gemini-2.0-flash", 384, 384), 258);  // Google, "understand tokens"
    EXPECT_EQ(image("gemini-2.0-flash", 960, 540), 6 * 258);
    EXPECT_EQ(image("gpt-4o", 0, 0), 765);
}

TEST(ImagePrice, IsBoundedForAnySize) {
    for (const char* model :
         {"gpt-4o", "gpt-4.1-nano", "claude-3", "gemini-1.5-pro", "command-a", "llama-4"})
        for (const uint32_t width : {1U, 31U, 5000U, UINT32_MAX})
            for (const uint32_t height : {1U, 400U, UINT32_MAX}) {
                const int64_t tokens = image(model, width, height);
                EXPECT_GE(tokens, 1) << model << ' ' << width << 'x' << height;
                EXPECT_LE(tokens, 50'000) << model << ' ' << width << 'x' << height;
            }
}

TEST(TextShape, CountsCharactersByTheirLength) {
    TextShape shape;
    shape.add(
        "a\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80 and enough more to fill a block \xC3\xA9\xC3\xA9");
    EXPECT_EQ(shape.plain, 34);
    EXPECT_EQ(shape.two, 3);
    EXPECT_EQ(shape.three, 1);
    EXPECT_EQ(shape.four, 1);
}

TEST(TextShape, LettersWithoutWordsWeighMore) {
    TextShape base64, prose, snake;
    base64.add_raw(base64_encode(std::string(3000, '\x5A') + "and a tail"));
    EXPECT_GT(base64.dense, 3000);
    for (int i = 0; i < 100; ++i) {
        prose.add_raw("A rather uncharacteristic conglomeration of misunderstandings. ");
        snake.add_raw("snake_case_of_considerable_length,another_identifier_without_spaces;");
    }
    EXPECT_EQ(prose.dense, 0);
    EXPECT_EQ(snake.dense, 0);
}

TEST(TextShape, EscapesCountAsWhatTheyStandFor) {
    struct Part {
        const char* raw;
        TextShape shape;
    };
    const Part parts[] = {{"text", {.plain = 4}},           {"7,5.", {.digits = 2, .signs = 2}},
                          {R"(\n)", {.plain = 1}},          {R"(\")", {.signs = 1}},
                          {R"(\\)", {.signs = 1}},          {R"(\/)", {.signs = 1}},
                          {R"(\u0041)", {.plain = 1}},      {R"(\u0037)", {.digits = 1}},
                          {R"(\u00e9)", {.two = 1}},        {R"(\u4e2d)", {.three = 1}},
                          {R"(\ud83d\ude00)", {.four = 1}}, {"\xC3\xA9", {.two = 1}},
                          {"\xE4\xB8\xAD", {.three = 1}},   {"uuu\x7F", {.plain = 4}}};
    uint32_t state = 1;
    for (int round = 0; round < 300; ++round) {
        std::string raw;
        TextShape expected;
        for (int i = 0; i < 1 + round * 2; ++i) {
            state = state * 1664525 + 1013904223;
            const auto& [text, part] = parts[(state >> 16) % std::size(parts)];
            raw += text;
            expected.plain += part.plain;
            expected.digits += part.digits;
            expected.signs += part.signs;
            expected.two += part.two;
            expected.three += part.three;
            expected.four += part.four;
        }
        TextShape shape;
        shape.add_raw(raw);
        ASSERT_EQ(shape, expected) << raw;
    }
}

}  // namespace
}  // namespace weir::tokens
