#include "http/h2/flood_guard.h"

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

namespace weir::http::h2 {
namespace {

using std::chrono::seconds;

TEST(FloodGuardTest, EachKindHasItsOwnAllowance) {
    struct Case {
        const char* name;
        uint8_t type;
        uint8_t flags;
        Misuse misuse;
        uint32_t Limits::* limit;
    };
    const Case cases[] = {
        {"resets", NGHTTP2_RST_STREAM, 0, Misuse::resets, &Limits::resets},
        {"settings", NGHTTP2_SETTINGS, 0, Misuse::control_frames, &Limits::control_frames},
        {"pings", NGHTTP2_PING, 0, Misuse::control_frames, &Limits::control_frames},
        {"empty data", NGHTTP2_DATA, 0, Misuse::empty_frames, &Limits::empty_frames},
        {"priority", NGHTTP2_PRIORITY, 0, Misuse::idle_frames, &Limits::idle_frames},
        {"unknown", 0xfe, 0, Misuse::idle_frames, &Limits::idle_frames},
        {"windows", NGHTTP2_WINDOW_UPDATE, 0, Misuse::window_updates, &Limits::window_updates},
    };
    for (const auto& c : cases) {
        Limits limits;
        limits.*c.limit = 3;
        net::TimePoint now{};
        FloodGuard guard(limits, now);
        for (int i = 0; i < 3; ++i)
            EXPECT_FALSE(guard.frame(c.type, c.flags, 0, now)) << c.name;
        EXPECT_EQ(guard.frame(c.type, c.flags, 0, now), c.misuse) << c.name;
        EXPECT_FALSE(guard.frame(c.type, c.flags, 0, now + seconds(4))) << c.name << " refills";
        EXPECT_EQ(guard.frame(c.type, c.flags, 0, now + seconds(4)), c.misuse) << c.name;
    }
}

TEST(FloodGuardTest, WhatCarriesSomethingIsNeverTooMuch) {
    Limits limits;
    limits.control_frames = limits.empty_frames = limits.window_updates = 0;
    FloodGuard guard(limits, {});
    for (int i = 0; i < 10'000; ++i) {
        EXPECT_FALSE(guard.frame(NGHTTP2_DATA, 0, 1, {}));
        EXPECT_FALSE(guard.frame(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 0, {}));
        EXPECT_FALSE(guard.frame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, {}));
        EXPECT_FALSE(guard.frame(NGHTTP2_HEADERS, 0, 9, {}));
        guard.sent_data();
        EXPECT_FALSE(guard.frame(NGHTTP2_WINDOW_UPDATE, 0, 4, {}));
    }
}

TEST(FloodGuardTest, ContinuationsCountFromEachHead) {
    Limits limits;
    limits.continuations = 2;
    FloodGuard guard(limits, {});
    for (int head = 0; head < 3; ++head) {
        EXPECT_FALSE(guard.frame(NGHTTP2_HEADERS, 0, 9, {}));
        EXPECT_FALSE(guard.frame(NGHTTP2_CONTINUATION, 0, 9, {}));
        EXPECT_FALSE(guard.frame(NGHTTP2_CONTINUATION, 0, 0, {}));
    }
    EXPECT_EQ(guard.frame(NGHTTP2_CONTINUATION, 0, 0, {}), Misuse::continuations);
}

}  // namespace
}  // namespace weir::http::h2
