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

inline Context context(Schema schema) {
    return {.schema = schema, .model = "m", .created = 1, .request_id = "r"};
}

// What a client gets of a stream, and how it ended.
inline std::string translate_stream(Schema schema, std::string_view bytes, size_t piece) {
    StreamTranslator stream(context(schema));
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
    require(stream.done() == out.ends_with("data: [DONE]\n\n"));
    return out + failure;
}

// Same for any split, and everything a client gets is JSON.
inline void check_stream(Schema schema, std::string_view bytes, size_t piece) {
    const std::string whole = translate_stream(schema, bytes, bytes.size() + 1);
    require(whole == translate_stream(schema, bytes, 1));
    require(whole == translate_stream(schema, bytes, 1 + piece));
    std::string_view rest = whole;
    while (rest.starts_with("data: ")) {
        const size_t end = rest.find("\n\n");
        const std::string_view data = rest.substr(6, end - 6);
        require(data == "[DONE]" || json::parse(data).has_value());
        rest.remove_prefix(end + 2);
    }
}

inline void check_reply(Schema schema, std::string_view body) {
    if (auto answer = translate_response(context(schema), body))
        require(json::parse(answer->body).has_value());
    const HeaderView headers[] = {{"x-amzn-errortype", body.substr(0, 20)}};
    const auto error = translate_error(context(schema), 500, headers, body);
    require(json::parse(error.body).has_value());
}

}  // namespace weir::dialect::fuzz
