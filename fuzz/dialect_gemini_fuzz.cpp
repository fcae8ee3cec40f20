// Gemini generateContent: answers, errors, streams, and requests with schemas to convert.
#include <cstdint>

#include "dialect_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace weir::dialect;
    if (size < 2) return 0;
    const size_t piece = data[0] / 4;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 4) {
        case 0:
            fuzz::check_reply(Schema::GCPVertexAI, bytes);
            break;
        case 1:
            fuzz::check_stream(Schema::Gemini, bytes, piece);
            break;
        case 2:
            fuzz::check_stream(Schema::GCPVertexAI, bytes, piece);
            break;
        default: {
            // One model of each way to say a schema and an effort.
            constexpr std::string_view kModels[] = {"gemini-1.5-pro", "gemini-2.5-pro",
                                                    "gemini-3-flash", "gemini-3-pro"};
            auto sent = translate_request(
                {.body = bytes}, {.schema = Schema::Gemini, .model_override = kModels[piece % 4]});
            fuzz::require(!sent || weir::json::parse(sent->body).has_value());
        }
    }
    return 0;
}
