#include "base/encoding.h"
#include "dialect/bedrock/converse.h"
#include "dialect/decode_common.h"

namespace weir::dialect::bedrock {
namespace {

struct Format {
    std::string_view format;
    std::string_view mime;
};
constexpr Format kDocuments[] = {
    {"pdf", "application/pdf"},
    {"csv", "text/csv"},
    {"html", "text/html"},
    {"txt", "text/plain"},
    {"md", "text/markdown"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}};

Part foreign_part(std::string type, json::Value value) {
    return {.body = ForeignPart{std::move(type), std::move(value)}};
}

// Inline only: objects in S3 are for Bedrock to open.
Part decode_media(json::Value block, std::string_view kind) {
    auto* given = block.find(kind);
    const auto* source = given->find("source");
    const auto* bytes = source ? source->find("bytes") : nullptr;
    const auto* text = source ? source->find("text") : nullptr;
    const std::string_view format = given->string_at("format");
    Media media{.name = std::string(given->string_at("name"))};
    if (kind == "image") {
        media.kind = Media::Kind::image;
        media.mime = "image/" + std::string(format == "jpg" ? "jpeg" : format);
    } else if (kind == "audio") {
        media.kind = Media::Kind::audio;
        media.mime = "audio/" + std::string(format);
    } else {
        media.kind = Media::Kind::document;
        for (const auto& row : kDocuments)
            if (row.format == format) media.mime = row.mime;
        if (text) media.mime = "text/plain";
    }
    const auto decoded = bytes ? base64_decode(bytes->text()) : std::nullopt;
    if (text) {
        media.plain = true;
        media.data = text->text();
    } else if (decoded && media.mime.starts_with("text/")) {
        media.plain = true;
        media.data = *decoded;
    } else if (bytes) {
        media.data = bytes->text();
    }
    if ((!decoded && !text) || media.mime.empty())
        return foreign_part(std::string(kind), std::move(block));
    static constexpr std::string_view kKnown[] = {"format", "source", "name"};
    Part part{.body = std::move(media)};
    part.own = block;
    take_unknowns(*given, kKnown, part.unknown);
    return part;
}

Result<Part> decode_tool_use(json::Value block, const std::string& where) {
    auto* use = block.find("toolUse");
    ToolCall call{take_string(use->find("toolUseId")), take_string(use->find("name")), "{}"};
    if (call.name.empty()) return invalid(where + ".toolUse.name", "must be a string");
    if (const auto* input = use->find("input"); input && !input->is_null()) {
        if (!input->is_object()) return invalid(where + ".toolUse.input", "must be an object");
        call.arguments = json::serialize(*input);
    }
    static constexpr std::string_view kKnown[] = {"toolUseId", "name", "input"};
    Part part{.body = std::move(call)};
    take_unknowns(*use, kKnown, part.unknown);
    return part;
}

Result<Part> decode_block(json::Value block, const std::string& where);

Result<Part> decode_tool_result(json::Value block, const std::string& where) {
    auto* given = block.find("toolResult");
    ToolResult result{.call_id = take_string(given->find("toolUseId"))};
    if (result.call_id.empty()) return invalid(where + ".toolResult.toolUseId", "must be a string");
    result.is_error = given->string_at("status") == "error";
    Part part;
    part.own = block;
    const auto* content = given->find("content");
    int index = 0;
    if (content)
        for (const auto& item : content->items()) {
            Part inner;
            if (const auto* json = item.find("json")) {
                inner.body = Text{json::serialize(*json)};
            } else {
                WEIR_TRY(inner, decode_block(item, at(where + ".toolResult.content", index)));
            }
            inner.place = {"content", index++};
            result.content.push_back(std::move(inner));
        }
    static constexpr std::string_view kKnown[] = {"toolUseId", "content", "status", "type"};
    take_unknowns(*given, kKnown, part.unknown);
    part.body = std::move(result);
    return part;
}

Part decode_reasoning(json::Value block) {
    const auto* reasoning = block.find("reasoningContent");
    if (const auto* text = reasoning->find("reasoningText"))
        return {.body = Reasoning{std::string(text->string_at("text")),
                                  std::string(text->string_at("signature"))}};
    const auto* hidden = reasoning->find("redactedContent");
    if (!hidden || !hidden->is_string()) return foreign_part("reasoningContent", std::move(block));
    return {.body = HiddenReasoning{HiddenReasoning::Form::base64, *hidden}};
}

Result<Part> decode_block(json::Value block, const std::string& where) {
    if (!block.is_object() || block.members().empty())
        return invalid(where, "must be an object that says something");
    auto is_object = [&](std::string_view key) {
        const auto* found = block.find(key);
        return found && found->is_object();
    };
    if (auto* text = block.find("text")) {
        if (!text->is_string()) return invalid(where + ".text", "must be a string");
        return Part{.body = Text{take_string(text)}};
    }
    for (std::string_view kind : {"image", "document", "audio"})
        if (is_object(kind)) return decode_media(std::move(block), kind);
    if (is_object("toolUse")) return decode_tool_use(std::move(block), where);
    if (is_object("toolResult")) return decode_tool_result(std::move(block), where);
    if (is_object("reasoningContent")) return decode_reasoning(std::move(block));
    std::string type = block.members().front().key;
    return foreign_part(std::move(type), std::move(block));
}

// A marker stands behind what it covers.
json::Value cache_of(const json::Value& point) {
    json::Value cache = json::Value::object();
    cache.set("type", json::Value::string("ephemeral"));
    for (const auto& member : point.members())
        if (member.key != "type") cache.set(member.key, member.value);
    return cache;
}

Result<void> decode_blocks(json::Value list, const std::string& where, Place place,
                           std::vector<Part>& parts) {
    if (list.is_null()) return {};
    if (!list.is_array()) return invalid(where, "must be an array");
    int index = 0;
    for (auto& item : list.items()) {
        const std::string here = at(where, index);
        if (const auto* point = item.find("cachePoint"); point && !parts.empty()) {
            parts.back().cache = cache_of(*point);
            ++index;
            continue;
        }
        WEIR_TRY(auto part, decode_block(std::move(item), here));
        part.place = {place.member, index++};
        parts.push_back(std::move(part));
    }
    return {};
}

Result<Message> decode_message(json::Value value, int index) {
    const std::string where = at("messages", index);
    if (!value.is_object()) return invalid(where, "must be an object");
    Message message{.index = index};
    const std::string_view role = value.string_at("role");
    if (role == "assistant")
        message.role = Role::assistant;
    else if (role != "user")
        return invalid(where + ".role", "must be user or assistant");
    static constexpr std::string_view kKnown[] = {"role", "content"};
    take_unknowns(value, kKnown, message.unknown);
    WEIR_CHECK(
        decode_blocks(take(value, "content"), where + ".content", {"content"}, message.parts));
    return message;
}

Result<void> decode_tools(json::Value list, Conversation& out) {
    if (!list.is_null() && !list.is_array()) return invalid("toolConfig.tools", "must be an array");
    int index = 0;
    for (auto& item : list.items()) {
        const int here = index++;
        if (const auto* point = item.find("cachePoint"); point && !out.tools.empty()) {
            out.tools.back().cache = cache_of(*point);
            continue;
        }
        Tool tool{.index = here, .member = "toolConfig/tools", .scope = "toolSpec"};
        auto* spec = item.find("toolSpec");
        if (!spec || !spec->is_object()) {
            tool.foreign = std::move(item);
            out.tools.push_back(std::move(tool));
            continue;
        }
        tool.name = take_string(spec->find("name"));
        if (tool.name.empty())
            return invalid(at("toolConfig.tools", here, "toolSpec.name"), "must be a string");
        tool.description = take_string(spec->find("description"));
        tool.strict = take(*spec, "strict");
        if (auto* schema = spec->find("inputSchema")) tool.schema = take(*schema, "json");
        static constexpr std::string_view kKnown[] = {"name", "description", "inputSchema",
                                                      "strict"};
        take_unknowns(*spec, kKnown, tool.unknown);
        out.tools.push_back(std::move(tool));
    }
    return {};
}

Result<void> decode_tool_config(json::Value config, Conversation& out) {
    using Kind = ToolChoice::Kind;
    WEIR_CHECK(decode_tools(take(config, "tools"), out));
    const auto* choice = config.find("toolChoice");
    if (!choice || choice->is_null()) return {};
    if (choice->find("auto"))
        out.tool_choice.kind = Kind::automatic;
    else if (choice->find("any"))
        out.tool_choice.kind = Kind::required;
    else if (const auto* tool = choice->find("tool"))
        out.tool_choice = {Kind::named, std::string(tool->string_at("name"))};
    else
        return invalid("toolConfig.toolChoice", "must be auto, any or tool");
    return {};
}

constexpr PlainSetting kNumbers[] = {
    {"inferenceConfig/maxTokens", &Settings::max_tokens},
    {"inferenceConfig/temperature", &Settings::temperature},
    {"inferenceConfig/topP", &Settings::top_p},
};

// What is left of an object whose known members were taken stays under its own name.
void keep_rest(std::string_view key, json::Value rest, Conversation& out) {
    if (!rest.members().empty()) out.unknown.push_back({std::string(key), std::move(rest)});
}

Result<void> decode_inference(json::Value config, Conversation& out) {
    json::Value rest = json::Value::object();
    for (auto& [key, value] : config.members()) {
        if (value.is_null()) continue;
        WEIR_TRY(const bool number,
                 decode_plain_setting("inferenceConfig/" + key, value, out.settings, kNumbers));
        if (number) continue;
        if (key == "stopSequences" && value.is_array())
            out.settings.stop = {"inferenceConfig/stopSequences", std::move(value)};
        else
            rest.set(key, std::move(value));
    }
    keep_rest("inferenceConfig", std::move(rest), out);
    return {};
}

// What only the model itself understands: Claude's own words, as far as others have some too.
Result<void> decode_additional(json::Value fields, Conversation& out) {
    Settings& s = out.settings;
    json::Value rest = json::Value::object();
    for (auto& [key, value] : fields.members()) {
        if (key == "thinking" && value.is_object()) {
            WEIR_TRY(s.thinking, decode_thinking(std::move(value)));
            s.thinking->key = "additionalModelRequestFields/thinking";
        } else if (key == "top_k" && value.is_number()) {
            s.top_k = {"additionalModelRequestFields/top_k", std::move(value)};
        } else if (key == "output_config" && value.members().size() == 1 &&
                   !value.string_at("effort").empty()) {
            s.effort = {"additionalModelRequestFields/output_config", take(value, "effort")};
        } else {
            rest.set(key, std::move(value));
        }
    }
    keep_rest("additionalModelRequestFields", std::move(rest), out);
    return {};
}

// {"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"schema":"…","name":…}}}}
Result<void> decode_output(json::Value config, Conversation& out) {
    const auto* format = config.find("textFormat");
    const auto* structure = format ? format->find("structure") : nullptr;
    const auto* schema = structure ? structure->find("jsonSchema") : nullptr;
    if (!schema || config.members().size() != 1) {
        out.unknown.push_back({"outputConfig", std::move(config)});
        return {};
    }
    ResponseFormat out_format{.kind = ResponseFormat::Kind::json_schema,
                              .name = std::string(schema->string_at("name")),
                              .strict = json::Value::boolean(true),
                              .key = "outputConfig/textFormat"};
    auto parsed = json::parse(schema->string_at("schema"));
    if (!parsed || !parsed->is_object())
        return invalid("outputConfig.textFormat.structure.jsonSchema.schema",
                       "must be the text of a JSON object");
    out_format.schema = std::move(*parsed);
    out_format.whole = std::move(config);
    out.settings.format = std::move(out_format);
    return {};
}

Result<void> decode_member(std::string_view key, json::Value& value, Conversation& out) {
    if (key == "messages" || key == "system" || key == "modelId" || value.is_null()) return {};
    const bool object = value.is_object();
    if (key == "inferenceConfig" && object) return decode_inference(std::move(value), out);
    if (key == "toolConfig" && object) return decode_tool_config(std::move(value), out);
    if (key == "additionalModelRequestFields" && object)
        return decode_additional(std::move(value), out);
    if (key == "outputConfig" && object) return decode_output(std::move(value), out);
    if (key == "serviceTier" && object)
        out.settings.service_tier = {"serviceTier", take(value, "type")};
    else
        out.unknown.push_back({std::string(key), std::move(value)});
    return {};
}

}  // namespace

Result<Conversation> decode_request(json::Value body, std::string_view model, bool stream) {
    if (!body.is_object()) return invalid("body", "must be an object");
    Conversation out{.origin = Dialect::bedrock, .model = std::string(model)};
    out.settings.stream = stream;
    out.settings.stream_usage = true;  // its streams always tell it
    if (auto system = take(body, "system"); !system.is_null()) {
        Message message{.role = Role::system, .index = -1, .member = "system"};
        WEIR_CHECK(decode_blocks(std::move(system), "system", {}, message.parts));
        out.messages.push_back(std::move(message));
    }
    WEIR_CHECK(decode_list(body, "messages", out.messages, decode_message));
    for (auto& member : body.members())
        WEIR_CHECK(decode_member(member.key, member.value, out));
    return out;
}

}  // namespace weir::dialect::bedrock
