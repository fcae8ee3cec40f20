// Clients of Cohere, Gemini and Bedrock: their requests to every provider, every provider's answers
// and streams to them. Whatever goes out is JSON in whole frames; a body that was decoded comes
// back as a fixed point; a split changes nothing.
#include <cstdint>

#include "base/encoding.h"
#include "dialect/bedrock/converse.h"
#include "dialect/cohere/chat.h"
#include "dialect/eventstream.h"
#include "dialect/gemini/generate.h"
#include "dialect_fuzz.h"

namespace {

using namespace weir::dialect;
using fuzz::require;

struct Client {
    Operation operation;
    Dialect dialect;
    bool json_array = false;
};
constexpr Client kClients[] = {{Operation::chat, Dialect::cohere},
                               {Operation::chat, Dialect::gemini},
                               {Operation::chat, Dialect::gemini, true},
                               {Operation::chat, Dialect::bedrock},
                               {Operation::messages, Dialect::bedrock}};
constexpr Schema kSchemas[] = {Schema::OpenAI,       Schema::Anthropic,  Schema::AWSAnthropic,
                               Schema::GCPAnthropic, Schema::AWSBedrock, Schema::GCPVertexAI,
                               Schema::Gemini,       Schema::Cohere};

Context context(const Client& client, Schema schema) {
    return {.operation = client.operation,
            .dialect = client.dialect,
            .schema = schema,
            .model = "m",
            .created = 1,
            .request_id = "r",
            .json_array = client.json_array};
}

void check_requests(const Client& client, std::string_view body) {
    for (Operation operation : {client.operation, Operation::embeddings, Operation::count_tokens})
        for (Schema schema : kSchemas) {
            auto sent = translate_request(
                {.operation = operation, .dialect = client.dialect, .body = body, .model = "asked"},
                {.schema = schema,
                 .version = default_version(schema),
                 .model_override = "claude-or-gemini-2.5"});
            if (sent) require(weir::json::parse(sent->body).has_value());
        }
}

weir::Result<Encoded> there_and_back(Dialect dialect, weir::json::Value body) {
    if (dialect == Dialect::gemini) {
        WEIR_TRY(const auto conversation, gemini::decode_request(std::move(body), "m", false));
        return gemini::encode_request(conversation, "m");
    }
    if (dialect == Dialect::bedrock) {
        WEIR_TRY(const auto conversation, bedrock::decode_request(std::move(body), "m", false));
        return bedrock::encode_request(conversation, "m");
    }
    WEIR_TRY(const auto conversation, cohere::decode_request(std::move(body)));
    return cohere::encode_request(conversation, conversation.model);
}

void check_round_trip(Dialect dialect, std::string_view text) {
    auto body = weir::json::parse(text);
    if (!body) return;
    auto once = there_and_back(dialect, std::move(*body));
    if (!once) return;
    auto again = weir::json::parse(once->body);
    require(again.has_value());
    auto twice = there_and_back(dialect, std::move(*again));
    require(twice.has_value() && twice->body == once->body);
}

// Frames are whole and hold JSON.
void check_frames(std::string_view bytes) {
    EventStreamReader reader;
    EventStreamMessage message;
    while (true) {
        auto more = reader.next(bytes, message);
        require(more.has_value());
        if (!*more) break;
        auto payload = weir::json::parse(message.payload);
        require(payload.has_value());
        if (message.event_type != "chunk") continue;
        auto event = weir::base64_decode(payload->string_at("bytes"));
        require(event.has_value());
    }
    require(reader.idle());
}

void check_stream(const Client& client, Schema schema, std::string_view bytes, size_t piece,
                  std::string_view unrepeated) {
    const std::string out =
        fuzz::translate_split(context(client, schema), bytes, piece, unrepeated).out;
    // What passes is the provider's own, JSON or not.
    if (fuzz::events_pass(context(client, schema))) return;
    if (client.json_array) require(weir::json::parse(out).has_value());
    if (client.dialect == Dialect::bedrock) check_frames(out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    const Client& client = kClients[data[0] % std::size(kClients)];
    const size_t piece = data[1] / 16;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
    const size_t what = data[1] % 16;
    if (what == 0) {
        check_requests(client, bytes);
        if (client.operation == Operation::chat) check_round_trip(client.dialect, bytes);
    } else if (what == 1) {
        for (Schema schema : kSchemas) {
            if (auto answer = translate_response(context(client, schema), bytes))
                require(weir::json::parse(answer->body).has_value());
            const HeaderView headers[] = {{"x-amzn-errortype", bytes.substr(0, 20)}};
            auto error = translate_error(context(client, schema), 500, headers, bytes);
            require(weir::json::parse(error.body).has_value());
            for (const auto& header : error.headers)
                require(header.value.find_first_of("\r\n") == std::string::npos);
        }
    } else if (what == 2) {
        check_stream(client, Schema::AWSBedrock, test::frames(bytes), piece,
                     test::frames(test::unrepeated(bytes)));
    } else {
        const Schema schema = kSchemas[what % std::size(kSchemas)];
        const bool frames = schema == Schema::AWSBedrock || schema == Schema::AWSAnthropic;
        check_stream(client, schema, bytes, piece,
                     frames ? std::string(bytes) : test::unrepeated(bytes));
    }
    return 0;
}
