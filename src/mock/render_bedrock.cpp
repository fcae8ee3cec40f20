// Bedrock Converse and ConverseStream. Format: Amazon Bedrock API reference, "Converse",
// "ConverseStream".
#include <fmt/format.h>

#include "dialect/writer.h"
#include "mock/render.h"
#include "mock/text.h"

namespace weir::mock {
namespace {

using dialect::Writer;

constexpr std::string_view kSignature = "bW9jayBzaWduYXR1cmU=";
constexpr std::string_view kLatency = R"("metrics":{"latencyMs":1})";

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

/// inputTokens leaves out what was read from a cache or written to one.
std::string usage_text(const dialect::Usage& u) {
    return fmt::format(
        R"("usage":{{"inputTokens":{},"outputTokens":{},"totalTokens":{},"cacheReadInputTokens":{},"cacheWriteInputTokens":{}}})",
        *u.input - *u.cached_input - *u.cache_creation, *u.output, *u.total, *u.cached_input,
        *u.cache_creation);
}

std::string quoted(std::string_view text) {
    std::string out;
    json::append_string(out, text);
    return out;
}

std::string tool_id(const Question& q, std::size_t i) {
    return detail::make_id("tooluse_", q, 22, i + 1);
}

std::string delta(std::size_t index, std::string_view content) {
    return fmt::format(R"({{"contentBlockIndex":{},"delta":{}}})", index, content);
}

/// Bedrock searches nothing: it cites the documents that it is sent.
std::string citation(const Source& source) {
    return fmt::format(
        R"({{"title":{},"sourceContent":[{{"text":{}}}],"location":{{"documentChar":{{"documentIndex":0,"start":0,"end":{}}}}}}})",
        quoted(source.title), quoted(source.quote), count_characters(source.quote));
}

void plan_stop(std::vector<PlannedEvent>& out, std::size_t index) {
    out.push_back({"contentBlockStop", fmt::format(R"({{"contentBlockIndex":{}}})", index)});
}

void plan_thinking(std::vector<PlannedEvent>& out, std::size_t index, const std::string& thinking) {
    PieceText pieces(thinking);
    for (uint64_t i = 0; i < pieces.size(); ++i) {
        std::string piece;
        pieces.append_piece(i, piece);
        out.push_back(
            {"contentBlockDelta",
             delta(index, fmt::format(R"({{"reasoningContent":{{"text":{}}}}})", quoted(piece)))});
    }
    out.push_back(
        {"contentBlockDelta",
         delta(index, fmt::format(R"({{"reasoningContent":{{"signature":"{}"}}}})", kSignature))});
    plan_stop(out, index);
}

void plan_tool(std::vector<PlannedEvent>& out, std::size_t index, const std::string& id,
               const CalledTool& tool) {
    out.push_back(
        {"contentBlockStart",
         fmt::format(
             R"({{"contentBlockIndex":{},"start":{{"toolUse":{{"toolUseId":"{}","name":{}}}}}}})",
             index, id, quoted(tool.name))});
    for (std::string_view left = tool.arguments; !left.empty();) {
        std::string_view part = clip(left, 12);
        left.remove_prefix(part.size());
        out.push_back({"contentBlockDelta",
                       delta(index, fmt::format(R"({{"toolUse":{{"input":{}}}}})", quoted(part)))});
    }
    plan_stop(out, index);
}

}  // namespace

std::string detail::converse_whole(const Question& q, const Answer& a) {
    std::string out;
    Writer w(out);
    w.begin_object().key("output").begin_object().key("message").begin_object();
    w.key("role").string("assistant").key("content").begin_array();
    if (!a.thinking.empty()) {
        w.begin_object().key("reasoningContent").begin_object().key("reasoningText").begin_object();
        w.key("text")
            .string(a.thinking)
            .key("signature")
            .string(kSignature)
            .end_object()
            .end_object()
            .end_object();
    }
    if (a.source)
        w.raw(
            fmt::format(R"({{"citationsContent":{{"content":[{{"text":{}}}],"citations":[{}]}}}})",
                        quoted(a.text.whole()), citation(*a.source)));
    else if (a.text.size() > 0 || a.tools.empty())
        w.begin_object().key("text").string(a.text.whole()).end_object();
    for (std::size_t i = 0; i < a.tools.size(); ++i) {
        w.begin_object().key("toolUse").begin_object().key("toolUseId").string(tool_id(q, i));
        w.key("name")
            .string(a.tools[i].name)
            .key("input")
            .raw(a.tools[i].arguments)
            .end_object()
            .end_object();
    }
    w.end_array().end_object().end_object();
    w.key("stopReason").string(stop_reason(a.stop));
    out.append(",").append(usage_text(a.usage)).append(",").append(kLatency).append("}");
    return out;
}

StreamPlan detail::converse_stream(const Question& q, const Answer& a) {
    StreamPlan plan;
    plan.framing = Framing::eventstream;
    plan.before.push_back({"messageStart", R"({"role":"assistant"})"});
    std::size_t index = 0;
    if (!a.thinking.empty()) plan_thinking(plan.before, index++, a.thinking);
    if (a.text.size() > 0) {
        plan.delta_name = "contentBlockDelta";
        plan.delta_prefix = fmt::format(R"({{"contentBlockIndex":{},"delta":{{"text":)", index);
        plan.delta_suffix = "}}";
        plan.text = a.text;
        if (a.source)
            plan.after.push_back(
                {"contentBlockDelta",
                 delta(index, fmt::format(R"({{"citation":{}}})", citation(*a.source)))});
        plan_stop(plan.after, index++);
    }
    for (std::size_t i = 0; i < a.tools.size(); ++i)
        plan_tool(plan.after, index++, tool_id(q, i), a.tools[i]);
    plan.after.push_back(
        {"messageStop", fmt::format(R"({{"stopReason":"{}"}})", stop_reason(a.stop))});
    plan.after.push_back({"metadata", fmt::format("{{{},{}}}", usage_text(a.usage), kLatency)});
    plan.terminal = 2;
    plan.error = {"modelStreamErrorException",
                  R"({"message":"The mock provider failed in mid-stream, as it was told to."})"};
    return plan;
}

}  // namespace weir::mock
