// OpenAI Responses. Format: OpenAI API reference, "The response object" and "Streaming events".
#include <fmt/format.h>

#include "dialect/writer.h"
#include "mock/render.h"
#include "mock/text.h"

namespace weir::mock {
namespace {

using dialect::Writer;

std::string quoted(std::string_view text) {
    std::string out;
    json::append_string(out, text);
    return out;
}

std::string message_id(const Question& q) {
    return detail::make_id("msg_", q, 40, 100);
}

std::string message_item(const Question& q, std::string_view status, std::string_view parts) {
    return fmt::format(
        R"({{"id":"{}","type":"message","status":"{}","role":"assistant","content":[{}]}})",
        message_id(q), status, parts);
}
/// What the text rests on, as the elements of its annotations.
std::string annotation(const Answer& a) {
    if (!a.source || a.source->url.empty()) return {};
    return fmt::format(
        R"({{"type":"url_citation","start_index":0,"end_index":{},"url":{},"title":{}}})",
        count_characters(a.text.whole()), quoted(a.source->url), quoted(a.source->title));
}
std::string text_part(std::string_view text, std::string_view annotations = {}) {
    return fmt::format(R"({{"type":"output_text","annotations":[{}],"logprobs":[],"text":{}}})",
                       annotations, quoted(text));
}
std::string call_item(const Question& q, std::size_t i, const CalledTool& tool, bool done) {
    return fmt::format(
        R"({{"id":"{}","type":"function_call","status":"{}","call_id":"{}","name":{},"arguments":{}}})",
        detail::make_id("fc_", q, 40, 200 + i), done ? "completed" : "in_progress",
        detail::make_id("call_", q, 24, i + 1), quoted(tool.name),
        quoted(done ? tool.arguments : ""));
}

std::string reasoning_id(const Question& q) {
    return detail::make_id("rs_", q, 40, 300);
}
/// A summary only where it was asked for, and a proof where it was.
std::string reasoning_item(const Question& q, std::string_view thinking, bool done) {
    std::string id = reasoning_id(q);
    std::string out = fmt::format(R"({{"id":"{}","type":"reasoning")", id);
    if (q.sealed && done) out += fmt::format(R"(,"encrypted_content":"{}")", proof_of(id));
    out += R"(,"summary":[)";
    if (q.summary && done)
        out += fmt::format(R"({{"type":"summary_text","text":{}}})", quoted(thinking));
    return out + "]}";
}

std::string usage_text(const dialect::Usage& u) {
    return fmt::format(
        R"({{"input_tokens":{},"input_tokens_details":{{"cached_tokens":{}}},"output_tokens":{},)"
        R"("output_tokens_details":{{"reasoning_tokens":{}}},"total_tokens":{}}})",
        *u.input, *u.cached_input, *u.output, *u.reasoning, *u.total);
}

/// The response object: without output and usage while it is in progress.
std::string response(const Question& q, const Answer& a, int64_t created, bool done) {
    bool cut = done && a.stop == Answer::Stop::length;
    std::string out;
    Writer w(out);
    w.begin_object()
        .key("id")
        .string(detail::make_id("resp_", q, 40))
        .key("object")
        .string("response");
    w.key("created_at")
        .integer(created)
        .key("status")
        .string(!done ? "in_progress"
                : cut ? "incomplete"
                      : "completed");
    w.key("error")
        .null()
        .key("incomplete_details")
        .raw(cut ? R"({"reason":"max_output_tokens"})" : "null");
    w.key("instructions")
        .null()
        .key("max_output_tokens")
        .null()
        .key("model")
        .string(q.model)
        .key("output")
        .begin_array();
    if (done && !a.thinking.empty()) w.raw(reasoning_item(q, a.thinking, true));
    if (done && (a.text.size() > 0 || a.tools.empty()))
        w.raw(message_item(q, "completed", text_part(a.text.whole(), annotation(a))));
    for (std::size_t i = 0; done && i < a.tools.size(); ++i)
        w.raw(call_item(q, i, a.tools[i], true));
    w.end_array()
        .key("parallel_tool_calls")
        .boolean(q.parallel_tools)
        .key("previous_response_id")
        .null();
    w.key("reasoning")
        .raw(R"({"effort":null,"summary":null})")
        .key("store")
        .boolean(false)
        .key("temperature")
        .integer(1);
    w.key("text").raw(R"({"format":{"type":"text"}})").key("tool_choice").string("auto");
    w.key("tools")
        .begin_array()
        .end_array()
        .key("top_p")
        .integer(1)
        .key("truncation")
        .string("disabled");
    w.key("usage")
        .raw(done ? usage_text(a.usage) : "null")
        .key("user")
        .null()
        .key("metadata")
        .raw("{}")
        .end_object();
    return out;
}

/// Numbers events as they are planned.
class Events {
public:
    PlannedEvent make(std::string_view type, std::string_view rest) {
        return {std::string(type),
                fmt::format(R"({{"type":"{}","sequence_number":{},{}}})", type, number_++, rest)};
    }
    int64_t next() const { return number_; }
    void skip(uint64_t count) { number_ += static_cast<int64_t>(count); }

private:
    int64_t number_ = 0;
};

void plan_thinking(StreamPlan& plan, Events& events, const Question& q,
                   const std::string& thinking) {
    auto add = [&](std::string_view type, const std::string& rest) {
        plan.before.push_back(events.make(type, rest));
    };
    add("response.output_item.added",
        fmt::format(R"("output_index":0,"item":{})", reasoning_item(q, thinking, false)));
    if (q.summary) {
        std::string place =
            fmt::format(R"("item_id":"{}","output_index":0,"summary_index":0)", reasoning_id(q));
        std::string part = R"("part":{"type":"summary_text","text":)";
        add("response.reasoning_summary_part.added", fmt::format(R"({},{}""}})", place, part));
        PieceText pieces(thinking);
        for (uint64_t i = 0; i < pieces.size(); ++i) {
            std::string piece;
            pieces.append_piece(i, piece);
            add("response.reasoning_summary_text.delta",
                fmt::format(R"({},"delta":{})", place, quoted(piece)));
        }
        add("response.reasoning_summary_text.done",
            fmt::format(R"({},"text":{})", place, quoted(thinking)));
        add("response.reasoning_summary_part.done",
            fmt::format(R"({},{}{}}})", place, part, quoted(thinking)));
    }
    add("response.output_item.done",
        fmt::format(R"("output_index":0,"item":{})", reasoning_item(q, thinking, true)));
}

void plan_text(StreamPlan& plan, Events& events, const Question& q, const Answer& a,
               std::size_t index) {
    std::string place =
        fmt::format(R"("item_id":"{}","output_index":{},"content_index":0)", message_id(q), index);
    plan.before.push_back(events.make(
        "response.output_item.added",
        fmt::format(R"("output_index":{},"item":{})", index, message_item(q, "in_progress", ""))));
    plan.before.push_back(events.make("response.content_part.added",
                                      fmt::format(R"({},"part":{})", place, text_part(""))));
    plan.delta_name = "response.output_text.delta";
    plan.delta_prefix = R"({"type":"response.output_text.delta","sequence_number":)";
    plan.first_number = events.next();
    plan.delta_middle = fmt::format(R"(,{},"logprobs":[],"delta":)", place);
    plan.delta_suffix = "}";
    plan.text = a.text;
    events.skip(a.text.size());
    std::string whole = a.text.whole();
    const std::string cited = annotation(a);
    if (!cited.empty())
        plan.after.push_back(
            events.make("response.output_text.annotation.added",
                        fmt::format(R"({},"annotation_index":0,"annotation":{})", place, cited)));
    plan.after.push_back(
        events.make("response.output_text.done",
                    fmt::format(R"({},"logprobs":[],"text":{})", place, quoted(whole))));
    plan.after.push_back(
        events.make("response.content_part.done",
                    fmt::format(R"({},"part":{})", place, text_part(whole, cited))));
    plan.after.push_back(
        events.make("response.output_item.done",
                    fmt::format(R"("output_index":{},"item":{})", index,
                                message_item(q, "completed", text_part(whole, cited)))));
}

void plan_call(StreamPlan& plan, Events& events, const Question& q, std::size_t i,
               std::size_t index, const CalledTool& tool) {
    std::string place = fmt::format(R"("item_id":"{}","output_index":{})",
                                    detail::make_id("fc_", q, 40, 200 + i), index);
    auto add = [&](std::string_view type, const std::string& rest) {
        plan.after.push_back(events.make(type, rest));
    };
    add("response.output_item.added",
        fmt::format(R"("output_index":{},"item":{})", index, call_item(q, i, tool, false)));
    for (std::string_view left = tool.arguments; !left.empty();) {
        std::string_view part = clip(left, 12);
        left.remove_prefix(part.size());
        add("response.function_call_arguments.delta",
            fmt::format(R"({},"delta":{})", place, quoted(part)));
    }
    add("response.function_call_arguments.done",
        fmt::format(R"({},"arguments":{})", place, quoted(tool.arguments)));
    add("response.output_item.done",
        fmt::format(R"("output_index":{},"item":{})", index, call_item(q, i, tool, true)));
}

}  // namespace

std::string detail::responses_whole(const Question& q, const Answer& a, int64_t created) {
    return response(q, a, created, true);
}

StreamPlan detail::responses_stream(const Question& q, const Answer& a, int64_t created) {
    StreamPlan plan;
    Events events;
    std::string begun = fmt::format(R"("response":{})", response(q, a, created, false));
    plan.before.push_back(events.make("response.created", begun));
    plan.before.push_back(events.make("response.in_progress", begun));
    std::size_t index = 0;
    if (!a.thinking.empty()) {
        plan_thinking(plan, events, q, a.thinking);
        ++index;
    }
    if (a.text.size() > 0) plan_text(plan, events, q, a, index++);
    for (std::size_t i = 0; i < a.tools.size(); ++i)
        plan_call(plan, events, q, i, index++, a.tools[i]);
    plan.after.push_back(
        events.make(a.stop == Answer::Stop::length ? "response.incomplete" : "response.completed",
                    fmt::format(R"("response":{})", response(q, a, created, true))));
    plan.error = events.make(
        "error",
        R"("code":"server_error","message":"The mock provider failed in mid-stream, as it was told to.","param":null)");
    return plan;
}

}  // namespace weir::mock
