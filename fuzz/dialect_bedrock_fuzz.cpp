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
        default:
            fuzz::check_messages(bytes, piece);
    }
    return 0;
}
