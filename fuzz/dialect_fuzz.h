// What the fuzz targets of the dialects share.
#pragma once
#include <string>
#include <string_view>

#include "dialect/stream.h"
#include "dialect/test_streams.h"
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

// What a client gets of a stream, and the error with which it ended, if it did.
struct Translated {
    std::string out;
    std::string failure;
    friend bool operator==(const Translated&, const Translated&) = default;
};

inline Translated translate_stream(const Context& context, std::string_view bytes, size_t piece) {
    StreamTranslator stream(context);
    Translated got;
    auto note = [&](const Result<void>& result) {
        if (result || !got.failure.empty()) return;
        got.failure = result.error().code().name;
        stream.encode_error(result.error(), got.out);
    };
    while (!bytes.empty()) {
        const std::string part(bytes.substr(0, piece));
        bytes.remove_prefix(part.size());
        note(stream.feed(part, got.out));
    }
    note(stream.finish(got.out));
    require(stream.done() == got.failure.empty());
    return got;
}

inline bool events_pass(const Context& context) {
    const Dialect client = body_dialect(context.operation, context.dialect);
    return client == dialect_of(context.schema) && client != Dialect::openai;
}

// The same however the stream is split, and whether its events are recognised or read; and half of
// it can be cut. `unrepeated`: the same events, none of which repeats another.
inline Translated translate_split(const Context& context, std::string_view bytes, size_t piece,
                                  std::string_view unrepeated) {
    Translated whole = translate_stream(context, bytes, bytes.size() + 1);
    require(whole == translate_stream(context, bytes, 1));
    require(whole == translate_stream(context, bytes, 1 + piece));
    if (!events_pass(context)) require(whole == translate_stream(context, unrepeated, 4096));
    StreamTranslator cut(context);
    std::string out;
    if (cut.feed(bytes.substr(0, bytes.size() / 2), out)) cut.cut(out);
    std::string more;
    require(cut.done() || !cut.feed(bytes, more));
    return whole;
}

// Everything a client gets is JSON.
inline void check_translated(const Translated& whole, Operation operation) {
    require(whole.failure.empty() == ends_whole(operation, whole.out));
    std::string_view rest = whole.out;
    while (rest.starts_with("data: ") || rest.starts_with("event: ")) {
        const size_t end = rest.find("\n\n");
        std::string_view data = rest.substr(0, end);
        data.remove_prefix(data.find("data: ") + 6);
        require(data == "[DONE]" || json::parse(data).has_value());
        rest.remove_prefix(end + 2);
    }
}

inline void check_stream(Schema schema, std::string_view bytes, size_t piece,
                         Operation operation = Operation::chat) {
    const bool events = schema != Schema::AWSBedrock && schema != Schema::AWSAnthropic;
    check_translated(translate_split(context(schema, operation), bytes, piece,
                                     events ? test::unrepeated(bytes) : std::string(bytes)),
                     operation);
}

// Of Bedrock's Converse, whose messages are lines as test::frames() takes them.
inline void check_messages(std::string_view lines, size_t piece,
                           Operation operation = Operation::chat) {
    check_translated(translate_split(context(Schema::AWSBedrock, operation), test::frames(lines),
                                     piece, test::frames(test::unrepeated(lines))),
                     operation);
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
