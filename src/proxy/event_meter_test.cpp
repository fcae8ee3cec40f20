#include "proxy/event_meter.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::proxy {
namespace {

std::string chunk(const std::string& text) {
    return "data: {\"id\":\"chatcmpl-1\",\"choices\":[{\"delta\":{\"content\":\"" + text +
           "\"}}]}\n\n";
}

TEST(EventMeterTest, AnEventIsAToken) {
    std::string stream = chunk("");
    for (int i = 0; i < 50; ++i)
        stream += chunk("word");
    stream += "data: [DONE]\n\n";
    EventMeter whole;
    whole.events(stream);
    EXPECT_EQ(whole.tokens(), 50u);
    for (std::size_t piece : {1u, 2u, 3u, 7u, 64u}) {
        EventMeter meter;
        for (std::size_t at = 0; at < stream.size(); at += piece)
            meter.events(std::string_view(stream).substr(at, piece));
        EXPECT_EQ(meter.tokens(), 50u) << piece;
    }
}

TEST(EventMeterTest, LargeEventsAreSeveralTokens) {
    EventMeter meter;
    meter.events(chunk(""));
    for (int i = 0; i < 10; ++i)
        meter.events(chunk(std::string(400, 'x')));
    EXPECT_EQ(meter.tokens(), 1000u);
}

TEST(EventMeterTest, AMessageOfAwsIsATokenToo) {
    auto message = [](std::size_t size) {
        std::string out(size, 'x');
        for (std::size_t i = 0; i < 4; ++i)
            out[i] = static_cast<char>(size >> (24 - 8 * i) & 0xff);
        return out;
    };
    EventMeter meter;
    meter.frames(message(120));
    for (int i = 0; i < 10; ++i)
        meter.frames(message(124) + message(124));
    EXPECT_EQ(meter.tokens(), 20u);
    meter.frames(
        std::string_view("\xff\xff\xff\xff"
                         "cut",
                         7));  // never beyond what is there
    meter.frames(std::string_view("\0\0\0\0\0", 5));
}

TEST(EventMeterTest, NothingIsNothing) {
    EventMeter meter;
    EXPECT_FALSE(meter.anything());
    EXPECT_EQ(meter.tokens(), 0u);
    meter.events(chunk(""));
    EXPECT_TRUE(meter.anything());
    EXPECT_EQ(meter.tokens(), 0u);
}

TEST(EventMeterTest, WholeBodiesByTheirSize) {
    EventMeter meter;
    meter.body(std::string(256 + 400, 'x'));
    EXPECT_EQ(meter.tokens(), 100u);
}

}  // namespace
}  // namespace weir::proxy
