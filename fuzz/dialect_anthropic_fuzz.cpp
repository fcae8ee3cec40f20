// Anthropic providers: answers, errors and streams, bare and in AWS frames.
#include <cstdint>

#include "base/encoding.h"
#include "dialect/eventstream.h"
#include "dialect_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace weir::dialect;
    if (size < 2) return 0;
    const size_t piece = data[0] / 4;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 4) {
        case 0:
            fuzz::check_reply(Schema::Anthropic, bytes);
            break;
        case 1:
            fuzz::check_reply(Schema::AWSAnthropic, bytes);
            break;
        case 2:
            fuzz::check_stream(Schema::Anthropic, bytes, piece);
            break;
        default: {
            // Each line is an event in a frame.
            std::string frames;
            std::string_view rest = bytes;
            while (!rest.empty()) {
                const size_t end = std::min(rest.find('\n'), rest.size());
                append_eventstream_event(
                    frames, "chunk",
                    R"({"bytes":")" + weir::base64_encode(rest.substr(0, end)) + "\"}");
                rest.remove_prefix(std::min(end + 1, rest.size()));
            }
            fuzz::check_stream(Schema::AWSAnthropic, frames, piece);
        }
    }
    return 0;
}
