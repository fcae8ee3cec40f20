#include "tokens/answer_meter.h"

#include <array>

#include "tokens/test_support.h"

namespace weir::tokens {
namespace {

const Vocabulary& words() {
    return *test::loaded().find(Encoding::o200k_base);
}

constexpr std::array<std::string_view, 2> kMembers{"\"content\"", "\"arguments\""};

std::string event_of(std::string_view raw) {
    return "data: {\"choices\":[{\"delta\":{\"content\": \"" + std::string(raw) + "\"}}]}\n\n";
}

TEST(AnswerMeterTest, CountsTheTextOfAllEventsAsOne) {
    std::string text;
    for (int i = 0; i < 900; ++i)
        text += i % 7 ? " tokenization of words" : ". Then, 12345 caf\xc3\xa9s\n  ";
    TokenCounter counter;
    auto whole = static_cast<uint64_t>(counter.count(words(), text).tokens);
    for (std::size_t size : {5U, 17U, 400U}) {
        AnswerMeter meter;
        meter.begin(&words(), kMembers);
        for (std::size_t at = 0; at < text.size(); at += size) {
            std::string raw;
            for (char c : text.substr(at, size))
                raw += c == '\n' ? std::string("\\n") : std::string(1, c);
            meter.events(event_of(raw));
            if (at % 31 == 0) meter.tokens();  // asking changes nothing
        }
        EXPECT_EQ(meter.tokens(), whole) << size;
    }
}

TEST(AnswerMeterTest, TheSameHoweverTheBytesAreSplit) {
    std::string bytes = "event: x\n" + event_of("Hello \\\"quoted\\\" world") +
                        "data: {\"arguments\":\"{\\\"content\\\":\\\"not this\\\"}\"}\r\n\r\n" +
                        ": \"content\":\"a comment\"\n" + event_of("") +
                        "data: {\"content\":null,\"other\":\"text\"}\n\ndata: [DONE]\n\n";
    AnswerMeter whole;
    whole.begin(&words(), kMembers);
    whole.events(bytes);
    EXPECT_GT(whole.tokens(), 8U);
    for (std::size_t at = 0; at <= bytes.size(); ++at) {
        AnswerMeter split;
        split.begin(&words(), kMembers);
        split.events(std::string_view(bytes).substr(0, at));
        split.events(std::string_view(bytes).substr(at));
        EXPECT_EQ(split.tokens(), whole.tokens()) << at;
    }
}

TEST(AnswerMeterTest, EventsFinerThanTokensCount) {
    AnswerMeter meter;
    meter.begin(&words(), kMembers);
    for (char c : std::string_view("tokenization"))
        meter.events(event_of(std::string(1, c)));
    EXPECT_EQ(meter.tokens(), 12U);
}

TEST(AnswerMeterTest, WithoutATokenizerItCountsNothing) {
    AnswerMeter meter;
    meter.begin(nullptr, kMembers);
    meter.events(event_of("Hello"));
    EXPECT_FALSE(meter.counts());
    EXPECT_EQ(meter.tokens(), 0U);
}

TEST(AnswerMeterTest, TextWithoutWordsIsCountedInBoundedMemory) {
    AnswerMeter meter;
    meter.begin(&words(), kMembers);
    for (int i = 0; i < 2000; ++i)
        meter.events(event_of("aaaaaaaaaaaaaaaa"));
    EXPECT_GT(meter.tokens(), 1000U);
    meter.begin(&words(), kMembers);
    EXPECT_EQ(meter.tokens(), 0U);
}

}  // namespace
}  // namespace weir::tokens
