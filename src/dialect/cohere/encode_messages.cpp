#include "dialect/cohere/request_encoder.h"

namespace weir::dialect::cohere {
namespace {

bool is_thinking(const Part& part) {
    return std::holds_alternative<Reasoning>(part.body) ||
           std::holds_alternative<HiddenReasoning>(part.body);
}

bool is_plan(const Part& part) {
    return part.place.member == "tool_plan";
}

}  // namespace

// Results of tools are messages of their own here, and come before what else the user says.
Result<void> RequestEncoder::write_results(const Message& message) {
    for (const auto& part : message.parts)
        if (const auto* result = std::get_if<ToolResult>(&part.body))
            WEIR_CHECK(write_result(message, part, *result));
    return {};
}

// A tool's message holds no images; they follow in the user's.
Result<void> RequestEncoder::write_result(const Message& message, const Part& part,
                                          const ToolResult& result) {
    std::vector<const Part*> parts;
    for (const auto& inner : result.content)
        if (!std::holds_alternative<Media>(inner.body)) parts.push_back(&inner);
    w_.begin_object().key("role").string("tool").key("tool_call_id").string(result.call_id);
    if (!same_ && parts.empty()) {
        w_.key("content").string(result.content.empty() ? "" : "The result follows as an image.");
    } else if (!parts.empty()) {
        w_.key("content");
        WEIR_CHECK(write_content(message, parts));
    }
    if (message.role == Role::tool) write_members(pointer(message), message.unknown);
    w_.end_object();
    if (same_) return {};
    if (result.is_error) dropped_.add(pointer(message, part) + "/is_error");
    dropped_.add_rest(message, part);
    return {};
}

Result<void> RequestEncoder::write_message(const Message& message) {
    if (message.role == Role::assistant) return write_assistant(message);
    std::vector<const Part*> parts;
    for (const auto& part : message.parts) {
        const auto* result = std::get_if<ToolResult>(&part.body);
        if (!result && is_thinking(part)) {
            dropped_.add(pointer(message, part));  // which a user does not do
            continue;
        }
        if (!result) parts.push_back(&part);
        if (!result || same_) continue;
        for (const auto& inner : result->content)
            if (std::holds_alternative<Media>(inner.body)) parts.push_back(&inner);
    }
    if (parts.empty() && (message.role == Role::tool || !message.parts.empty())) return {};
    const bool system = message.role == Role::system;
    w_.begin_object().key("role").string(system ? "system" : "user");
    if (!parts.empty() || !same_) {
        w_.key("content");
        WEIR_CHECK(write_content(message, parts));
    }
    if (same_) write_members(pointer(message), message.unknown);
    w_.end_object();
    return {};
}

// False for what stands beside the content, or has no word here.
bool RequestEncoder::is_content(const Message& message, const Part& part) {
    if (std::holds_alternative<ToolCall>(part.body) || is_plan(part)) return false;
    const bool foreign = std::holds_alternative<ForeignPart>(part.body);
    if (same_ || (!is_thinking(part) && !foreign)) return true;
    dropped_.add(pointer(message, part));
    return false;
}

Result<void> RequestEncoder::write_assistant(const Message& message) {
    std::vector<const Part*> content;
    bool calls = false;
    for (const auto& part : message.parts) {
        calls = calls || std::holds_alternative<ToolCall>(part.body);
        if (is_content(message, part)) content.push_back(&part);
    }
    if (!same_ && content.empty() && !calls) return {};
    w_.begin_object().key("role").string("assistant");
    for (const auto& part : message.parts)
        if (is_plan(part)) w_.key("tool_plan").string(std::get<Reasoning>(part.body).text);
    if (!content.empty()) {
        w_.key("content");
        WEIR_CHECK(write_content(message, content));
    }
    write_calls(message);
    if (same_) write_members(pointer(message), message.unknown);
    w_.end_object();
    return {};
}

void RequestEncoder::write_calls(const Message& message) {
    bool open = false;
    for (const auto& part : message.parts) {
        const auto* call = std::get_if<ToolCall>(&part.body);
        if (!call) continue;
        if (!open) w_.key("tool_calls").begin_array();
        open = true;
        w_.begin_object().key("id").string(call->id).key("type").string("function");
        w_.key("function").begin_object().key("name").string(call->name);
        w_.key("arguments").string(call->arguments).end_object();
        end_block(message, part);
    }
    if (open) w_.end_array();
}

// Cohere's own content keeps its form; of others' a single text is a string.
Result<void> RequestEncoder::write_content(const Message& message,
                                           const std::vector<const Part*>& parts) {
    const bool one = parts.size() == 1 && parts[0]->own.is_null();
    const auto* text = one ? std::get_if<Text>(&parts[0]->body) : nullptr;
    if (text && (!same_ || parts[0]->place.index < 0)) {
        w_.string(text->text);
        if (same_) return {};
        dropped_.add_rest(message, *parts[0]);
        return {};
    }
    w_.begin_array();
    for (const auto* part : parts)
        WEIR_CHECK(write_block(message, *part));
    w_.end_array();
    return {};
}

void RequestEncoder::end_block(const Message& message, const Part& part) {
    if (!part.cache.is_null()) dropped_.add(pointer(message, part) + "/cache_control");
    write_members(pointer(message, part), part.unknown);
    w_.end_object();
}

Result<void> RequestEncoder::write_block(const Message& message, const Part& part) {
    if (same_ && !part.own.is_null()) {
        w_.value(part.own);
        return {};
    }
    if (const auto* foreign = std::get_if<ForeignPart>(&part.body)) {
        if (!same_) return unsupported(pointer(message, part), "content of type " + foreign->type);
        w_.value(foreign->value);
        return {};
    }
    const auto* text = std::get_if<Text>(&part.body);
    const auto* refusal = std::get_if<Refusal>(&part.body);
    if (!same_ && ((text && text->text.empty()) || (refusal && refusal->text.empty()))) return {};
    w_.begin_object();
    if (text) {
        w_.key("type").string("text").key("text").string(text->text);
        dropped_.add(message, part, *text);
    } else if (refusal) {
        w_.key("type").string("text").key("text").string(refusal->text);
    } else if (const auto* reasoning = std::get_if<Reasoning>(&part.body)) {
        w_.key("type").string("thinking").key("thinking").string(reasoning->text);
    } else if (const auto* media = std::get_if<Media>(&part.body)) {
        WEIR_CHECK(write_media(message, part, *media));
    }
    end_block(message, part);
    return {};
}

Result<void> RequestEncoder::write_media(const Message& message, const Part& part,
                                         const Media& media) {
    if (media.kind == Media::Kind::document && media.plain) {
        w_.key("type").string("text").key("text").string(
            media.name.empty() ? media.data : media.name + "\n\n" + media.data);
        return {};
    }
    if (media.kind != Media::Kind::image)
        return unsupported(pointer(message, part), "anything but text and images");
    w_.key("type").string("image_url").key("image_url").begin_object().key("url");
    w_.string(media.url.empty() ? "data:" + media.mime + ";base64," + media.data : media.url);
    if (!media.detail.empty()) w_.key("detail").string(media.detail);
    w_.end_object();
    return {};
}

}  // namespace weir::dialect::cohere
