#include "base/encoding.h"
#include "dialect/openai/decode.h"
#include "dialect/openai/request_encoder.h"

namespace weir::dialect::openai {
namespace {

bool is_media(const Part& part) {
    return std::holds_alternative<Media>(part.body);
}

bool is_text(const Part& part) {
    return std::holds_alternative<Text>(part.body);
}

// The texts of a message as one.
std::string joined(const std::vector<Part>& parts) {
    std::string out;
    for (const auto& part : parts) {
        const auto* text = std::get_if<Text>(&part.body);
        if (!text || text->text.empty()) continue;
        if (!out.empty()) out.append("\n\n");
        out.append(text->text);
    }
    return out;
}

}  // namespace

// What OpenAI says beside the content of an assistant's message.
bool RequestEncoder::is_aside(const Part& part) const {
    const bool thinking = std::holds_alternative<Reasoning>(part.body) ||
                          std::holds_alternative<HiddenReasoning>(part.body);
    if (!same_ && thinking) return true;
    return part.place.member == "thinking_blocks" || part.place.member == "reasoning_content";
}

// OpenAI's own content keeps its form; of others' a single text is a string, as every server that
// calls itself compatible takes it.
bool RequestEncoder::is_plain(const std::vector<const Part*>& parts) const {
    if (parts.size() != 1 || !is_text(*parts[0])) return false;
    return same_ ? parts[0]->place.index < 0 && parts[0]->cache.is_null()
                 : !extended_ || parts[0]->cache.is_null();
}

// Results of tools are messages of their own here, and come before what else the user says.
Result<void> RequestEncoder::write_results(const Message& message) {
    for (const auto& part : message.parts)
        if (const auto* result = std::get_if<ToolResult>(&part.body))
            WEIR_CHECK(write_result(message, part, *result));
    return {};
}

// A tool's message holds text only; its images follow in the user's.
Result<void> RequestEncoder::write_result(const Message& message, const Part& part,
                                          const ToolResult& result) {
    std::vector<const Part*> parts;
    for (const auto& inner : result.content)
        if (same_ || !is_media(inner)) parts.push_back(&inner);
    w_.begin_object().key("role").string("tool").key("tool_call_id").string(result.call_id);
    w_.key("content");
    if (parts.empty() && !same_)
        w_.string(result.content.empty() ? "" : "The result follows as an image.");
    else
        WEIR_CHECK(write_content(message, parts));
    if (message.role == Role::tool) write_unknowns(pointer(message), message.unknown);
    w_.end_object();
    if (same_) return {};
    if (result.is_error) dropped_.add(pointer(message, part) + "/is_error");
    dropped_.add_rest(message, part);
    return {};
}

Result<void> RequestEncoder::write_message(const Message& message) {
    if (message.role == Role::tool) return {};
    if (message.role == Role::assistant) return write_assistant(message);
    if (message.role == Role::system && !same_) return write_system(message);
    std::vector<const Part*> rest;
    for (const auto& part : message.parts) {
        const auto* result = std::get_if<ToolResult>(&part.body);
        if (!result) rest.push_back(&part);
        if (!result || same_) continue;
        for (const auto& inner : result->content)
            if (is_media(inner)) rest.push_back(&inner);
    }
    if (rest.empty() && !message.parts.empty()) return {};
    w_.begin_object().key("role");
    if (message.role == Role::user)
        w_.string("user");
    else
        w_.string(message.developer ? "developer" : "system");
    if (!message.name.empty()) w_.key("name").string(message.name);
    w_.key("content");
    WEIR_CHECK(write_content(message, rest));
    write_unknowns(pointer(message), message.unknown);
    w_.end_object();
    return {};
}

// One string: not every compatible server takes instructions in parts.
Result<void> RequestEncoder::write_system(const Message& message) {
    bool cached = false;
    for (const auto& part : message.parts) {
        if (!is_text(part))
            return unsupported(pointer(message, part), "anything but text in a system message");
        cached = cached || !part.cache.is_null();
    }
    w_.begin_object().key("role").string("system").key("content");
    if (cached && extended_) {
        w_.begin_array();
        for (const auto& part : message.parts)
            WEIR_CHECK(write_part(message, part));
        w_.end_array();
    } else {
        w_.string(joined(message.parts));
        for (const auto& part : message.parts) {
            dropped_.add_rest(message, part);
        }
    }
    write_unknowns(pointer(message), message.unknown);
    w_.end_object();
    return {};
}

Result<void> RequestEncoder::write_assistant(const Message& message) {
    std::vector<const Part*> content;
    bool calls = false;
    for (const auto& part : message.parts) {
        const bool call = std::holds_alternative<ToolCall>(part.body);
        calls = calls || call;
        if (call || is_aside(part) || part.place.member == "refusal") continue;
        if (!same_ && std::holds_alternative<ForeignPart>(part.body)) {
            dropped_.add(pointer(message, part));  // only its provider can read it
            continue;
        }
        content.push_back(&part);
    }
    if (!same_ && content.empty() && !calls && !extended_) {
        write_thinking_blocks(message);  // reports what is lost
        return {};
    }
    w_.begin_object().key("role").string("assistant");
    if (!message.name.empty()) w_.key("name").string(message.name);
    if (!content.empty()) {
        w_.key("content");
        WEIR_CHECK(write_content(message, content));
    }
    for (const auto& part : message.parts)
        if (part.place.member == "refusal")
            w_.key("refusal").string(std::get<Refusal>(part.body).text);
    write_thinking_blocks(message);
    write_tool_calls(message);
    write_unknowns(pointer(message), message.unknown);
    w_.end_object();
    return {};
}

// What was beside the content stays beside it.
void RequestEncoder::write_thinking_blocks(const Message& message) {
    bool open = false;
    for (const auto& part : message.parts) {
        if (!is_aside(part)) continue;
        const auto* reasoning = std::get_if<Reasoning>(&part.body);
        if (part.place.member == "reasoning_content" && reasoning && reasoning->signature.empty()) {
            w_.key("reasoning_content").string(reasoning->text);
            continue;
        }
        if (!extended_) {
            dropped_.add(pointer(message, part));
            continue;
        }
        if (!open) w_.key("thinking_blocks").begin_array();
        open = true;
        write_thinking_block(part);
    }
    if (open) w_.end_array();
}

void RequestEncoder::write_thinking_block(const Part& part) {
    w_.begin_object();
    if (const auto* reasoning = std::get_if<Reasoning>(&part.body)) {
        w_.key("type").string("thinking");
        if (!reasoning->text.empty()) w_.key("thinking").string(reasoning->text);
        if (!reasoning->signature.empty()) w_.key("signature").string(reasoning->signature);
    } else if (const auto* hidden = std::get_if<HiddenReasoning>(&part.body)) {
        w_.key("type").string("redacted_thinking").key("data").value(hidden->data);
    }
    w_.end_object();
}

void RequestEncoder::write_tool_calls(const Message& message) {
    bool open = false;
    for (const auto& part : message.parts) {
        const auto* call = std::get_if<ToolCall>(&part.body);
        if (!call) continue;
        if (!open) w_.key("tool_calls").begin_array();
        open = true;
        w_.begin_object().key("id").string(call->id).key("type").string("function");
        w_.key("function").begin_object().key("name").string(call->name);
        w_.key("arguments").string(call->arguments).end_object();
        write_cache(part.cache, pointer(message, part));
        if (!same_) dropped_.add(pointer(message, part), part.unknown);
        w_.end_object();
    }
    if (open) w_.end_array();
}

Result<void> RequestEncoder::write_content(const Message& message,
                                           const std::vector<const Part*>& parts) {
    if (is_plain(parts)) {
        const Part& part = *parts[0];
        const Text& text = std::get<Text>(part.body);
        w_.string(text.text);
        if (same_) return {};
        dropped_.add_rest(message, part);
        return {};
    }
    w_.begin_array();
    for (const auto* part : parts)
        WEIR_CHECK(write_part(message, *part));
    w_.end_array();
    return {};
}

Result<void> RequestEncoder::write_part(const Message& message, const Part& part) {
    if (const auto* foreign = std::get_if<ForeignPart>(&part.body)) {
        if (!same_) return unsupported(pointer(message, part), "content of type " + foreign->type);
        w_.value(foreign->value);
        return {};
    }
    w_.begin_object();
    if (const auto* text = std::get_if<Text>(&part.body)) {
        w_.key("type").string("text").key("text").string(text->text);
        if (!same_) dropped_.add(message, part, *text);
    } else if (const auto* refusal = std::get_if<Refusal>(&part.body)) {
        w_.key("type").string("refusal").key("refusal").string(refusal->text);
    } else if (const auto* reasoning = std::get_if<Reasoning>(&part.body)) {
        w_.key("type").string("thinking");
        if (!reasoning->text.empty()) w_.key("text").string(reasoning->text);
        if (!reasoning->signature.empty()) w_.key("signature").string(reasoning->signature);
    } else if (const auto* hidden = std::get_if<HiddenReasoning>(&part.body)) {
        w_.key("type").string("redacted_thinking").key("redactedContent").value(hidden->data);
    } else if (const auto* media = std::get_if<Media>(&part.body)) {
        WEIR_CHECK(write_media(message, part, *media));
    }
    write_cache(part.cache, pointer(message, part));
    write_unknowns(pointer(message, part), part.unknown);
    w_.end_object();
    return {};
}

// OpenAI's own documents came as image_url (upstream's way) and go back so; those of others are
// files, or text where they are text.
Result<void> RequestEncoder::write_media(const Message& message, const Part& part,
                                         const Media& media) {
    if (same_ && media.detail_key == kFileKey) {
        w_.key("type").string("file").key("file").begin_object();
        if (!media.name.empty()) w_.key("filename").string(media.name);
        w_.key("file_data").string("data:" + media.mime + ";base64," + media.data).end_object();
        return {};
    }
    if (!same_ && media.kind == Media::Kind::document) {
        if (media.plain) {
            w_.key("type").string("text").key("text").string(
                media.name.empty() ? media.data : media.name + "\n\n" + media.data);
            return {};
        }
        if (!media.url.empty()) return unsupported(pointer(message, part), "documents by URL");
        w_.key("type").string("file").key("file").begin_object();
        const bool suffixed = media.name.ends_with(".pdf");
        w_.key("filename")
            .string((media.name.empty() ? "document" : media.name) + (suffixed ? "" : ".pdf"));
        w_.key("file_data").string("data:" + media.mime + ";base64," + media.data).end_object();
        return {};
    }
    if (media.kind == Media::Kind::audio && media.url.empty()) {
        w_.key("type").string("input_audio").key("input_audio").begin_object();
        const std::string_view mime = media.mime;
        w_.key("data").string(media.data);
        w_.key("format").string(mime.substr(mime.find('/') + 1)).end_object();
        return {};
    }
    if (!same_ && media.kind != Media::Kind::image)
        return unsupported(pointer(message, part), "sound or files");
    w_.key("type").string("image_url").key("image_url").begin_object();
    w_.key("url").string(!media.url.empty()   ? media.url
                         : media.data.empty() ? "data:" + media.mime
                                              : "data:" + media.mime + ";base64," + media.data);
    if (!media.detail.empty()) w_.key("detail").string(media.detail);
    w_.end_object();
    return {};
}

}  // namespace weir::dialect::openai
