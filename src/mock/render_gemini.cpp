// Gemini generateContent and streamGenerateContent. Format: Vertex AI API reference,
// "GenerateContentResponse".
#include <fmt/format.h>

#include "dialect/writer.h"
#include "mock/render.h"
#include "mock/text.h"

namespace weir::mock {
namespace {

using dialect::Writer;

constexpr std::string_view kSignature = "bW9jayBzaWduYXR1cmU=";

std::string_view finish_reason(Answer::Stop stop) {
    return stop == Answer::Stop::length ? "MAX_TOKENS"
                                        : "STOP";  // calls are no reason of their own
}

std::string quoted(std::string_view text) {
    std::string out;
    json::append_string(out, text);
    return out;
}

/// The candidates' and the thoughts' tokens are counted apart.
std::string usage_text(const dialect::Usage& u) {
    return fmt::format(
        R"("usageMetadata":{{"promptTokenCount":{},"candidatesTokenCount":{},"thoughtsTokenCount":{},"cachedContentTokenCount":{},"totalTokenCount":{}}})",
        *u.input, *u.output - *u.reasoning, *u.reasoning, *u.cached_input, *u.total);
}

/// What every chunk ends with.
std::string frame_text(const Question& q) {
    return fmt::format(R"("modelVersion":{},"responseId":"{}")", quoted(q.model),
                       detail::make_id("", q, 22));
}

std::string chunk(const Question& q, std::string_view parts) {
    return fmt::format(
        R"({{"candidates":[{{"content":{{"role":"model","parts":[{}]}},"index":0}}],{}}})", parts,
        frame_text(q));
}

/// What the text of that part rests on; places are bytes.
std::string grounding_text(const Answer& a, int part) {
    if (!a.source) return {};
    return fmt::format(
        R"(,"groundingMetadata":{{"webSearchQueries":["mock"],"groundingChunks":[{{"web":{{"uri":{},"title":{}}}}}],)"
        R"("groundingSupports":[{{"segment":{{"partIndex":{},"startIndex":0,"endIndex":{}}},"groundingChunkIndices":[0]}}]}})",
        quoted(a.source->url), quoted(a.source->title), part, a.text.whole().size());
}

std::string thought_text(std::string_view thinking) {
    return fmt::format(R"({{"text":{},"thought":true}})", quoted(thinking));
}

/// The first call of an answer carries the proof of its thinking.
std::string calls_text(const Answer& a) {
    std::string out;
    for (const CalledTool& tool : a.tools)
        out += fmt::format(
            R"({}{{"functionCall":{{"name":{},"args":{}}}{}}})", out.empty() ? "" : ",",
            quoted(tool.name), tool.arguments,
            out.empty() ? fmt::format(R"(,"thoughtSignature":"{}")", kSignature) : std::string());
    return out;
}

}  // namespace

std::string detail::gemini_whole(const Question& q, const Answer& a) {
    std::string parts;
    auto add = [&](const std::string& part) {
        if (!parts.empty()) parts += ',';
        parts += part;
    };
    if (!a.thinking.empty()) add(thought_text(a.thinking));
    if (a.text.size() > 0 || a.tools.empty())
        add(fmt::format(R"({{"text":{}}})", quoted(a.text.whole())));
    if (!a.tools.empty()) add(calls_text(a));
    return fmt::format(
        R"({{"candidates":[{{"content":{{"role":"model","parts":[{}]}},"finishReason":"{}","index":0{}}}],{},{}}})",
        parts, finish_reason(a.stop), grounding_text(a, a.thinking.empty() ? 0 : 1),
        usage_text(a.usage), frame_text(q));
}

StreamPlan detail::gemini_stream(const Question& q, const Answer& a) {
    StreamPlan plan;
    plan.framing = q.json_array ? Framing::json_array : Framing::sse;
    PieceText thoughts(a.thinking);
    for (uint64_t i = 0; i < thoughts.size(); ++i) {
        std::string piece;
        thoughts.append_piece(i, piece);
        plan.before.push_back({"", chunk(q, thought_text(piece))});
    }
    plan.delta_prefix = R"({"candidates":[{"content":{"role":"model","parts":[{"text":)";
    plan.delta_suffix = R"(}]},"index":0}],)" + frame_text(q) + "}";
    plan.text = a.text;
    if (!a.tools.empty()) plan.after.push_back({"", chunk(q, calls_text(a))});
    plan.after.push_back(
        {"",
         fmt::format(
             R"({{"candidates":[{{"content":{{"role":"model","parts":[{{"text":""}}]}},"finishReason":"{}","index":0{}}}],{},{}}})",
             finish_reason(a.stop), grounding_text(a, 0), usage_text(a.usage), frame_text(q))});
    plan.error = {
        "",
        R"({"error":{"code":503,"message":"The mock provider failed in mid-stream, as it was told to.","status":"UNAVAILABLE"}})"};
    return plan;
}

}  // namespace weir::mock
