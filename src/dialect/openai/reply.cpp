#include <algorithm>

#include "base/encoding.h"
#include "dialect/citations.h"
#include "dialect/openai/chat.h"
#include "dialect/writer.h"

namespace weir::dialect::openai {
namespace {

HiddenReasoning hidden_block(const json::Value& block) {
    return {HiddenReasoning::Form::text, json::Value::string(std::string(block.string_at("data")))};
}

// Compatible servers say thinking as a string, an object, or Anthropic's blocks beside it.
void decode_reasoning(const json::Value& message, std::vector<Part>& parts) {
    const auto* blocks = message.find("thinking_blocks");
    if (blocks && !blocks->items().empty()) {
        for (const auto& block : blocks->items()) {
            if (block.string_at("type") == "redacted_thinking")
                parts.push_back({.body = hidden_block(block)});
            else
                parts.push_back({.body = Reasoning{std::string(block.string_at("thinking")),
                                                   std::string(block.string_at("signature"))}});
        }
        return;
    }
    const Spoken spoken = spoken_reasoning(message);
    if (!spoken.text.empty() || !spoken.signature.empty())
        parts.push_back(
            {.body = Reasoning{std::string(spoken.text), std::string(spoken.signature)}});
}

// A string, or parts of text (and of thinking, as Mistral has it).
void decode_content(const json::Value& content, std::vector<Part>& parts) {
    if (content.is_string()) parts.push_back({.body = Text{std::string(content.text())}});
    for (const auto& item : content.items()) {
        if (const auto* text = item.find("text"); text && text->is_string())
            parts.push_back({.body = Text{std::string(text->text())}});
        if (const auto* thinking = item.find("thinking"))
            for (const auto& piece : thinking->items())
                parts.push_back({.body = Reasoning{std::string(piece.string_at("text")), {}}});
    }
}

// Their places count the characters of all the content.
void decode_annotations(const json::Value& annotations, std::vector<Part>& parts, int choice,
                        std::vector<std::string>& dropped) {
    SaidText said;
    int number = 0;
    for (const auto& part : parts) {
        if (const auto* text = std::get_if<Text>(&part.body)) said.say(number, text->text);
        ++number;
    }
    for (size_t i = 0; i < annotations.items().size(); ++i) {
        auto citation = decode_annotation(annotations.items()[i]);
        const auto place = citation ? said.find_characters({citation->begin, citation->end})
                                    : std::optional<SaidText::Place>();
        if (!place) {
            dropped.push_back("/choices/" + std::to_string(choice) + "/message/annotations/" +
                              std::to_string(i));
            continue;
        }
        if (citation->begin >= 0) {
            citation->begin = place->characters.begin;
            citation->end = place->characters.end;
        }
        std::get<Text>(parts[static_cast<size_t>(place->part)].body)
            .citations.push_back(std::move(*citation));
    }
}

void decode_message(const json::Value& message, std::vector<Part>& parts, int choice,
                    std::vector<std::string>& dropped) {
    decode_reasoning(message, parts);
    if (const auto* content = message.find("content")) decode_content(*content, parts);
    for (auto& part : parts)
        part.place = {std::holds_alternative<Text>(part.body) ? "choices/0/message/content"
                                                              : "choices/0/message"};
    if (const auto* annotations = message.find("annotations"))
        decode_annotations(*annotations, parts, choice, dropped);
    if (const std::string_view refusal = message.string_at("refusal"); !refusal.empty())
        parts.push_back({.body = Refusal{std::string(refusal)}});
    const auto* calls = message.find("tool_calls");
    if (!calls) return;
    int index = -1;
    for (const auto& call : calls->items()) {
        ++index;
        const auto* function = call.find("function");
        if (!function) continue;
        parts.push_back({.body = ToolCall{std::string(call.string_at("id")),
                                          std::string(function->string_at("name")),
                                          std::string(function->string_at("arguments"))},
                         .place = {"choices/0/message/tool_calls", index}});
    }
}

// What a choice holds, sorted by where OpenAI puts it.
struct Sorted {
    std::string content;
    std::string annotations;  ///< the elements of their list, as JSON
    bool has_content = false;
    std::string refusal;
    std::vector<const ToolCall*> calls;
    std::vector<const Part*> reasoning;
};

// The pages that a text rests on; of other sources OpenAI's clients know nothing.
void add_annotations(const Part& part, const Text& text, Sorted& out,
                     std::vector<std::string>& dropped) {
    if (text.citations.empty()) return;
    const int64_t before = count_characters(out.content);
    const int64_t size = count_characters(text.text);
    bool lost = false;
    for (const auto& citation : text.citations) {
        if (!has_address(citation)) {
            lost = true;
            continue;
        }
        const auto place = place_in(citation, size);
        append_annotation(out.annotations, citation, before + place.begin, before + place.end,
                          true);
    }
    if (lost) dropped.push_back(reply_pointer(part, "citations"));
}

bool has_citations(const Choice& choice) {
    for (const auto& part : choice.parts)
        if (const auto* text = std::get_if<Text>(&part.body); text && !text->citations.empty())
            return true;
    return false;
}

Sorted sort_parts(const Choice& choice, const ReplyStyle& style,
                  std::vector<std::string>& dropped) {
    Sorted out;
    // An answer that cites comes in as many texts as it has sources: they are one.
    const bool first_only = style.first_text_only && !has_citations(choice);
    for (const auto& part : choice.parts) {
        if (const auto* text = std::get_if<Text>(&part.body)) {
            if (first_only && out.has_content) {
                dropped.push_back(reply_pointer(part));
                continue;
            }
            add_annotations(part, *text, out, dropped);
            out.content += text->text;
            out.has_content = true;
        } else if (const auto* refusal = std::get_if<Refusal>(&part.body)) {
            out.refusal += refusal->text;
        } else if (const auto* call = std::get_if<ToolCall>(&part.body)) {
            out.calls.push_back(call);
        } else if (std::holds_alternative<Reasoning>(part.body) ||
                   std::holds_alternative<HiddenReasoning>(part.body)) {
            out.reasoning.push_back(&part);
        } else {
            dropped.push_back(reply_pointer(part));
        }
    }
    return out;
}

// {"reasoningContent":{"reasoningText":{…}}} or {"reasoningContent":{"redactedContent":base64}}.
void write_nested_reasoning(Writer& w, const Part& part) {
    w.key("reasoning_content").begin_object().key("reasoningContent").begin_object();
    if (const auto* reasoning = std::get_if<Reasoning>(&part.body)) {
        w.key("reasoningText").begin_object().key("text").string(reasoning->text);
        if (!reasoning->signature.empty()) w.key("signature").string(reasoning->signature);
        w.end_object();
    } else {
        w.key("redactedContent")
            .string(base64_encode(std::get<HiddenReasoning>(part.body).data.text()));
    }
    w.end_object().end_object();
}

void write_thinking_blocks(Writer& w, const std::vector<const Part*>& parts) {
    w.key("thinking_blocks").begin_array();
    for (const auto* part : parts) {
        w.begin_object();
        if (const auto* reasoning = std::get_if<Reasoning>(&part->body)) {
            w.key("type").string("thinking").key("thinking").string(reasoning->text);
            if (!reasoning->signature.empty()) w.key("signature").string(reasoning->signature);
        } else {
            w.key("type").string("redacted_thinking").key("data");
            w.value(std::get<HiddenReasoning>(part->body).data);
        }
        w.end_object();
    }
    w.end_array();
}

void write_reasoning(Writer& w, const std::vector<const Part*>& parts, const ReplyStyle& style) {
    if (parts.empty()) return;
    if (style.nested_reasoning) {
        write_nested_reasoning(w, *parts.front());
        if (parts.size() > 1) write_thinking_blocks(w, parts);  // the object has room for one only
        return;
    }
    Reasoning all;
    for (const auto* part : parts)
        if (const auto* reasoning = std::get_if<Reasoning>(&part->body)) {
            all.text += reasoning->text;
            if (!reasoning->signature.empty()) all.signature = reasoning->signature;
        }
    if (!all.text.empty()) w.key("reasoning_content").string(all.text);
    if (!style.one_thinking_block) return write_thinking_blocks(w, parts);
    if (all.signature.empty()) return;
    const Part merged{.body = std::move(all)};
    write_thinking_blocks(w, {&merged});
}

void write_probabilities(Writer& w, const std::vector<TokenProbability>& tokens) {
    w.begin_array();
    for (const auto& token : tokens) {
        w.begin_object().key("token").string(token.token).key("logprob").value(token.logprob);
        if (!token.others.empty()) {
            w.key("top_logprobs");
            write_probabilities(w, token.others);
        }
        w.end_object();
    }
    w.end_array();
}

void write_choice(Writer& w, const Choice& choice, int index, const ReplyStyle& style,
                  std::vector<std::string>& dropped) {
    const Sorted sorted = sort_parts(choice, style, dropped);
    w.begin_object().key("index").integer(index).key("message").begin_object();
    w.key("role").string("assistant").key("content");
    if (sorted.has_content)
        w.string(sorted.content);
    else
        w.null();
    if (!sorted.refusal.empty()) w.key("refusal").string(sorted.refusal);
    if (!sorted.annotations.empty()) w.key("annotations").raw("[" + sorted.annotations + "]");
    write_reasoning(w, sorted.reasoning, style);
    if (!sorted.calls.empty()) {
        w.key("tool_calls").begin_array();
        for (const auto* call : sorted.calls) {
            w.begin_object().key("id").string(call->id).key("type").string("function");
            w.key("function").begin_object().key("name").string(call->name);
            w.key("arguments").string(call->arguments).end_object().end_object();
        }
        w.end_array();
    }
    for (const auto& unknown : choice.unknown)
        w.any_key(snake_case(unknown.key)).value(unknown.value);
    w.end_object();
    if (!choice.logprobs.empty()) {
        w.key("logprobs").begin_object().key("content");
        write_probabilities(w, choice.logprobs);
        w.end_object();
    }
    w.key("finish_reason").string(finish_reason(choice.stop, choice.stop_word)).end_object();
}

}  // namespace

Spoken spoken_reasoning(const json::Value& message) {
    for (std::string_view key : {"reasoning_content", "reasoning"}) {
        const auto* value = message.find(key);
        if (!value || value->is_null()) continue;
        if (value->is_string() && !value->text().empty()) return {value->text(), {}};
        const auto* inner = value->find("reasoningContent");
        const auto* text = inner ? inner->find("reasoningText") : value;
        if (text && text->is_object())
            return {text->string_at("text"), text->string_at("signature")};
    }
    return {};
}

std::string snake_case(std::string_view camel_case) {
    std::string out;
    for (char c : camel_case) {
        const bool upper = c >= 'A' && c <= 'Z';
        if (upper && !out.empty()) out.push_back('_');
        out.push_back(upper ? static_cast<char>(c | 0x20) : c);
    }
    return out;
}

void append_logprobs(std::string& out, const std::vector<TokenProbability>& tokens) {
    Writer w(out);
    w.begin_object().key("content");
    write_probabilities(w, tokens);
    w.end_object();
}

std::string_view finish_reason(StopReason stop, std::string_view word) {
    switch (stop) {
        case StopReason::end:
        case StopReason::stop_sequence:
        case StopReason::pause:
            return "stop";
        case StopReason::length:
            return "length";
        case StopReason::tool_calls:
            return "tool_calls";
        case StopReason::content_filter:
        case StopReason::refusal:
            return "content_filter";
        case StopReason::other:
            return word.empty() ? "error" : word;
    }
    return "stop";
}

StopReason stop_reason(std::string_view word) {
    if (word == "length") return StopReason::length;
    if (word == "tool_calls" || word == "function_call") return StopReason::tool_calls;
    if (word == "content_filter") return StopReason::content_filter;
    return StopReason::end;
}

void append_usage(std::string& out, const Usage& usage, bool details) {
    Writer w(out);
    w.begin_object().key("prompt_tokens").integer(usage.input.value_or(0));
    w.key("completion_tokens").integer(usage.output.value_or(0));
    w.key("total_tokens")
        .integer(usage.total.value_or(usage.input.value_or(0) + usage.output.value_or(0)));
    const int64_t reasoning = usage.reasoning.value_or(0);
    if (details || reasoning > 0) {
        w.key("completion_tokens_details").begin_object();
        if (reasoning > 0) w.key("reasoning_tokens").integer(reasoning);
        w.end_object();
    }
    const int64_t cached = usage.cached_input.value_or(0);
    const int64_t created = usage.cache_creation.value_or(0);
    if (details || cached > 0 || created > 0) {
        w.key("prompt_tokens_details").begin_object();
        if (cached > 0) w.key("cached_tokens").integer(cached);
        if (created > 0) w.key("cache_creation_input_tokens").integer(created);
        w.end_object();
    }
    w.end_object();
}

Result<Reply> decode_reply(json::Value body) {
    const auto* choices = body.find("choices");
    if (!choices || !choices->is_array())
        return fail(codes::dialect_response, "the provider's answer has no choices");
    Reply reply{.id = std::string(body.string_at("id")),
                .model = std::string(body.string_at("model"))};
    for (const auto& item : choices->items()) {
        Choice choice{.stop = stop_reason(item.string_at("finish_reason"))};
        if (const auto* message = item.find("message"))
            decode_message(*message, choice.parts, static_cast<int>(reply.choices.size()),
                           reply.dropped);
        reply.choices.push_back(std::move(choice));
    }
    if (const auto* usage = body.find("usage"); usage && usage->is_object())
        reply.usage = decode_usage(Dialect::openai, *usage);
    reply.service_tier = body.string_at("service_tier");
    return reply;
}

std::string encode_reply(const Reply& reply, const ReplyFrame& frame, const ReplyStyle& style,
                         std::vector<std::string>& dropped) {
    std::string out;
    out.reserve(512);
    Writer w(out);
    w.begin_object();
    if (!frame.id.empty()) w.key("id").string(frame.id);
    w.key("object").string("chat.completion");
    w.key("created").integer(frame.created).key("model").string(frame.model);
    if (!reply.choices.empty()) {  // upstream leaves an empty list out
        w.key("choices").begin_array();
        int index = 0;
        for (const auto& choice : reply.choices)
            write_choice(w, choice, index++, style, dropped);
        w.end_array();
    }
    if (reply.usage && !reply.usage->empty()) {
        w.key("usage");
        append_usage(out, *reply.usage, style.usage_details);
    }
    if (!reply.service_tier.empty()) w.key("service_tier").string(reply.service_tier);
    w.end_object();
    return out;
}

}  // namespace weir::dialect::openai
