#include "dialect/stream_cut.h"

#include <charconv>

#include "dialect/cohere/stream.h"
#include "dialect/eventstream.h"
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

constexpr std::string_view kGoogleCut =
    R"({"candidates":[{"index":0,"finishReason":"MAX_TOKENS"}]})";

/// The number behind the last `key` of what was sent, if that event did not close its block.
int64_t open_block(std::string_view sent, std::string_view key, std::string_view closing) {
    auto at = sent.rfind(key);
    if (at == std::string_view::npos) return -1;
    auto line = sent.rfind("\ndata:", at);
    auto event = sent.substr(line == std::string_view::npos ? 0 : line);
    if (event.find(closing) != std::string_view::npos) return -1;
    int64_t index = -1;
    auto digits = sent.substr(at + key.size());
    digits.remove_prefix(std::min(digits.find_first_not_of(' '), digits.size()));
    std::from_chars(digits.data(), digits.data() + digits.size(), index);
    return index;
}

std::vector<CutEvent> anthropic_cut(std::string_view last, uint64_t output_tokens) {
    std::vector<CutEvent> out;
    if (int64_t index = open_block(last, "\"index\":", "content_block_stop"); index >= 0) {
        CutEvent& event = out.emplace_back(CutEvent{"content_block_stop", {}});
        Writer w(event.data);
        w.begin_object().key("type").string("content_block_stop").key("index").integer(index);
        w.end_object();
    }
    CutEvent& event = out.emplace_back(CutEvent{"message_delta", {}});
    Writer w(event.data);
    w.begin_object().key("type").string("message_delta").key("delta").begin_object();
    w.key("stop_reason").string("max_tokens").key("stop_sequence").null().end_object();
    w.key("usage").begin_object().key("output_tokens").integer(static_cast<int64_t>(output_tokens));
    w.end_object().end_object();
    out.push_back({"message_stop", R"({"type":"message_stop"})"});
    return out;
}

std::vector<CutEvent> converse_cut(std::string_view name, std::string_view data) {
    std::vector<CutEvent> out;
    const int64_t index = open_block(data, "\"contentBlockIndex\":", "contentBlockStop");
    if (name != "contentBlockStop" && index >= 0)
        out.push_back(
            {"contentBlockStop", R"({"contentBlockIndex":)" + std::to_string(index) + "}"});
    out.push_back({"messageStop", R"({"stopReason":"max_tokens"})"});
    return out;
}

void cohere_cut(std::string_view last, std::string& out) {
    for (std::string_view kind : {"content", "tool-call"}) {
        const std::string ended = std::string(kind) + "-end";
        if (last.find("\"" + std::string(kind) + "-") == std::string_view::npos) continue;
        const int64_t index = open_block(last, "\"index\":", ended);
        if (index < 0) continue;
        append_sse(out, ended,
                   R"({"type":")" + ended + R"(","index":)" + std::to_string(index) + "}");
    }
    cohere::append_message_end("MAX_TOKENS", {}, nullptr, out);
}

}  // namespace

std::vector<CutEvent> cut_events(Dialect dialect, std::string_view name, std::string_view data) {
    if (dialect == Dialect::anthropic) return anthropic_cut(data, 0);
    if (dialect == Dialect::bedrock) return converse_cut(name, data);
    return {{{}, std::string(kGoogleCut)}};
}

void append_stream_cut(const StreamCut& cut, std::string& out) {
    switch (cut.dialect) {
        case Dialect::anthropic:
            for (const auto& event : anthropic_cut(cut.last, cut.output_tokens))
                append_sse(out, event.name, event.data);
            return;
        case Dialect::gemini:
            return append_sse(out, {}, kGoogleCut);
        case Dialect::cohere:
            return cohere_cut(cut.last, out);
        case Dialect::bedrock:
            for (const auto& event : converse_cut({}, cut.last))
                append_eventstream_event(out, event.name, event.data);
            return;
        case Dialect::openai:
            if (cut.operation == Operation::responses) return responses_cut(cut, out);
            return openai_cut(cut, out);
    }
}

}  // namespace weir::dialect
