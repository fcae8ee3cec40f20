#include "http/h1/body_decoder.h"

#include <gmock/gmock.h>

namespace weir::http::h1 {
namespace {

struct Decoded {
    std::string data;
    std::size_t consumed = 0;
    bool done = false;
    std::string error;
    std::string trailers;
    bool operator==(const Decoded&) const = default;
};
void PrintTo(const Decoded& d, std::ostream* out) {
    *out << "{data '" << d.data.substr(0, 200) << "' consumed " << d.consumed
         << (d.done ? " done" : "") << " error '" << d.error << "' trailers '" << d.trailers
         << "'}";
}

/// Decodes `bytes` arriving in the given pieces.
Decoded decode(Framing framing, std::string_view bytes, std::vector<std::size_t> cuts = {}) {
    BodyDecoder decoder(framing);
    Decoded out;
    cuts.push_back(bytes.size());
    std::size_t at = 0;
    for (std::size_t cut : cuts) {
        std::string piece(bytes.substr(at, cut - at));
        at = cut;
        std::size_t offset = 0;
        do {
            BodyDecoder::Step step;
            if (const char* bad = decoder.decode(std::span(piece).subspan(offset), step)) {
                out.error = bad;
                return out;
            }
            out.data += step.data;
            out.consumed += step.consumed;
            offset += step.consumed;
            if (step.consumed == 0) break;
        } while (offset < piece.size());
        if (decoder.done()) break;
    }
    out.done = decoder.done();
    out.trailers = decoder.trailers();
    return out;
}

constexpr Framing kChunked{Framing::Kind::chunked, 0};

struct Row {
    const char* name;
    std::string bytes;
    Decoded expected;
};

std::vector<Row> rows() {
    std::string long_extension = "1;" + std::string(17000, 'x');
    return {
        {"empty", "0\r\n\r\n", {"", 5, true, "", ""}},
        {"one chunk", "5\r\nhello\r\n0\r\n\r\n", {"hello", 15, true, "", ""}},
        {"two chunks and what follows",
         "2\r\nab\r\n00003\r\ncde\r\n000\r\n\r\nGET /",
         {"abcde", 26, true, "", ""}},
        {"hexadecimal", "A\r\n0123456789\r\n0\r\n\r\n", {"0123456789", 20, true, "", ""}},
        {"extension", "2;a=b;c=\"d e\"\r\nab\r\n0;x\r\n\r\n", {"ab", 26, true, "", ""}},
        {"space before an extension", "2  ;a\r\nab\r\n0 \r\n\r\n", {"ab", 17, true, "", ""}},
        {"trailers",
         "1\r\na\r\n0\r\nX: 1\r\ny: 2\r\n\r\n",
         {"a", 23, true, "", "X: 1\r\ny: 2\r\n"}},
        {"data that looks like framing",
         "7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n",
         {"\r\n0\r\n\r\n", 17, true, "", ""}},
        {"cut in data", "5\r\nhel", {"hel", 6, false, "", ""}},
        {"cut in size", "5", {"", 1, false, "", ""}},
        {"cut before the end", "1\r\na\r\n0\r\n", {"a", 9, false, "", ""}},
        {"no size", "\r\nab", {"", 0, false, "a chunk has no size", ""}},
        {"only an extension", ";a\r\n", {"", 0, false, "a chunk has no size", ""}},
        {"sign", "+5\r\nhello", {"", 0, false, "a chunk has no size", ""}},
        {"0x", "0x5\r\nhello\r\n", {"", 0, false, "a chunk size is not hexadecimal", ""}},
        {"size in letters", "g\r\n", {"", 0, false, "a chunk has no size", ""}},
        {"16 digits", "0000000000000001\r\na\r\n", {"", 0, false, "a chunk size is too large", ""}},
        {"overflow", "ffffffffffffffff1\r\na\r\n", {"", 0, false, "a chunk size is too large", ""}},
        {"space and something else",
         "2 x\r\nab\r\n",
         {"", 0, false, "a chunk size is not hexadecimal", ""}},
        {"space inside a size",
         "1 0\r\nab\r\n",
         {"", 0, false, "a chunk size is not hexadecimal", ""}},
        {"space before a size", " 1\r\na\r\n", {"", 0, false, "a chunk has no size", ""}},
        {"tab after a size",
         "1\t;x\r\na\r\n",
         {"", 0, false, "a chunk size is not hexadecimal", ""}},
        {"bare LF after the size",
         "1\na\r\n0\r\n\r\n",
         {"", 0, false, "a chunk size is not hexadecimal", ""}},
        {"bare LF in an extension",
         "1;a\na\r\n0\r\n\r\n",
         {"", 0, false, "a chunk extension has a forbidden character", ""}},
        {"CR alone after the size",
         "1\ra\r\n",
         {"", 0, false, "a chunk size line does not end with CR LF", ""}},
        {"NUL in an extension",
         std::string("1;\0\r\n", 5),
         {"", 0, false, "a chunk extension has a forbidden character", ""}},
        {"long extension", long_extension, {"", 0, false, "a chunk extension is too long", ""}},
        {"chunk longer than said",
         "1\r\nab\r\n",
         {"", 0, false, "a chunk is longer than its size says", ""}},
        {"chunk ends with LF alone",
         "1\r\na\n0\r\n\r\n",
         {"", 0, false, "a chunk is longer than its size says", ""}},
        {"chunk ends with CR x",
         "1\r\na\rx",
         {"", 0, false, "a chunk does not end with CR LF", ""}},
        {"folded trailer",
         "0\r\nx: 1\r\n y\r\n\r\n",
         {"", 0, false, "a trailer field is folded", ""}},
        {"trailer with LF alone",
         "0\r\nx: 1\ny: 2\r\n\r\n",
         {"", 0, false, "a trailer field has a forbidden character", ""}},
        {"trailer with CR alone",
         "0\r\nx: 1\ry\r\n\r\n",
         {"", 0, false, "a trailer line does not end with CR LF", ""}},
        {"trailer without colon",
         "0\r\nGET / HTTP/1.1\r\n\r\n",
         {"", 0, false, "a trailer field is not a name and a value", ""}},
        {"trailer with an empty name",
         "0\r\n: x\r\n\r\n",
         {"", 0, false, "a trailer field is not a name and a value", ""}},
        {"trailer with a space before its colon",
         "0\r\nx : y\r\n\r\n",
         {"", 0, false, "a trailer field is not a name and a value", ""}},
        {"end with CR x", "0\r\n\rx", {"", 0, false, "the body does not end with CR LF", ""}},
        {"long trailers",
         "0\r\nx: " + std::string(17000, 'y') + "\r\n\r\n",
         {"", 0, false, "the trailer is too long", ""}},
    };
}

TEST(BodyDecoderTest, ChunkedTable) {
    for (const Row& row : rows()) {
        Decoded got = decode(kChunked, row.bytes);
        if (!row.expected.error.empty()) got.data.clear(), got.consumed = 0;
        EXPECT_EQ(got, row.expected) << row.name;
    }
}

TEST(BodyDecoderTest, SplitAnywhereIsTheSameAsWhole) {
    for (const Row& row : rows()) {
        if (row.bytes.size() > 100) continue;
        for (std::size_t a = 0; a <= row.bytes.size(); ++a)
            for (std::size_t b = a; b <= row.bytes.size(); ++b) {
                Decoded got = decode(kChunked, row.bytes, {a, b});
                if (!row.expected.error.empty()) got.data.clear(), got.consumed = 0;
                ASSERT_EQ(got, row.expected) << row.name << " at " << a << " and " << b;
            }
    }
}

TEST(BodyDecoderTest, SizesUpToFifteenDigits) {
    BodyDecoder decoder(kChunked);
    std::string bytes = "fffffffffffffff\r\nabc";
    BodyDecoder::Step step;
    EXPECT_EQ(decoder.decode(bytes, step), nullptr);
    EXPECT_EQ(step.data, "abc");
    EXPECT_EQ(decoder.remaining(), 0xfffffffffffffffu - 3);
}

// Many chunks of one byte with a long extension each would be a body that costs much and holds
// little.
TEST(BodyDecoderTest, ManyExtensionsAreBounded) {
    std::string bytes;
    for (int i = 0; i < 100; ++i)
        bytes += "1;" + std::string(4000, 'x') + "\r\na\r\n";
    EXPECT_EQ(decode(kChunked, bytes).error, "a chunk extension is too long");
}

TEST(BodyDecoderTest, LengthTakesExactlyThatMany) {
    for (std::size_t cut = 0; cut <= 8; ++cut) {
        EXPECT_EQ(decode({Framing::Kind::length, 5}, "helloGET", {cut}),
                  (Decoded{"hello", 5, true, "", ""}))
            << cut;
        EXPECT_EQ(decode({Framing::Kind::length, 9}, "helloGET", {cut}),
                  (Decoded{"helloGET", 8, false, "", ""}))
            << cut;
    }
    EXPECT_TRUE(decode({Framing::Kind::length, 0}, "").done);
    EXPECT_TRUE(decode({Framing::Kind::none, 0}, "").done);
}

TEST(BodyDecoderTest, EndOfStream) {
    BodyDecoder until_close({Framing::Kind::until_close, 0});
    std::string bytes = "abc";
    BodyDecoder::Step step;
    until_close.decode(bytes, step);
    EXPECT_FALSE(until_close.done());
    EXPECT_EQ(until_close.end_of_stream(), nullptr);
    EXPECT_TRUE(until_close.done());
    EXPECT_NE(BodyDecoder({Framing::Kind::length, 5}).end_of_stream(), nullptr);
    EXPECT_NE(BodyDecoder(kChunked).end_of_stream(), nullptr);
    EXPECT_EQ(BodyDecoder().end_of_stream(), nullptr);
}

}  // namespace
}  // namespace weir::http::h1
