// The instrument's own tests: a load generator that misjudges answers proves nothing.
#include "framing.h"

#include <gtest/gtest.h>

#include "check.h"
#include "script.h"

namespace weir::bench {
namespace {

struct Heard {
    std::string head, body;
    void on_head(std::string_view bytes) { head.append(bytes); }
    void on_body(std::string_view bytes) { body.append(bytes); }
};

constexpr std::string_view kSized = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
constexpr std::string_view kChunked =
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n "
    "world\r\n0\r\nX-Trailer: 1\r\n\r\n";

TEST(MessageReaderTest, EverySplitGivesTheSameMessage) {
    for (const auto message : {kSized, kChunked}) {
        for (std::size_t cut = 0; cut <= message.size(); ++cut) {
            MessageReader reader;
            Heard heard;
            EXPECT_EQ(reader.feed(message.substr(0, cut), heard), cut);
            EXPECT_EQ(reader.feed(message.substr(cut), heard), message.size() - cut) << cut;
            EXPECT_TRUE(reader.done()) << cut;
            EXPECT_EQ(heard.body, message == kSized ? "hello" : "hello world") << cut;
            EXPECT_EQ(status_of(heard.head), 200);
        }
    }
}

TEST(MessageReaderTest, WhatFollowsTheMessageIsLeft) {
    MessageReader reader;
    Heard heard;
    EXPECT_EQ(reader.feed(std::string(kSized) + "GARBAGE", heard), kSized.size());
    EXPECT_TRUE(reader.done());
}

TEST(MessageReaderTest, UnendingOrMalformedBodiesAreBroken) {
    for (const std::string_view bad :
         {"HTTP/1.1 200 OK\r\n\r\nx", "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nhello",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"}) {
        MessageReader reader;
        Heard heard;
        reader.feed(bad, heard);
        EXPECT_TRUE(reader.broken()) << bad;
    }
}

TEST(MessageReaderTest, RequestWithoutBodyEndsAtItsHead) {
    MessageReader reader;
    Heard heard;
    reader.feed("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", heard);
    EXPECT_TRUE(reader.done());
    EXPECT_TRUE(reader.closes());
}

TEST(ScriptTest, BodiesHaveExactlyTheAskedSize) {
    for (const std::size_t bytes : {1024UL, 32768UL}) {
        const auto model = "gpt-whole-" + std::to_string(bytes);
        const auto script = parse_script(model);
        ASSERT_TRUE(script);
        EXPECT_EQ(whole_answer(model, *script, Dialect::openai).size(), bytes);
        EXPECT_EQ(request_body(model, bytes, true).size(), bytes);
    }
    for (const auto* nonsense :
         {"gpt", "gpt-", "gpt-whole-", "gpt-whole-9x", "gpt-sse-5", "gpt-sse-5-x", "gpt-4o"}) {
        EXPECT_FALSE(parse_script(nonsense)) << nonsense;
    }
}

std::string verdict_on(const Expected& expected, std::string_view body, std::size_t cut,
                       int status = 200) {
    Check check(expected);
    check.begin();
    check.on_head("HTTP/1.1 " + std::to_string(status) + " X\r\n\r\n");
    check.on_body(body.substr(0, cut));
    check.on_body(body.substr(cut));
    return std::string(check.verdict());
}

std::string whole_stream(const StreamAnswer& stream) {
    std::string all = stream.opening;
    for (const auto& event : stream.content)
        all += event;
    return all + stream.closing;
}

TEST(CheckTest, AGoodStreamPassesHoweverItIsCut) {
    const auto script = parse_script("gpt-sse-20-0");
    const Expected expected("gpt-sse-20-0", *script, false);
    const auto all = whole_stream(stream_answer("gpt-sse-20-0", *script, Dialect::openai, false));
    for (std::size_t cut = 0; cut <= all.size(); ++cut)
        EXPECT_EQ(verdict_on(expected, all, cut), "") << cut;
}

TEST(CheckTest, AnthropicsClientsReadTheirOwnStream) {
    const auto script = parse_script("gpt-sse-20-0");
    const Expected expected("gpt-sse-20-0", *script, true, Dialect::anthropic);
    auto stream = stream_answer("gpt-sse-20-0", *script, Dialect::anthropic, false);
    const auto all = whole_stream(stream);
    for (std::size_t cut = 0; cut <= all.size(); cut += 7)
        EXPECT_EQ(verdict_on(expected, all, cut), "") << cut;
    EXPECT_NE(verdict_on(expected, all + all, 5), "");
    stream.content.pop_back();
    EXPECT_NE(verdict_on(expected, whole_stream(stream), 5), "");
    EXPECT_NE(verdict_on(expected, stream.opening, 5), "");
    const Expected whole("gpt-whole-1024", *parse_script("gpt-whole-1024"), true,
                         Dialect::anthropic);
    const auto answer =
        whole_answer("gpt-whole-1024", *parse_script("gpt-whole-1024"), Dialect::anthropic);
    EXPECT_EQ(verdict_on(whole, answer, 9), "");
}

// "messageStart" of AWS's documentation: lengths and both checksums.
TEST(ScriptTest, BedrocksStreamIsFramed) {
    const auto stream =
        stream_answer("nova-sse-2-0", *parse_script("nova-sse-2-0"), Dialect::bedrock, false);
    ASSERT_EQ(stream.content.size(), 2u);
    for (const auto& message : stream.content) {
        ASSERT_GT(message.size(), 16u);
        std::size_t size = 0;
        for (int i = 0; i < 4; ++i)
            size = size << 8 | static_cast<unsigned char>(message[static_cast<std::size_t>(i)]);
        EXPECT_EQ(size, message.size());
    }
}

TEST(CheckTest, OnlyTranslatedStreamsMayTellUsageUnasked) {
    const auto script = parse_script("gpt-sse-20-0");
    const auto all = whole_stream(stream_answer("gpt-sse-20-0", *script, Dialect::openai, true));
    EXPECT_EQ(verdict_on(Expected("gpt-sse-20-0", *script, true), all, 50), "");
    EXPECT_NE(verdict_on(Expected("gpt-sse-20-0", *script, false), all, 50), "");
}

TEST(CheckTest, DamagedStreamsAreFound) {
    const auto script = parse_script("gpt-sse-20-0");
    const Expected expected("gpt-sse-20-0", *script, false);
    const auto stream = stream_answer("gpt-sse-20-0", *script, Dialect::openai, false);
    const auto all = whole_stream(stream);

    auto fewer = stream;
    fewer.content.erase(fewer.content.begin() + 3);
    auto endless = stream;
    endless.closing.resize(endless.closing.find("data: [DONE]"));
    const auto with_usage =
        whole_stream(stream_answer("gpt-sse-20-0", *script, Dialect::openai, true));
    for (const auto& damaged :
         {whole_stream(fewer), whole_stream(endless), with_usage, all + "data: {}\n\n",
          all + "data", all + "data: [DONE]\n\n", all.substr(0, all.size() - 1), std::string()}) {
        EXPECT_NE(verdict_on(expected, damaged, damaged.size() / 2), "");
    }
    EXPECT_EQ(verdict_on(expected, all, 10, 500), "status 500");
}

TEST(CheckTest, DamagedWholeAnswersAreFound) {
    const auto script = parse_script("gpt-whole-1024");
    const Expected plain("gpt-whole-1024", *script, false);
    const Expected translated("gpt-whole-1024", *script, true);
    const auto good = whole_answer("gpt-whole-1024", *script, Dialect::openai);
    EXPECT_EQ(verdict_on(plain, good, 7), "");
    EXPECT_EQ(verdict_on(translated, good, 7), "");
    auto other = good;
    other[600] ^= 1;
    for (const auto& bad : {other, good.substr(0, 1023), good + " ", std::string()}) {
        EXPECT_NE(verdict_on(plain, bad, 0), "");
    }
    EXPECT_NE(verdict_on(translated, good.substr(0, 500), 0), "");
    EXPECT_NE(
        verdict_on(translated, whole_answer("gpt-whole-1024", *script, Dialect::anthropic), 0), "");
}

}  // namespace
}  // namespace weir::bench
