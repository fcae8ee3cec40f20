// Anthropic and Responses clients: their requests to every provider, every provider's answers and
// streams to them. Whatever goes out is JSON; Anthropic's own bodies come back as they went; a
// split changes nothing.
#include <cstdint>

#include "dialect/anthropic/messages.h"
#include "dialect_fuzz.h"

namespace {

using namespace weir::dialect;

constexpr Schema kSchemas[] = {Schema::OpenAI,       Schema::AWSBedrock, Schema::AWSAnthropic,
                               Schema::GCPAnthropic, Schema::Anthropic,  Schema::GCPVertexAI};

void check_requests(std::string_view body, Operation operation) {
    const HeaderView headers[] = {{"anthropic-beta", body.substr(0, 40)}};
    for (Schema schema : kSchemas) {
        auto sent = translate_request(
            {.operation = operation,
             .dialect = operation == Operation::responses ? Dialect::openai : Dialect::anthropic,
             .body = body,
             .headers = headers},
            {.schema = schema, .version = default_version(schema)});
        if (sent) fuzz::require(weir::json::parse(sent->body).has_value());
    }
}

// What the model holds of a body is a fixed point of decoding and encoding.
void check_round_trip(std::string_view body) {
    auto parsed = weir::json::parse(body);
    auto conversation = parsed ? anthropic::decode_request(*parsed)
                               : weir::Result<Conversation>(std::unexpected(parsed.error()));
    if (!conversation) return;
    auto once = anthropic::encode_request(*conversation, {.model = conversation->model});
    if (!once) return;
    fuzz::require(once->dropped.empty());
    auto again = weir::json::parse(once->body);
    fuzz::require(again.has_value());
    auto second = anthropic::decode_request(std::move(*again));
    fuzz::require(second.has_value());
    auto twice = anthropic::encode_request(*second, {.model = second->model});
    fuzz::require(twice.has_value() && twice->body == once->body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    const size_t piece = data[0] / 16;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Operation client = data[0] % 2 ? Operation::messages : Operation::responses;
    switch (data[0] % 16 / 2) {
        case 0:
            check_requests(bytes, client);
            if (client == Operation::messages) check_round_trip(bytes);
            break;
        case 1:
            check_requests(bytes, Operation::count_tokens);
            break;
        case 2:
            for (Schema schema : {Schema::OpenAI, Schema::AWSBedrock, Schema::Anthropic})
                fuzz::check_reply(schema, bytes, client);
            break;
        case 3:
            fuzz::check_stream(Schema::OpenAI, bytes, piece, client);
            break;
        case 4:
            fuzz::check_messages(bytes, piece, client);
            break;
        case 5:
            // Anthropic's own events pass to its clients, whatever is in them.
            fuzz::check_stream(Schema::Anthropic, bytes, piece, Operation::responses);
            break;
        default:
            fuzz::check_stream(Schema::AWSBedrock, bytes, piece, client);
    }
    return 0;
}
