/// For tests of streams that go on elsewhere. Only *_test.cpp files include this.
#pragma once
#include <gtest/gtest.h>

#include "dialect/continued_stream.h"
#include "dialect/sse.h"
#include "json/value.h"

namespace weir::dialect {

inline std::vector<json::Value> events_of(std::string_view text) {
    std::vector<json::Value> out;
    SseReader reader;
    SseEvent event;
    while (*reader.next(text, event)) {
        if (event.data == "[DONE]") {
            out.push_back(json::Value::string("[DONE]"));
            continue;
        }
        auto parsed = json::parse(event.data);
        EXPECT_TRUE(parsed) << event.data;
        if (parsed) {
            std::string_view type = parsed->string_at("type");
            EXPECT_EQ(event.event, type);
            out.push_back(std::move(*parsed));
        }
    }
    EXPECT_TRUE(reader.idle());
    return out;
}

inline std::string sse(std::string_view data) {
    auto parsed = json::parse(data);
    std::string out;
    append_sse(out, parsed ? parsed->string_at("type") : std::string_view(), data);
    return out;
}

/// What the client gets when `first` breaks off and `second` goes on; the same for every split.
inline std::string continued(ContinuedStream::Options options, std::string_view first,
                             std::string_view second, ContinuedStream::Resumption resumption) {
    std::string whole;
    for (size_t step : {size_t{1}, size_t{7}, size_t{1} << 20}) {
        ContinuedStream stream(options);
        std::string out;
        for (size_t i = 0; i < first.size(); i += step)
            stream.feed(first.substr(i, step), out);
        EXPECT_EQ(stream.obstacle(), Obstacle::none) << to_string(stream.obstacle());
        stream.resume(resumption);
        for (size_t i = 0; i < second.size(); i += step)
            stream.feed(second.substr(i, step), out);
        EXPECT_EQ(stream.obstacle(), Obstacle::ended);
        if (!whole.empty()) {
            EXPECT_EQ(out, whole) << "in steps of " << step;
        }
        whole = out;
    }
    return whole;
}

inline Usage spent(int64_t input, int64_t output) {
    Usage usage;
    usage.input = input;
    usage.output = output;
    return usage;
}

}  // namespace weir::dialect
