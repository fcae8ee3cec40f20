#include <algorithm>

#include "dialect/citations.h"
#include "dialect/cohere/chat.h"
#include "dialect/encode_common.h"
#include "dialect/writer.h"

namespace weir::dialect::cohere {
namespace {

void decode_content(const json::Value& content, std::vector<Part>& parts,
                    std::vector<std::string>& dropped) {
    if (content.is_string()) {
        parts.push_back({.body = Text{std::string(content.text())}, .place = {"message/content"}});
        return;
    }
    int index = 0;
    for (const auto& block : content.items()) {
        Part part{.place = {"message/content", index}};
        if (block.string_at("type") == "text")
            part.body = Text{std::string(block.string_at("text"))};
        else if (block.string_at("type") == "thinking")
            part.body = Reasoning{std::string(block.string_at("thinking")), {}};
        else
            part.body = ForeignPart{};
        if (std::holds_alternative<ForeignPart>(part.body))
            dropped.push_back("/message/content/" + std::to_string(index));
        else
            parts.push_back(std::move(part));
        ++index;
    }
}

// Each says which content it is about; what is not about a text (a plan, thinking) is lost.
void take_citations(const json::Value& message, std::vector<Part>& parts,
                    std::vector<std::string>& dropped) {
    const auto* citations = message.find("citations");
    if (!citations) return;
    int index = 0;
    for (const auto& citation : citations->items()) {
        const auto* number = citation.find("content_index");
        const auto content = number ? number->as_int() : std::nullopt;
        const auto type = citation.string_at("type");
        Text* about = nullptr;
        for (auto& part : parts) {
            auto* text = std::get_if<Text>(&part.body);
            const bool here = !content || part.place.index < 0 || part.place.index == *content;
            if (text && !about && here && (type.empty() || type == "TEXT_CONTENT")) about = text;
        }
        auto decoded = decode_citations(citation);
        if (!about || decoded.empty())
            dropped.push_back("/message/citations/" + std::to_string(index));
        else
            for (auto& each : decoded)
                about->citations.push_back(std::move(each));
        ++index;
    }
}

std::vector<TokenProbability> decode_logprobs(const json::Value& body) {
    std::vector<TokenProbability> out;
    const auto* list = body.find("logprobs");
    if (!list) return out;
    for (const auto& item : list->items()) {
        const auto* values = item.find("logprobs");
        if (!values || values->items().size() != 1) continue;  // of several tokens in one
        out.push_back({std::string(item.string_at("text")), values->items()[0], {}});
    }
    return out;
}

// What becomes a content; null for other parts.
const std::string* words_of(const Part& part) {
    if (const auto* text = std::get_if<Text>(&part.body)) return &text->text;
    if (const auto* refusal = std::get_if<Refusal>(&part.body)) return &refusal->text;
    if (const auto* reasoning = std::get_if<Reasoning>(&part.body)) return &reasoning->text;
    return nullptr;
}

void write_content(Writer& w, const Choice& choice) {
    bool open = false;
    for (const auto& part : choice.parts) {
        const auto* reasoning = std::get_if<Reasoning>(&part.body);
        const std::string* words = words_of(part);
        if (!words || words->empty()) continue;
        if (!open) w.key("content").begin_array();
        open = true;
        w.begin_object().key("type").string(reasoning ? "thinking" : "text");
        w.key(reasoning ? "thinking" : "text").string(*words).end_object();
    }
    if (open) w.end_array();
}

bool write_calls(Writer& w, const Choice& choice) {
    bool open = false;
    for (const auto& part : choice.parts) {
        const auto* call = std::get_if<ToolCall>(&part.body);
        if (!call) continue;
        if (!open) w.key("tool_calls").begin_array();
        open = true;
        w.begin_object().key("id").string(call->id).key("type").string("function");
        w.key("function").begin_object().key("name").string(call->name);
        w.key("arguments").string(call->arguments).end_object().end_object();
    }
    if (open) w.end_array();
    return open;
}

// What a client is not told, as pointers into the provider's body.
void drop_parts(const Choice& choice, std::vector<std::string>& dropped) {
    for (const auto& part : choice.parts) {
        const auto* reasoning = std::get_if<Reasoning>(&part.body);
        if (reasoning && !reasoning->signature.empty())
            dropped.push_back(
                reply_pointer(part, reasoning->text.empty() ? std::string_view() : "signature"));
        else if (std::holds_alternative<HiddenReasoning>(part.body))
            dropped.push_back(reply_pointer(part));
    }
    drop_unknowns(choice, dropped);
}

// Beside the contents; places count the characters of one content.
void write_citations(Writer& w, const Choice& choice, std::string& out,
                     std::vector<std::string>& dropped) {
    int content = 0;
    bool open = false;
    for (const auto& part : choice.parts) {
        const std::string* words = words_of(part);
        if (!words || words->empty()) continue;
        const auto* text = std::get_if<Text>(&part.body);
        const size_t count = text ? std::min(text->citations.size(), kMaxCitations) : 0;
        for (size_t i = 0; i < count; ++i) {
            if (!open) w.key("citations").begin_array();
            open = true;
            append_citation(out, text->citations[i], *words, content);
        }
        if (text && count < text->citations.size())
            dropped.push_back(reply_pointer(part, "citations"));
        ++content;
    }
    if (open) w.end_array();
}

void write_logprobs(Writer& w, const std::vector<TokenProbability>& tokens) {
    if (tokens.empty()) return;
    w.key("logprobs").begin_array();
    for (const auto& token : tokens) {
        w.begin_object().key("token_ids").begin_array().end_array();
        w.key("text").string(token.token);
        w.key("logprobs").begin_array().value(token.logprob).end_array().end_object();
    }
    w.end_array();
}

}  // namespace

std::string_view finish_reason(StopReason stop, bool tools) {
    switch (stop) {
        case StopReason::end:
        case StopReason::pause:
            return tools ? "TOOL_CALL" : "COMPLETE";  // some providers call tools and say "stop"
        case StopReason::stop_sequence:
            return "STOP_SEQUENCE";
        case StopReason::length:
            return "MAX_TOKENS";
        case StopReason::tool_calls:
            return "TOOL_CALL";
        case StopReason::content_filter:
        case StopReason::refusal:
        case StopReason::other:  // Cohere has one word for an answer that is not one
            return "ERROR";
    }
    return "COMPLETE";
}

std::optional<StopReason> stop_reason(std::string_view word) {
    if (word == "COMPLETE") return StopReason::end;
    if (word == "STOP_SEQUENCE") return StopReason::stop_sequence;
    if (word == "MAX_TOKENS") return StopReason::length;
    if (word == "TOOL_CALL") return StopReason::tool_calls;
    return std::nullopt;
}

void append_usage(std::string& out, const Usage& usage) {
    Writer w(out);
    w.begin_object();
    for (std::string_view kind : {"billed_units", "tokens"}) {
        w.key(kind).begin_object().key("input_tokens").integer(usage.input.value_or(0));
        w.key("output_tokens").integer(usage.output.value_or(0)).end_object();
    }
    if (const int64_t cached = usage.cached_input.value_or(0); cached > 0)
        w.key("cached_tokens").integer(cached);
    w.end_object();
}

Result<Reply> decode_reply(json::Value body) {
    const auto* message = body.find("message");
    if (!message || !message->is_object())
        return fail(codes::dialect_response, "the provider's answer has no message");
    const auto stop = stop_reason(body.string_at("finish_reason"));
    if (!stop)
        return fail(codes::dialect_response, "the provider's answer says that it is not complete");
    Reply reply{.id = std::string(body.string_at("id")),
                .model = std::string(body.string_at("model"))};
    Choice choice{.stop = *stop};
    if (const auto plan = message->string_at("tool_plan"); !plan.empty())
        choice.parts.push_back(
            {.body = Reasoning{std::string(plan), {}}, .place = {"message/tool_plan"}});
    if (const auto* content = message->find("content"))
        decode_content(*content, choice.parts, reply.dropped);
    take_citations(*message, choice.parts, reply.dropped);
    if (const auto* calls = message->find("tool_calls")) {
        int index = 0;
        for (const auto& call : calls->items()) {
            const auto* function = call.find("function");
            if (!function) continue;
            choice.parts.push_back({.body = ToolCall{std::string(call.string_at("id")),
                                                     std::string(function->string_at("name")),
                                                     std::string(function->string_at("arguments"))},
                                    .place = {"message/tool_calls", index++}});
        }
    }
    choice.logprobs = decode_logprobs(body);
    reply.choices.push_back(std::move(choice));
    if (const auto* usage = body.find("usage"); usage && usage->is_object())
        reply.usage = decode_usage(Dialect::cohere, *usage);
    return reply;
}

std::string encode_reply(const Reply& reply, const ReplyFrame& frame,
                         std::vector<std::string>& dropped) {
    static const Choice kSilence;
    const Choice& choice = reply.choices.empty() ? kSilence : reply.choices.front();
    for (size_t i = 1; i < reply.choices.size(); ++i)
        dropped.push_back("/choices/" + std::to_string(i));
    drop_parts(choice, dropped);
    std::string out;
    out.reserve(512);
    Writer w(out);
    w.begin_object().key("id").string(frame.id).key("message").begin_object();
    w.key("role").string("assistant");
    write_content(w, choice);
    const bool tools = write_calls(w, choice);
    write_citations(w, choice, out, dropped);
    w.end_object();
    w.key("finish_reason").string(finish_reason(choice.stop, tools));
    w.key("usage");
    append_usage(out, reply.usage.value_or(Usage{}));
    write_logprobs(w, choice.logprobs);
    w.end_object();
    return out;
}

}  // namespace weir::dialect::cohere
