// Anthropic Messages. Format: Anthropic API reference, "Messages" and "Streaming Messages".
#include <fmt/format.h>

#include "dialect/writer.h"
#include "mock/render.h"
#include "mock/text.h"

namespace weir::mock {
namespace {

using dialect::Writer;

constexpr std::string_view kSignature = "bW9jayBzaWduYXR1cmU=";  // any base64

std::string_view stop_reason(Answer::Stop stop) {
    switch (stop) {
        case Answer::Stop::length:
            return "max_tokens";
        case Answer::Stop::tools:
            return "tool_use";
        default:
            return "end_turn";
    }
}

/// Input that was neither read from a cache nor written to one is counted apart here.
void put_usage(Writer& w, const dialect::Usage& usage, int64_t output) {
    w.key("usage").begin_object();
    w.key("input_tokens").integer(*usage.input - *usage.cached_input - *usage.cache_creation);
    w.key("cache_creation_input_tokens").integer(*usage.cache_creation);
    w.key("cache_read_input_tokens").integer(*usage.cached_input);
    w.key("output_tokens").integer(output).key("service_tier").string("standard").end_object();
}

/// One entry of a text's citations.
std::string citation(const Source& source) {
    std::string out;
    Writer w(out);
    const bool page = !source.url.empty();
    w.begin_object().key("type").string(page ? "web_search_result_location" : "char_location");
    w.key("cited_text").string(source.quote);
    if (page) {
        w.key("url").string(source.url).key("title").string(source.title);
        w.key("encrypted_index").string(kSignature);
    } else {
        w.key("document_index").integer(0).key("document_title");
        source.title.empty() ? w.null() : w.string(source.title);
        w.key("start_char_index").integer(0);
        w.key("end_char_index").integer(count_characters(source.quote));
    }
    w.end_object();
    return out;
}

std::string search_id(const Question& q) {
    return detail::make_id("srvtoolu_01", q, 22, 99);
}

/// The search that found the page, and what it found.
void put_search(Writer& w, const Question& q, const Source& source) {
    w.begin_object().key("type").string("server_tool_use").key("id").string(search_id(q));
    w.key("name").string("web_search").key("input").raw(R"({"query":"mock"})").end_object();
    w.begin_object().key("type").string("web_search_tool_result");
    w.key("tool_use_id").string(search_id(q)).key("content").begin_array().begin_object();
    w.key("type").string("web_search_result").key("url").string(source.url);
    w.key("title").string(source.title).key("encrypted_content").string(kSignature);
    w.key("page_age").null().end_object().end_array().end_object();
}

void put_content(Writer& w, const Question& q, const Answer& a) {
    w.key("content").begin_array();
    if (!a.thinking.empty())
        w.begin_object()
            .key("type")
            .string("thinking")
            .key("thinking")
            .string(a.thinking)
            .key("signature")
            .string(kSignature)
            .end_object();
    if (a.source && !a.source->url.empty()) put_search(w, q, *a.source);
    if (a.text.size() > 0 || a.tools.empty()) {
        w.begin_object().key("type").string("text").key("text").string(a.text.whole());
        if (a.source) w.key("citations").raw("[" + citation(*a.source) + "]");
        w.end_object();
    }
    for (std::size_t i = 0; i < a.tools.size(); ++i) {
        w.begin_object()
            .key("type")
            .string("tool_use")
            .key("id")
            .string(detail::make_id("toolu_01", q, 22, i + 1));
        w.key("name").string(a.tools[i].name).key("input").raw(a.tools[i].arguments).end_object();
    }
    w.end_array();
}

void put_message(Writer& w, const Question& q, const Answer* a, const dialect::Usage& usage) {
    w.begin_object()
        .key("id")
        .string(detail::make_id("msg_01", q, 22))
        .key("type")
        .string("message");
    w.key("role").string("assistant").key("model").string(q.model);
    if (a) {
        put_content(w, q, *a);
        w.key("stop_reason").string(stop_reason(a->stop)).key("stop_sequence").null();
        put_usage(w, usage, *usage.output);
    } else {
        w.key("content")
            .begin_array()
            .end_array()
            .key("stop_reason")
            .null()
            .key("stop_sequence")
            .null();
        put_usage(w, usage, 1);
    }
    w.end_object();
}

PlannedEvent event(std::string_view name, std::string_view rest) {
    return {std::string(name),
            fmt::format(R"({{"type":"{}"{}{}}})", name, rest.empty() ? "" : ",", rest)};
}

std::string quoted(std::string_view text) {
    std::string out;
    json::append_string(out, text);
    return out;
}

PlannedEvent block_start(std::size_t index, std::string_view block) {
    return event("content_block_start",
                 fmt::format(R"("index":{},"content_block":{})", index, block));
}
PlannedEvent block_delta(std::size_t index, std::string_view delta) {
    return event("content_block_delta", fmt::format(R"("index":{},"delta":{})", index, delta));
}
PlannedEvent block_stop(std::size_t index) {
    return event("content_block_stop", fmt::format(R"("index":{})", index));
}

void plan_thinking(std::vector<PlannedEvent>& out, std::size_t index, const std::string& thinking) {
    out.push_back(block_start(index, R"({"type":"thinking","thinking":"","signature":""})"));
    PieceText pieces(thinking);
    for (uint64_t i = 0; i < pieces.size(); ++i) {
        std::string piece;
        pieces.append_piece(i, piece);
        out.push_back(block_delta(
            index, fmt::format(R"({{"type":"thinking_delta","thinking":{}}})", quoted(piece))));
    }
    out.push_back(block_delta(
        index, fmt::format(R"({{"type":"signature_delta","signature":"{}"}})", kSignature)));
    out.push_back(block_stop(index));
}

void plan_tool(std::vector<PlannedEvent>& out, std::size_t index, const std::string& id,
               const CalledTool& tool) {
    out.push_back(
        block_start(index, fmt::format(R"({{"type":"tool_use","id":"{}","name":{},"input":{{}}}})",
                                       id, quoted(tool.name))));
    auto piece = [&](std::string_view json) {
        out.push_back(block_delta(
            index,
            fmt::format(R"({{"type":"input_json_delta","partial_json":{}}})", quoted(json))));
    };
    piece("");
    for (std::string_view left = tool.arguments; !left.empty();) {
        std::string_view part = clip(left, 12);
        left.remove_prefix(part.size());
        piece(part);
    }
    out.push_back(block_stop(index));
}

/// The blocks of a search before the text; the index of what follows them.
std::size_t plan_search(std::vector<PlannedEvent>& out, std::size_t index, const Question& q,
                        const Source& source) {
    std::string blocks;
    Writer w(blocks);
    w.begin_array();
    put_search(w, q, source);
    w.end_array();
    const auto parsed = json::parse(blocks);
    out.push_back(block_start(
        index,
        fmt::format(R"({{"type":"server_tool_use","id":"{}","name":"web_search","input":{{}}}})",
                    search_id(q))));
    out.push_back(block_delta(
        index, R"({"type":"input_json_delta","partial_json":"{\"query\": \"mock\"}"})"));
    out.push_back(block_stop(index++));
    out.push_back(block_start(index, json::serialize(parsed->items()[1])));
    out.push_back(block_stop(index++));
    return index;
}

}  // namespace

std::string detail::anthropic_whole(const Question& q, const Answer& a) {
    std::string out;
    Writer w(out);
    put_message(w, q, &a, a.usage);
    return out;
}

StreamPlan detail::anthropic_stream(const Question& q, const Answer& a) {
    StreamPlan plan;
    plan.framing = q.aws_frames ? Framing::aws_chunks : Framing::sse;
    std::string message;
    Writer w(message);
    put_message(w, q, nullptr, a.usage);
    plan.before.push_back(event("message_start", fmt::format(R"("message":{})", message)));
    plan.before.push_back(event("ping", ""));
    std::size_t index = 0;
    if (!a.thinking.empty()) plan_thinking(plan.before, index++, a.thinking);
    if (a.text.size() > 0) {
        if (a.source && !a.source->url.empty())
            index = plan_search(plan.before, index, q, *a.source);
        plan.before.push_back(block_start(index, R"({"type":"text","text":""})"));
        plan.delta_name = "content_block_delta";
        plan.delta_prefix = fmt::format(
            R"({{"type":"content_block_delta","index":{},"delta":{{"type":"text_delta","text":)",
            index);
        plan.delta_suffix = "}}";
        plan.text = a.text;
        if (a.source)
            plan.after.push_back(block_delta(
                index,
                fmt::format(R"({{"type":"citations_delta","citation":{}}})", citation(*a.source))));
        plan.after.push_back(block_stop(index++));
    }
    for (std::size_t i = 0; i < a.tools.size(); ++i)
        plan_tool(plan.after, index++, make_id("toolu_01", q, 22, i + 1), a.tools[i]);
    plan.after.push_back(event(
        "message_delta",
        fmt::format(
            R"("delta":{{"stop_reason":"{}","stop_sequence":null}},"usage":{{"output_tokens":{}}})",
            stop_reason(a.stop), *a.usage.output)));
    plan.after.push_back(event("message_stop", ""));
    plan.error = event(
        "error",
        R"("error":{"type":"overloaded_error","message":"The mock provider failed in mid-stream, as it was told to."})");
    return plan;
}

}  // namespace weir::mock
