#include "dialect/stream_cut.h"

#include <charconv>

#include "dialect/sse.h"
#include "dialect/writer.h"

namespace weir::dialect {
namespace {

void openai_cut(const StreamCut& cut, std::string& out) {
    bool chat = cut.operation != Operation::completions;
    std::string data;
    Writer w(data);
    w.begin_object().key("id").string(cut.id).key("object").string(chat ? "chat.completion.chunk"
                                                                        : "text_completion");
    w.key("created").integer(cut.created).key("model").string(cut.model);
    w.key("choices").begin_array().begin_object().key("index").integer(0);
    if (chat)
        w.key("delta").begin_object().end_object();
    else
        w.key("text").string("");
    w.key("finish_reason").string("length").end_object().end_array().end_object();
    append_sse(out, {}, data);
    append_sse(out, {}, "[DONE]");
}

void responses_cut(const StreamCut& cut, std::string& out) {
    std::string data;
    Writer w(data);
    w.begin_object().key("type").string("response.incomplete").key("response").begin_object();
    w.key("id")
        .string(cut.id)
        .key("object")
        .string("response")
        .key("created_at")
        .integer(cut.created);
    w.key("status").string("incomplete").key("incomplete_details").begin_object();
    w.key("reason").string("max_output_tokens").end_object();
    w.key("model").string(cut.model).key("output").begin_array().end_array();
    w.end_object().end_object();
    append_sse(out, "response.incomplete", data);
}

/// The block that the last event with an index belongs to, if that event did not close it.
int64_t open_block(std::string_view sent) {
    constexpr std::string_view kIndex = "\"index\":";
    auto at = sent.rfind(kIndex);
    if (at == std::string_view::npos) return -1;
    auto line = sent.rfind("\ndata:", at);
    auto event = sent.substr(line == std::string_view::npos ? 0 : line);
    if (event.find("content_block_stop") != std::string_view::npos) return -1;
    int64_t index = -1;
    auto digits = sent.substr(at + kIndex.size());
    digits.remove_prefix(std::min(digits.find_first_not_of(' '), digits.size()));
    std::from_chars(digits.data(), digits.data() + digits.size(), index);
    return index;
}

void anthropic_cut(const StreamCut& cut, std::string& out) {
    if (int64_t index = open_block(cut.last); index >= 0) {
        std::string data;
        Writer w(data);
        w.begin_object().key("type").string("content_block_stop").key("index").integer(index);
        w.end_object();
        append_sse(out, "content_block_stop", data);
    }
    std::string data;
    Writer w(data);
    w.begin_object().key("type").string("message_delta").key("delta").begin_object();
    w.key("stop_reason").string("max_tokens").key("stop_sequence").null().end_object();
    w.key("usage")
        .begin_object()
        .key("output_tokens")
        .integer(static_cast<int64_t>(cut.output_tokens));
    w.end_object().end_object();
    append_sse(out, "message_delta", data);
    append_sse(out, "message_stop", R"({"type":"message_stop"})");
}

}  // namespace

void append_stream_cut(const StreamCut& cut, std::string& out) {
    switch (cut.dialect) {
        case Dialect::anthropic:
            return anthropic_cut(cut, out);
        case Dialect::gemini:
            return append_sse(out, {},
                              R"({"candidates":[{"index":0,"finishReason":"MAX_TOKENS"}]})");
        default:
            if (cut.operation == Operation::responses) return responses_cut(cut, out);
            return openai_cut(cut, out);
    }
}

}  // namespace weir::dialect
