// What the fuzz targets of the dialects share.
#pragma once
#include <string>
#include <string_view>

#include "dialect/stream.h"
#include "dialect/translate.h"
#include "json/value.h"

namespace weir::dialect::fuzz {

inline void require(bool holds) {
    if (!holds) __builtin_trap();
}

inline Context context(Schema schema, Operation operation = Operation::chat) {
    return {.operation = operation,
            .dialect = operation == Operation::messages ? Dialect::anthropic : Dialect::openai,
            .schema = schema,
            .model = "m",
            .created = 1,
            .request_id = "r"};
}

// Whether a client's stream ended as that client expects of a whole one.
inline bool ends_whole(Operation operation, std::string_view out) {
    const size_t last = out.rfind("event: ");
    const std::string_view event = last == std::string_view::npos ? "" : out.substr(last);
    if (operation == Operation::messages) return event.starts_with("event: message_stop\n");
    if (operation == Operation::responses)
        return event.starts_with("event: response.completed\n") ||
               event.starts_with("event: response.incomplete\n");
    return out.ends_with("data: [DONE]\n\n");
}

// What a client gets of a stream, and how it ended.
inline std::string translate_stream(Schema schema, std::string_view bytes, size_t piece,
                                    Operation operation = Operation::chat) {
    StreamTranslator stream(context(schema, operation));
    std::string out;
    std::string failure;
    auto note = [&](const Result<void>& result) {
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
    require(stream.done() == ends_whole(operation, out));
    return out + failure;
}

// Same for any split, and everything a client gets is JSON.
inline void check_stream(Schema schema, std::string_view bytes, size_t piece,
                         Operation operation = Operation::chat) {
    const std::string whole = translate_stream(schema, bytes, bytes.size() + 1, operation);
    require(whole == translate_stream(schema, bytes, 1, operation));
    require(whole == translate_stream(schema, bytes, 1 + piece, operation));
    std::string_view rest = whole;
    while (rest.starts_with("data: ") || rest.starts_with("event: ")) {
        const size_t end = rest.find("\n\n");
        std::string_view data = rest.substr(0, end);
        data.remove_prefix(data.find("data: ") + 6);
        require(data == "[DONE]" || json::parse(data).has_value());
        rest.remove_prefix(end + 2);
    }
}

inline void check_reply(Schema schema, std::string_view body,
                        Operation operation = Operation::chat) {
    if (auto answer = translate_response(context(schema, operation), body))
        require(json::parse(answer->body).has_value());
    const HeaderView headers[] = {{"x-amzn-errortype", body.substr(0, 20)}};
    const auto error = translate_error(context(schema, operation), 500, headers, body);
    require(json::parse(error.body).has_value());
}

}  // namespace weir::dialect::fuzz
