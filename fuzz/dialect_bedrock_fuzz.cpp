// Bedrock Converse: answers, errors and streams; raw bytes and well-formed frames.
#include <cstdint>

#include "dialect/eventstream.h"
#include "dialect_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace weir::dialect;
    if (size < 2) return 0;
    const size_t piece = data[0] / 3;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 3) {
        case 0:
            fuzz::check_reply(Schema::AWSBedrock, bytes);
            break;
        case 1:
            fuzz::check_stream(Schema::AWSBedrock, bytes, piece);
            break;
        default: {
            // Lines "EVENT JSON" and "!EXCEPTION JSON".
            std::string frames;
            std::string_view rest = bytes;
            while (!rest.empty()) {
                const size_t end = std::min(rest.find('\n'), rest.size());
                const std::string_view line = rest.substr(0, end);
                rest.remove_prefix(std::min(end + 1, rest.size()));
                const size_t space = std::min(line.find(' '), line.size());
                const std::string_view payload = line.substr(std::min(space + 1, line.size()));
                if (line.starts_with('!'))
                    append_eventstream_exception(frames, line.substr(1, space), payload);
                else
                    append_eventstream_event(frames, line.substr(0, space), payload);
            }
            fuzz::check_stream(Schema::AWSBedrock, frames, piece);
        }
    }
    return 0;
}
