/// What a stream needs to go on at another backend after it broke in the middle.
///
/// Exists only where a ResiliencePolicy says `onBreak: continue` and the request is one whose
/// answer two providers can share. While it does, the request is kept until the end of the stream.
/// Lives in its exchange.
#pragma once
#include <array>
#include <string>
#include <string_view>

#include "dialect/continued_stream.h"
#include "json/value.h"

namespace weir::proxy {

struct Continuation {
    explicit Continuation(dialect::ContinuedStream::Options options) : stream(options) {}
    dialect::ContinuedStream stream;
    json::Value request;  ///< the client's
    std::string body;     ///< what is asked of the next one
    std::string out;      ///< what the client gets of the bytes at hand
    std::array<std::string_view, 1> piece;
    bool due = false;  ///< a break is to be mended by the attempt that begins
    bool prefilled = false;
    bool prefill_refused = false;
};

}  // namespace weir::proxy
