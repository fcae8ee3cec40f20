#include "dialect/responses/decode_items.h"

#include "dialect/encode_common.h"

namespace weir::dialect::responses {
namespace {

constexpr std::string_view kHidden = "redacted_thinking:";  // before what only its provider reads

// Data URLs become inline data, anything else a reference (RFC 2397).
Media media_of(std::string_view url, Media::Kind kind) {
    Media media{.kind = kind, .detail_key = "detail"};
    constexpr std::string_view kBase64 = ";base64,";
    const size_t comma = url.find(kBase64);
    if (!url.starts_with("data:") || comma == std::string_view::npos) {
        media.url = url;
        return media;
    }
    media.mime = url.substr(5, comma - 5);
    media.data = url.substr(comma + kBase64.size());
    return media;
}

Part foreign_part(json::Value value) {
    std::string type(value.string_at("type"));
    return {.body = ForeignPart{std::move(type), std::move(value)}};
}

Part decode_media(json::Value value, bool image) {
    const std::string_view data = value.string_at("file_data");
    const std::string_view url = value.string_at(image ? "image_url" : "file_url");
    if (data.empty() && url.empty()) return foreign_part(std::move(value));  // a stored file
    Media media =
        media_of(data.empty() ? url : data, image ? Media::Kind::image : Media::Kind::document);
    media.detail = value.string_at("detail");
    media.name = value.string_at("filename");
    return {.body = std::move(media)};
}

Result<Part> decode_part(json::Value value, const std::string& where) {
    if (!value.is_object()) return invalid(where, "must be an object");
    const std::string_view type = value.string_at("type");
    if (type == "input_text" || type == "output_text" || type == "text") {
        auto* text = value.find("text");
        if (!text || !text->is_string()) return invalid(where + ".text", "must be a string");
        return Part{.body = Text{take_string(text)}};
    }
    if (type == "refusal") return Part{.body = Refusal{take_string(value.find("refusal"))}};
    if (type == "input_image" || type == "input_file")
        return decode_media(std::move(value), type == "input_image");
    return foreign_part(std::move(value));
}

// A string or a list of parts; `place` is where they stand in their message.
Result<void> decode_content(json::Value content, const std::string& where, Place place,
                            std::vector<Part>& parts) {
    if (content.is_string()) {
        parts.push_back({.body = Text{take_string(&content)}, .place = place});
        return {};
    }
    if (!content.is_array()) return invalid(where, "must be a string or an array of parts");
    int index = 0;
    for (auto& item : content.items()) {
        WEIR_TRY(auto part, decode_part(std::move(item), at(where, index)));
        part.place = place.index < 0 ? Place{place.member, index} : place;
        ++index;
        parts.push_back(std::move(part));
    }
    return {};
}

// Words, with the proof beside them; or a proof alone.
Part decode_reasoning(const json::Value& item) {
    std::string text;
    for (std::string_view list : {"summary", "content"}) {
        const auto* pieces = item.find(list);
        if (!pieces || !text.empty()) continue;
        for (const auto& piece : pieces->items())
            text.append(text.empty() ? "" : "\n\n").append(piece.string_at("text"));
    }
    std::string_view proof = item.string_at("encrypted_content");
    if (proof.starts_with(kHidden)) {
        std::string data(proof.substr(kHidden.size()));
        return {.body = HiddenReasoning{HiddenReasoning::Form::text,
                                        json::Value::string(std::move(data))}};
    }
    return {.body = Reasoning{std::move(text), std::string(proof)}};
}

// The message that what an assistant did at this place belongs to.
Message& assistant(std::vector<Message>& messages) {
    if (messages.empty() || messages.back().role != Role::assistant)
        messages.push_back({.role = Role::assistant, .index = -1, .member = "input"});
    return messages.back();
}

Result<void> decode_message(json::Value item, int index, std::vector<Message>& messages) {
    const std::string where = at("input", index);
    const std::string_view role = item.string_at("role");
    json::Value content = take(item, "content");
    if (role == "assistant")
        return decode_content(std::move(content), where + ".content", {"", index},
                              assistant(messages).parts);
    Message message{.index = index, .member = "input"};
    if (role == "system" || role == "developer")
        message.role = Role::system;
    else if (role != "user")
        return invalid(where + ".role", "must be user, assistant, system or developer");
    message.developer = role == "developer";
    WEIR_CHECK(decode_content(std::move(content), where + ".content", {"content"}, message.parts));
    messages.push_back(std::move(message));
    return {};
}

Result<void> decode_output(json::Value item, int index, std::vector<Message>& messages) {
    const std::string where = at("input", index);
    ToolResult result{.call_id = take_string(item.find("call_id"))};
    if (result.call_id.empty()) return invalid(where + ".call_id", "must be a string");
    WEIR_CHECK(decode_content(take(item, "output"), where + ".output", {"output"}, result.content));
    Message message{.role = Role::tool, .index = index, .member = "input"};
    message.parts.push_back({.body = std::move(result), .place = {"output"}});
    messages.push_back(std::move(message));
    return {};
}

Result<void> decode_item(json::Value item, int index, std::vector<Message>& messages) {
    const std::string where = at("input", index);
    if (!item.is_object()) return invalid(where, "must be an object");
    const std::string_view type = item.string_at("type");
    if (type == "message" || (type.empty() && item.find("role")))
        return decode_message(std::move(item), index, messages);
    if (type == "function_call_output") return decode_output(std::move(item), index, messages);
    Part part{.place = {"", index}};
    if (type == "function_call") {
        ToolCall call{take_string(item.find("call_id")), take_string(item.find("name")),
                      take_string(item.find("arguments"))};
        if (call.name.empty()) return invalid(where + ".name", "must be a string");
        part.body = std::move(call);
    } else if (type == "reasoning") {
        part.body = decode_reasoning(item).body;
    } else if (type == "item_reference") {
        return unsupported("/input/" + std::to_string(index),
                           "references to stored items; send the items themselves");
    } else {
        part.body = foreign_part(std::move(item)).body;
    }
    assistant(messages).parts.push_back(std::move(part));
    return {};
}

}  // namespace

Result<void> decode_input(json::Value input, std::vector<Message>& messages) {
    if (input.is_string()) {
        Message message{.index = -1, .member = "input"};
        message.parts.push_back({.body = Text{take_string(&input)}, .place = {"", -1}});
        messages.push_back(std::move(message));
        return {};
    }
    if (!input.is_array()) return invalid("input", "must be a string or an array of items");
    int index = 0;
    for (auto& item : input.items())
        WEIR_CHECK(decode_item(std::move(item), index++, messages));
    return {};
}

}  // namespace weir::dialect::responses
