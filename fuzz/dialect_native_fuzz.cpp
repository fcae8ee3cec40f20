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

std::string translate(const Client& client, Schema schema, std::string_view bytes, size_t piece) {
    StreamTranslator stream(context(client, schema));
    std::string out;
    std::string failure;
    auto note = [&](const weir::Result<void>& result) {
        if (result || !failure.empty()) return;
        failure = result.error().code().name;
        stream.encode_error(result.error(), out);
    };
    while (!bytes.empty()) {
        const std::string part(bytes.substr(0, piece));
        bytes.remove_prefix(part.size());
        note(stream.feed(part, out));
    }
    note(stream.finish(out));
    require(stream.done() == failure.empty());
    // What passes is the provider's own, JSON or not.
    const bool passes = body_dialect(client.operation, client.dialect) == dialect_of(schema);
    if (client.json_array && !passes) require(weir::json::parse(out).has_value());
    if (client.dialect == Dialect::bedrock && !passes) check_frames(out);
    return out + failure;
}

void check_stream(const Client& client, Schema schema, std::string_view bytes, size_t piece) {
    const std::string whole = translate(client, schema, bytes, bytes.size() + 1);
    require(whole == translate(client, schema, bytes, 1));
    require(whole == translate(client, schema, bytes, 1 + piece));
    StreamTranslator cut(context(client, schema));
    std::string out;
    if (cut.feed(bytes.substr(0, bytes.size() / 2), out)) cut.cut(out);
    std::string more;
    require(cut.done() || !cut.feed(bytes, more));
}

// Lines "EVENT JSON" and "!EXCEPTION JSON".
std::string frames(std::string_view rest) {
    std::string out;
    while (!rest.empty()) {
        const size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        const size_t space = std::min(line.find(' '), line.size());
        const std::string_view payload = line.substr(std::min(space + 1, line.size()));
        if (line.starts_with('!'))
            append_eventstream_exception(out, line.substr(1, space), payload);
        else
            append_eventstream_event(out, line.substr(0, space), payload);
    }
    return out;
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
        check_stream(client, Schema::AWSBedrock, frames(bytes), piece);
    } else {
        check_stream(client, kSchemas[what % std::size(kSchemas)], bytes, piece);
    }
    return 0;
}
