// Cohere Chat, version 2. Format: docs.cohere.com, API reference, "Chat (v2)", "Chat with
// streaming (v2)".
#include <fmt/format.h>

#include "dialect/writer.h"
#include "mock/render.h"
#include "mock/text.h"

namespace weir::mock {
namespace {

using dialect::Writer;

std::string_view finish_reason(Answer::Stop stop) {
    switch (stop) {
        case Answer::Stop::length:
            return "MAX_TOKENS";
        case Answer::Stop::tools:
            return "TOOL_CALL";
        default:
            return "COMPLETE";
    }
}

void put_usage(Writer& w, const Answer& a) {
    w.key("usage").begin_object();
    for (std::string_view kind : {"billed_units", "tokens"})
        w.key(kind)
            .begin_object()
            .key("input_tokens")
            .integer(*a.usage.input)
            .key("output_tokens")
            .integer(*a.usage.output)
            .end_object();
    w.end_object();
}

std::string quoted(std::string_view text) {
    std::string out;
    json::append_string(out, text);
    return out;
}

PlannedEvent event(std::string_view type, std::string_view rest) {
    return {std::string(type), fmt::format(R"({{"type":"{}",{}}})", type, rest)};
}

PlannedEvent message_event(std::string_view type, std::size_t index, std::string_view message) {
    return event(type, fmt::format(R"("index":{},"delta":{{"message":{{{}}}}})", index, message));
}

/// All of the text, which is content `index`, rests on the first document.
std::string citation(const Answer& a, int index) {
    const std::string text = a.text.whole();
    return fmt::format(
        R"({{"start":0,"end":{},"text":{},"sources":[{{"type":"document","id":"doc:0","document":{{"title":{},"text":{}}}}}],"content_index":{},"type":"TEXT_CONTENT"}})",
        count_characters(text), quoted(text), quoted(a.source->title), quoted(a.source->quote),
        index);
}

void plan_thinking(std::vector<PlannedEvent>& out, const std::string& thinking) {
    out.push_back(
        message_event("content-start", 0, R"("content":{"type":"thinking","thinking":""})"));
    PieceText pieces(thinking);
    for (uint64_t i = 0; i < pieces.size(); ++i) {
        std::string piece;
        pieces.append_piece(i, piece);
        out.push_back(message_event("content-delta", 0,
                                    fmt::format(R"("content":{{"thinking":{}}})", quoted(piece))));
    }
    out.push_back(event("content-end", R"("index":0)"));
}

void plan_tool(std::vector<PlannedEvent>& out, std::size_t index, const std::string& id,
               const CalledTool& tool) {
    out.push_back(message_event(
        "tool-call-start", index,
        fmt::format(
            R"("tool_calls":{{"id":"{}","type":"function","function":{{"name":{},"arguments":""}}}})",
            id, quoted(tool.name))));
    const std::size_t half = tool.arguments.size() / 2;
    for (std::string piece : {tool.arguments.substr(0, half), tool.arguments.substr(half)})
        if (!piece.empty())
            out.push_back(message_event(
                "tool-call-delta", index,
                fmt::format(R"("tool_calls":{{"function":{{"arguments":{}}}}})", quoted(piece))));
    out.push_back(event("tool-call-end", fmt::format(R"("index":{})", index)));
}

}  // namespace

std::string detail::cohere_chat_whole(const Question& q, const Answer& a) {
    std::string out;
    Writer w(out);
    w.begin_object().key("id").string(make_id("mock-", q, 20)).key("message").begin_object();
    w.key("role").string("assistant");
    if (!a.thinking.empty() || a.text.size() > 0) w.key("content").begin_array();
    if (!a.thinking.empty())
        w.begin_object()
            .key("type")
            .string("thinking")
            .key("thinking")
            .string(a.thinking)
            .end_object();
    if (a.text.size() > 0)
        w.begin_object().key("type").string("text").key("text").string(a.text.whole()).end_object();
    if (!a.thinking.empty() || a.text.size() > 0) w.end_array();
    if (!a.tools.empty()) {
        w.key("tool_calls").begin_array();
        for (std::size_t i = 0; i < a.tools.size(); ++i) {
            w.begin_object().key("id").string(make_id("call_", q, 20, i + 1));
            w.key("type").string("function").key("function").begin_object();
            w.key("name").string(a.tools[i].name).key("arguments").string(a.tools[i].arguments);
            w.end_object().end_object();
        }
        w.end_array();
    }
    if (a.source) w.key("citations").raw("[" + citation(a, a.thinking.empty() ? 0 : 1) + "]");
    w.end_object().key("finish_reason").string(finish_reason(a.stop));
    put_usage(w, a);
    w.end_object();
    return out;
}

StreamPlan detail::cohere_chat_stream(const Question& q, const Answer& a) {
    StreamPlan plan;
    const std::size_t index = a.thinking.empty() ? 0 : 1;  // of the text
    plan.before.push_back(
        event("message-start",
              fmt::format(R"("id":"{}","delta":{{"message":{{"role":"assistant","content":[],)"
                          R"("tool_plan":"","tool_calls":[],"citations":[]}}}})",
                          make_id("mock-", q, 20))));
    if (!a.thinking.empty()) plan_thinking(plan.before, a.thinking);
    plan.text = a.text;
    if (a.text.size() > 0) {
        plan.before.push_back(
            message_event("content-start", index, R"("content":{"type":"text","text":""})"));
        plan.delta_name = "content-delta";
        plan.delta_prefix = fmt::format(
            R"({{"type":"content-delta","index":{},"delta":{{"message":{{"content":{{"text":)",
            index);
        plan.delta_suffix = "}}}}";
        if (a.source) {
            plan.after.push_back(message_event(
                "citation-start", 0,
                fmt::format(R"("citations":{})", citation(a, static_cast<int>(index)))));
            plan.after.push_back(event("citation-end", R"("index":0)"));
        }
        plan.after.push_back(event("content-end", fmt::format(R"("index":{})", index)));
    }
    for (std::size_t i = 0; i < a.tools.size(); ++i)
        plan_tool(plan.after, i, make_id("call_", q, 20, i + 1), a.tools[i]);
    std::string end;
    Writer w(end);
    w.begin_object().key("finish_reason").string(finish_reason(a.stop));
    put_usage(w, a);
    w.end_object();
    plan.after.push_back(event("message-end", R"("delta":)" + end));
    plan.error =
        event("message-end", R"("delta":{"finish_reason":"ERROR","error":"The mock broke off."})");
    return plan;
}

}  // namespace weir::mock
