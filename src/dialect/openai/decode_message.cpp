#include <algorithm>

#include "dialect/openai/decode.h"

namespace weir::dialect::openai {
namespace {

// "data:image/png;base64,AAAA" becomes inline data, anything else a reference (RFC 2397).
Media media_from_url(std::string_view url, Media::Kind kind) {
    Media media{.kind = kind};
    if (!url.starts_with("data:")) {
        if (url.ends_with(".pdf")) media.kind = Media::Kind::document;
        media.url = url;
        return media;
    }
    url.remove_prefix(5);
    const size_t comma = url.find(',');
    std::string_view mime = url.substr(0, comma);
    if (mime.ends_with(";base64")) mime.remove_suffix(7);
    media.mime = mime.substr(0, mime.find(';'));
    if (media.mime == "application/pdf") media.kind = Media::Kind::document;
    if (comma != std::string_view::npos) media.data = url.substr(comma + 1);
    return media;
}

/// {"file_data": "data:…", "filename": …}. Nothing for a file that is stored at OpenAI, and for
/// what could not be written again as it was.
std::optional<Media> media_from_file(const json::Value& file) {
    const std::string_view url = file.string_at("file_data");
    const json::Value* name = file.find("filename");
    const bool named = name && !name->text().empty();
    if (file.members().size() != (named ? 2 : 1)) return std::nullopt;
    Media media = media_from_url(url, Media::Kind::file);
    if ("data:" + media.mime + ";base64," + media.data != url) return std::nullopt;
    if (named) media.name = name->text();
    media.detail_key = kFileKey;
    return media;
}

Part foreign_part(json::Value value) {
    std::string type(value.string_at("type"));
    return {.body = ForeignPart{std::move(type), std::move(value)}};
}

HiddenReasoning hidden_part(json::Value& value) {
    if (auto* data = value.find("data")) return {HiddenReasoning::Form::text, std::move(*data)};
    json::Value data = take(value, "redactedContent");
    const auto form = data.is_array() ? HiddenReasoning::Form::bytes : HiddenReasoning::Form::text;
    return {form, std::move(data)};
}

Result<Part> decode_part(json::Value value, const std::string& where) {
    if (!value.is_object()) return invalid(where, "must be an object");
    const std::string_view type = value.string_at("type");
    Part part;
    if (type == "text" || type == "input_text") {
        auto* text = value.find("text");
        if (!text || !text->is_string()) return invalid(where + ".text", "must be a string");
        part.body = Text{take_string(text)};
    } else if (type == "image_url") {
        const auto* image = value.find("image_url");
        if (!image || image->string_at("url").empty())
            return invalid(where + ".image_url.url", "must be a string");
        Media media = media_from_url(image->string_at("url"), Media::Kind::image);
        media.detail = image->string_at("detail");
        part.body = std::move(media);
    } else if (const auto* file = value.find("file"); type == "file" && file) {
        auto media = media_from_file(*file);
        if (!media) return foreign_part(std::move(value));
        part.body = std::move(*media);
    } else if (const auto* sound = value.find("input_audio"); type == "input_audio" && sound) {
        part.body = Media{.kind = Media::Kind::audio,
                          .mime = "audio/" + std::string(sound->string_at("format")),
                          .data = std::string(sound->string_at("data"))};
    } else if (type == "refusal") {
        part.body = Refusal{take_string(value.find("refusal"))};
    } else if (type == "thinking") {
        // "text" is upstream's name for it, "thinking" Anthropic's.
        std::string text = take_string(value.find(value.find("text") ? "text" : "thinking"));
        part.body = Reasoning{std::move(text), take_string(value.find("signature"))};
    } else if (type == "redacted_thinking") {
        part.body = hidden_part(value);
    } else {
        json::Value cache = take(value, "cache_control");
        part = foreign_part(std::move(value));
        part.cache = std::move(cache);
        return part;
    }
    part.cache = take(value, "cache_control");
    return part;
}

// A string, a list of parts, one part, or nothing.
Result<void> decode_content(json::Value content, const std::string& where,
                            std::vector<Part>& parts) {
    if (content.is_null()) return {};
    if (content.is_string()) {
        parts.push_back({.body = Text{take_string(&content)}, .place = {"content"}});
        return {};
    }
    if (content.is_object()) {
        WEIR_TRY(auto part, decode_part(std::move(content), where));
        part.place = {"content"};
        parts.push_back(std::move(part));
        return {};
    }
    if (!content.is_array()) return invalid(where, "must be a string or an array of parts");
    int index = 0;
    parts.reserve(content.items().size());
    for (auto& item : content.items()) {
        WEIR_TRY(auto part, decode_part(std::move(item), at(where, index)));
        part.place = {"content", index++};
        parts.push_back(std::move(part));
    }
    return {};
}

Result<void> decode_tool_calls(json::Value calls, const std::string& where,
                               std::vector<Part>& parts) {
    if (calls.is_null()) return {};
    if (!calls.is_array()) return invalid(where, "must be an array");
    int index = 0;
    for (auto& call : calls.items()) {
        auto* function = call.find("function");
        if (!function || !function->is_object())
            return invalid(at(where, index), "must have a function");
        Part part{.place = {"tool_calls", index++}, .cache = take(call, "cache_control")};
        part.body = ToolCall{take_string(call.find("id")), take_string(function->find("name")),
                             take_string(function->find("arguments"))};
        parts.push_back(std::move(part));
    }
    return {};
}

// What our own answers carry: a string, or the nested object of upstream's Anthropic path.
void decode_reasoning_content(json::Value value, std::vector<Part>& parts) {
    Part part{.place = {"reasoning_content"}};
    if (value.is_string()) {
        if (value.text().empty()) return;
        part.body = Reasoning{take_string(&value), {}};
    } else if (auto* content = value.find("reasoningContent")) {
        if (auto* text = content->find("reasoningText")) {
            part.body =
                Reasoning{take_string(text->find("text")), take_string(text->find("signature"))};
        } else if (auto* hidden = content->find("redactedContent")) {
            part.body = HiddenReasoning{HiddenReasoning::Form::base64, std::move(*hidden)};
        } else {
            return;
        }
    } else {
        return;
    }
    parts.push_back(std::move(part));
}

void decode_thinking_blocks(json::Value blocks, std::string_view spoken, std::vector<Part>& parts) {
    int index = 0;
    for (auto& block : blocks.items()) {
        Part part{.place = {"thinking_blocks", index++}};
        if (block.string_at("type") == "redacted_thinking") {
            part.body = hidden_part(block);
        } else {
            Reasoning reasoning{take_string(block.find("thinking")),
                                take_string(block.find("signature"))};
            // A client that joined our stream has the words in reasoning_content, the proof here.
            if (reasoning.text.empty() && blocks.items().size() == 1) reasoning.text = spoken;
            part.body = std::move(reasoning);
        }
        parts.push_back(std::move(part));
    }
}

Result<Message> decode_assistant(json::Value& value, Message message, const std::string& where) {
    json::Value reasoning = take(value, "reasoning_content");
    json::Value blocks = take(value, "thinking_blocks");
    if (blocks.is_array() && !blocks.items().empty())
        decode_thinking_blocks(std::move(blocks), reasoning.text(), message.parts);
    else
        decode_reasoning_content(std::move(reasoning), message.parts);
    WEIR_CHECK(decode_content(take(value, "content"), where + ".content", message.parts));
    const auto* refusal = value.find("refusal");
    if (refusal && !refusal->text().empty())
        message.parts.push_back(
            {.body = Refusal{std::string(refusal->text())}, .place = {"refusal"}});
    WEIR_CHECK(decode_tool_calls(take(value, "tool_calls"), where + ".tool_calls", message.parts));
    return message;
}

Result<Message> decode_tool_message(json::Value& value, Message message, const std::string& where) {
    ToolResult result{.call_id = take_string(value.find("tool_call_id"))};
    json::Value content = take(value, "content");
    if (content.is_null())
        return invalid(where + ".content", "must be a string or an array of parts");
    WEIR_CHECK(decode_content(std::move(content), where + ".content", result.content));
    message.parts.push_back({.body = std::move(result), .place = {"content"}});
    return message;
}

constexpr std::string_view kMessageMembers[] = {"role",
                                                "content",
                                                "name",
                                                "tool_calls",
                                                "tool_call_id",
                                                "refusal",
                                                "reasoning_content",
                                                "thinking_blocks",
                                                "cache_control"};

}  // namespace

Result<Message> decode_message(json::Value value, int index) {
    const std::string where = at("messages", index);
    if (!value.is_object()) return invalid(where, "must be an object");
    Message message{.index = index, .name = std::string(value.string_at("name"))};
    take_unknowns(value, kMessageMembers, message.unknown);
    json::Value cache = take(value, "cache_control");
    const std::string_view role = value.string_at("role");
    Result<Message> decoded = [&]() -> Result<Message> {
        if (role == "assistant") {
            message.role = Role::assistant;
            return decode_assistant(value, std::move(message), where);
        }
        if (role == "tool") {
            message.role = Role::tool;
            return decode_tool_message(value, std::move(message), where);
        }
        if (role == "user" || role == "system" || role == "developer") {
            message.role = role == "user" ? Role::user : Role::system;
            message.developer = role == "developer";
            json::Value content = take(value, "content");
            if (content.is_null())
                return invalid(where + ".content", "must be a string or an array of parts");
            WEIR_CHECK(decode_content(std::move(content), where + ".content", message.parts));
            return std::move(message);
        }
        return invalid(where + ".role", "must be system, developer, user, assistant or tool");
    }();
    if (decoded && !cache.is_null() && !decoded->parts.empty() &&
        decoded->parts.back().cache.is_null())
        decoded->parts.back().cache = std::move(cache);
    return decoded;
}

}  // namespace weir::dialect::openai
