// OpenAI chat completions and completions. Format: OpenAI API reference, "The chat completion
// object" and "The chat completion chunk object".
#include <fmt/format.h>

#include "dialect/writer.h"
#include "mock/render.h"
#include "mock/text.h"

namespace weir::mock {
namespace {

using dialect::Writer;

constexpr std::string_view kFingerprint = "fp_mock";

std::string_view finish_reason(Answer::Stop stop) {
    switch (stop) {
        case Answer::Stop::length:
            return "length";
        case Answer::Stop::tools:
            return "tool_calls";
        default:
            return "stop";
    }
}

void put_usage(Writer& w, const dialect::Usage& usage) {
    w.key("usage").begin_object();
    w.key("prompt_tokens").integer(*usage.input).key("completion_tokens").integer(*usage.output);
    w.key("total_tokens").integer(*usage.total);
    w.key("prompt_tokens_details").begin_object();
    w.key("cached_tokens").integer(*usage.cached_input).key("audio_tokens").integer(0).end_object();
    w.key("completion_tokens_details").begin_object();
    w.key("reasoning_tokens").integer(*usage.reasoning).key("audio_tokens").integer(0);
    w.key("accepted_prediction_tokens")
        .integer(0)
        .key("rejected_prediction_tokens")
        .integer(0)
        .end_object();
    w.end_object();
}

void put_call(Writer& w, const Question& q, const CalledTool& tool, std::size_t index, bool chunk) {
    w.begin_object();
    if (chunk) w.key("index").integer(static_cast<int64_t>(index));
    w.key("id").string(detail::make_id("call_", q, 24, index + 1)).key("type").string("function");
    w.key("function").begin_object().key("name").string(tool.name);
    w.key("arguments")
        .string(chunk ? std::string_view() : std::string_view(tool.arguments))
        .end_object();
    w.end_object();
}

/// Everything of an object but its choices and usage.
void put_head(Writer& w, const Question& q, std::string_view object, int64_t created) {
    bool chat = q.ask == Ask::chat;
    w.key("id")
        .string(detail::make_id(chat ? "chatcmpl-" : "cmpl-", q, 29))
        .key("object")
        .string(object);
    w.key("created").integer(created).key("model").string(q.model);
    if (chat) w.key("service_tier").string("default");
    w.key("system_fingerprint").string(kFingerprint);
}

/// The list of what the text rests on.
std::string annotations(const Answer& a) {
    std::string out;
    Writer w(out);
    w.begin_array();
    if (a.source && !a.source->url.empty()) {
        w.begin_object().key("type").string("url_citation").key("url_citation").begin_object();
        w.key("start_index").integer(0).key("end_index").integer(count_characters(a.text.whole()));
        w.key("title").string(a.source->title).key("url").string(a.source->url);
        w.end_object().end_object();
    }
    w.end_array();
    return out;
}

void put_message(Writer& w, const Question& q, const Answer& a) {
    w.key("message").begin_object().key("role").string("assistant").key("content");
    if (a.text.size() == 0 && !a.tools.empty())
        w.null();
    else
        w.string(a.text.whole());
    w.key("refusal").null().key("annotations").raw(annotations(a));
    if (!a.tools.empty()) {
        w.key("tool_calls").begin_array();
        for (std::size_t i = 0; i < a.tools.size(); ++i)
            put_call(w, q, a.tools[i], i, false);
        w.end_array();
    }
    w.end_object();
}

/// A chunk whose choice is `choice` (JSON), or without choices if that is empty.
std::string chunk(const Question& q, int64_t created, std::string_view choice,
                  const dialect::Usage* usage = nullptr) {
    std::string out;
    Writer w(out);
    w.begin_object();
    put_head(w, q, q.ask == Ask::chat ? "chat.completion.chunk" : "text_completion", created);
    w.key("choices").begin_array();
    if (!choice.empty()) w.raw(choice);
    w.end_array();
    if (usage)
        put_usage(w, *usage);
    else if (q.stream_usage)
        w.key("usage").null();
    w.end_object();
    return out;
}

std::string delta_choice(std::string_view delta, std::string_view finish = {}) {
    std::string out;
    Writer w(out);
    w.begin_object()
        .key("index")
        .integer(0)
        .key("delta")
        .raw(delta)
        .key("logprobs")
        .null()
        .key("finish_reason");
    finish.empty() ? w.null() : w.string(finish);
    w.end_object();
    return out;
}

void plan_tool(StreamPlan& plan, const Question& q, const CalledTool& tool, std::size_t index,
               int64_t created) {
    auto add = [&](auto&& put) {
        std::string delta;
        Writer w(delta);
        w.begin_object().key("tool_calls").begin_array();
        put(w);
        w.end_array().end_object();
        plan.after.push_back({"", chunk(q, created, delta_choice(delta))});
    };
    add([&](Writer& w) { put_call(w, q, tool, index, true); });
    for (std::size_t at = 0; at < tool.arguments.size();) {
        std::string_view piece = clip(std::string_view(tool.arguments).substr(at), 12);
        at += piece.size();
        add([&](Writer& w) {
            w.begin_object().key("index").integer(static_cast<int64_t>(index));
            w.key("function")
                .begin_object()
                .key("arguments")
                .string(piece)
                .end_object()
                .end_object();
        });
    }
}

StreamPlan completion_stream(const Question& q, const Answer& a, int64_t created) {
    StreamPlan plan;
    constexpr std::string_view kMark = "\x01";
    // A chunk with a mark where the text goes, cut there.
    auto choice = [&](std::string_view text, std::string_view finish) {
        std::string out;
        Writer w(out);
        w.begin_object()
            .key("text")
            .raw(text)
            .key("index")
            .integer(0)
            .key("logprobs")
            .null()
            .key("finish_reason");
        finish.empty() ? w.null() : w.string(finish);
        w.end_object();
        return out;
    };
    std::string delta = chunk(q, created, choice(kMark, ""));
    auto at = delta.find(kMark);
    plan.delta_prefix = delta.substr(0, at);
    plan.delta_suffix = delta.substr(at + 1);
    plan.text = a.text;
    plan.after.push_back({"", chunk(q, created, choice("\"\"", finish_reason(a.stop)))});
    return plan;
}

StreamPlan chat_stream(const Question& q, const Answer& a, int64_t created) {
    StreamPlan plan;
    std::string_view content = a.tools.empty() ? R"("")" : "null";
    plan.before.push_back(
        {"", chunk(q, created,
                   delta_choice(fmt::format(R"({{"role":"assistant","content":{},"refusal":null}})",
                                            content)))});
    constexpr std::string_view kMark = "\x01";
    std::string delta = chunk(q, created, delta_choice(fmt::format(R"({{"content":{}}})", kMark)));
    auto at = delta.find(kMark);
    plan.delta_prefix = delta.substr(0, at);
    plan.delta_suffix = delta.substr(at + 1);
    plan.text = a.text;
    if (a.source && !a.source->url.empty())
        plan.after.push_back(
            {"", chunk(q, created,
                       delta_choice(fmt::format(R"({{"annotations":{}}})", annotations(a))))});
    for (std::size_t i = 0; i < a.tools.size(); ++i)
        plan_tool(plan, q, a.tools[i], i, created);
    plan.after.push_back({"", chunk(q, created, delta_choice("{}", finish_reason(a.stop)))});
    return plan;
}

}  // namespace

std::string detail::openai_whole(const Question& q, const Answer& a, int64_t created) {
    std::string out;
    Writer w(out);
    bool chat = q.ask == Ask::chat;
    w.begin_object();
    put_head(w, q, chat ? "chat.completion" : "text_completion", created);
    w.key("choices").begin_array().begin_object().key("index").integer(0);
    if (chat)
        put_message(w, q, a);
    else
        w.key("text").string(a.text.whole());
    w.key("logprobs").null().key("finish_reason").string(finish_reason(a.stop));
    w.end_object().end_array();
    put_usage(w, a.usage);
    w.end_object();
    return out;
}

StreamPlan detail::openai_stream(const Question& q, const Answer& a, int64_t created) {
    StreamPlan plan =
        q.ask == Ask::chat ? chat_stream(q, a, created) : completion_stream(q, a, created);
    if (q.stream_usage) plan.after.push_back({"", chunk(q, created, {}, &a.usage)});
    plan.after.push_back({"", "[DONE]"});
    plan.error = {"", render_error(q.shape, 500,
                                   "The mock provider failed in mid-stream, as it was told to.")};
    return plan;
}

}  // namespace weir::mock
