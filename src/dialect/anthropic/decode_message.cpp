#include "dialect/anthropic/decode.h"

namespace weir::dialect::anthropic {
namespace {

using Known = std::span<const std::string_view>;

Part foreign_part(json::Value value) {
    std::string type(value.string_at("type"));
    return {.body = ForeignPart{std::move(type), std::move(value)}};
}

// Inline or by URL; false for sources that only Anthropic can open (files, lists of blocks).
bool decode_source(json::Value& block, Media& media) {
    auto* source = block.find("source");
    if (!source) return false;
    const std::string_view type = source->string_at("type");
    if (type == "url") {
        media.url = take_string(source->find("url"));
        return !media.url.empty();
    }
    if (type != "base64" && type != "text") return false;
    media.plain = type == "text";
    media.mime = take_string(source->find("media_type"));
    media.data = take_string(source->find("data"));
    return true;
}

Result<Part> decode_media(json::Value block, Media::Kind kind) {
    Media media{.kind = kind};
    if (!decode_source(block, media)) return foreign_part(std::move(block));
    media.name = take_string(block.find("title"));
    static constexpr std::string_view kKnown[] = {"type", "source", "title", "cache_control"};
    Part part{.cache = take(block, "cache_control")};
    take_unknowns(block, kKnown, part.unknown);
    part.body = std::move(media);
    return part;
}

Result<Part> decode_text(json::Value block, const std::string& where) {
    auto* text = block.find("text");
    if (!text || !text->is_string()) return invalid(where + ".text", "must be a string");
    Text body{take_string(text)};
    json::Value citations = take(block, "citations");
    for (auto& citation : citations.items())
        body.citations.push_back(decode_citation(std::move(citation)));
    static constexpr std::string_view kKnown[] = {"type", "text", "citations", "cache_control"};
    Part part{.body = std::move(body), .cache = take(block, "cache_control")};
    take_unknowns(block, kKnown, part.unknown);
    return part;
}

Result<Part> decode_tool_use(json::Value block, const std::string& where) {
    ToolCall call{take_string(block.find("id")), take_string(block.find("name")), "{}"};
    if (call.name.empty()) return invalid(where + ".name", "must be a string");
    if (const auto* input = block.find("input"); input && !input->is_null()) {
        if (!input->is_object()) return invalid(where + ".input", "must be an object");
        call.arguments = json::serialize(*input);
    }
    static constexpr std::string_view kKnown[] = {"type", "id", "name", "input", "cache_control"};
    Part part{.body = std::move(call), .cache = take(block, "cache_control")};
    take_unknowns(block, kKnown, part.unknown);
    return part;
}

Result<void> decode_content(json::Value content, const std::string& where, Place place,
                            std::vector<Part>& parts);

Result<Part> decode_tool_result(json::Value block, const std::string& where) {
    ToolResult result{.call_id = take_string(block.find("tool_use_id"))};
    if (result.call_id.empty()) return invalid(where + ".tool_use_id", "must be a string");
    json::Value content = take(block, "content");
    result.plain = content.is_string();
    if (!content.is_null())
        WEIR_CHECK(
            decode_content(std::move(content), where + ".content", {"content"}, result.content));
    static constexpr std::string_view kKnown[] = {"type", "tool_use_id", "content", "is_error",
                                                  "cache_control"};
    Part part{.cache = take(block, "cache_control")};
    if (auto* error = block.find("is_error")) {
        result.is_error = error->as_bool();
        // That it was said at all matters to nobody else.
        if (!result.is_error) part.unknown.push_back({"is_error", *error});
    }
    take_unknowns(block, kKnown, part.unknown);
    part.body = std::move(result);
    return part;
}

Result<Part> decode_thinking_block(json::Value block) {
    static constexpr std::string_view kKnown[] = {"type", "thinking", "signature", "data",
                                                  "cache_control"};
    Part part{.cache = take(block, "cache_control")};
    if (block.string_at("type") == "thinking")
        part.body =
            Reasoning{take_string(block.find("thinking")), take_string(block.find("signature"))};
    else
        part.body = HiddenReasoning{HiddenReasoning::Form::text, take(block, "data")};
    take_unknowns(block, kKnown, part.unknown);
    return part;
}

Result<Part> decode_block(json::Value block, const std::string& where) {
    if (!block.is_object()) return invalid(where, "must be an object");
    const std::string_view type = block.string_at("type");
    if (type.empty()) return invalid(where + ".type", "must be a string");
    if (type == "text") return decode_text(std::move(block), where);
    if (type == "image") return decode_media(std::move(block), Media::Kind::image);
    if (type == "document") return decode_media(std::move(block), Media::Kind::document);
    if (type == "tool_use") return decode_tool_use(std::move(block), where);
    if (type == "tool_result") return decode_tool_result(std::move(block), where);
    if (type == "thinking" || type == "redacted_thinking")
        return decode_thinking_block(std::move(block));
    return foreign_part(std::move(block));
}

// A string or a list of blocks.
Result<void> decode_content(json::Value content, const std::string& where, Place place,
                            std::vector<Part>& parts) {
    if (content.is_string()) {
        parts.push_back({.body = Text{take_string(&content)}, .place = place});
        return {};
    }
    if (!content.is_array()) return invalid(where, "must be a string or an array of blocks");
    int index = 0;
    parts.reserve(content.items().size());
    for (auto& item : content.items()) {
        WEIR_TRY(auto part, decode_block(std::move(item), at(where, index)));
        part.place = {place.member, index++};
        parts.push_back(std::move(part));
    }
    return {};
}

}  // namespace

Citation decode_citation(json::Value value) {
    struct Row {
        std::string_view type;
        Citation::Source source;
        Citation::Unit unit;
        std::string_view index;
        std::string_view from;
        std::string_view to;
    };
    using Source = Citation::Source;
    using Unit = Citation::Unit;
    static constexpr Row kRows[] = {
        {"char_location", Source::document, Unit::characters, "document_index", "start_char_index",
         "end_char_index"},
        {"page_location", Source::document, Unit::pages, "document_index", "start_page_number",
         "end_page_number"},
        {"content_block_location", Source::document, Unit::blocks, "document_index",
         "start_block_index", "end_block_index"},
        {"search_result_location", Source::result, Unit::blocks, "search_result_index",
         "start_block_index", "end_block_index"},
    };
    Citation out{.url = std::string(value.string_at("url")),
                 .title = std::string(value.string_at("title")),
                 .quote = std::string(value.string_at("cited_text"))};
    if (out.title.empty()) out.title = value.string_at("document_title");
    if (out.url.empty()) out.url = value.string_at("source");
    const auto number = [&](std::string_view key, int64_t other) {
        const auto* found = value.find(key);
        return found ? found->as_int().value_or(other) : other;
    };
    for (const auto& row : kRows) {
        if (row.type != value.string_at("type")) continue;
        out.source = row.source;
        out.unit = row.unit;
        out.index = number(row.index, -1);
        out.from = number(row.from, 0);
        out.to = number(row.to, 0);
    }
    out.whole = std::move(value);
    return out;
}

Result<Message> decode_system(json::Value value) {
    Message message{.role = Role::system, .index = -1, .member = "system"};
    WEIR_CHECK(decode_content(std::move(value), "system", {}, message.parts));
    return message;
}

Result<Message> decode_message(json::Value value, int index) {
    const std::string where = at("messages", index);
    if (!value.is_object()) return invalid(where, "must be an object");
    Message message{.index = index};
    const std::string_view role = value.string_at("role");
    if (role == "assistant")
        message.role = Role::assistant;
    else if (role == "system")  // newer models take instructions in the middle
        message.role = Role::system;
    else if (role != "user")
        return invalid(where + ".role", "must be user or assistant");
    static constexpr std::string_view kKnown[] = {"role", "content"};
    take_unknowns(value, kKnown, message.unknown);
    WEIR_CHECK(
        decode_content(take(value, "content"), where + ".content", {"content"}, message.parts));
    return message;
}

}  // namespace weir::dialect::anthropic
