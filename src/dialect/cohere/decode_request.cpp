#include "dialect/cohere/chat.h"
#include "dialect/decode_common.h"

namespace weir::dialect::cohere {
namespace {

Part foreign_part(json::Value value) {
    std::string type(value.string_at("type"));
    return {.body = ForeignPart{std::move(type), std::move(value)}};
}

// {"url":"data:image/png;base64,…","detail":"low"}, or the URL alone.
Result<Part> decode_image(json::Value block, const std::string& where) {
    const auto* image = block.find("image_url");
    const std::string_view url = image && image->is_string() ? image->text()
                                 : image                     ? image->string_at("url")
                                                             : std::string_view();
    if (url.empty()) return invalid(where + ".image_url.url", "must be a string");
    Media media{.kind = Media::Kind::image};
    if (image->is_object()) media.detail = image->string_at("detail");
    constexpr std::string_view kData = "data:";
    constexpr std::string_view kBase64 = ";base64,";
    const size_t comma = url.find(kBase64);
    if (url.starts_with(kData) && comma != std::string_view::npos) {
        media.mime = url.substr(kData.size(), comma - kData.size());
        media.data = url.substr(comma + kBase64.size());
    } else {
        media.url = url;
    }
    Part part{.body = std::move(media)};
    if (image->is_string()) part.own = std::move(block);
    return part;
}

// What a tool found: {"document":{"data":…,"id":…}}; its data is a text or an object.
Result<Part> decode_document(json::Value block, const std::string& where) {
    const auto* document = block.find("document");
    const auto* data = document && document->is_object() ? document->find("data") : document;
    if (!data || data->is_null()) return invalid(where + ".document.data", "is missing");
    Part part{.body = Text{data->is_string() ? std::string(data->text()) : json::serialize(*data)}};
    part.own = std::move(block);
    return part;
}

Result<Part> decode_block(json::Value block, const std::string& where) {
    if (!block.is_object()) return invalid(where, "must be an object");
    const std::string_view type = block.string_at("type");
    if (type == "image_url") return decode_image(std::move(block), where);
    if (type == "document") return decode_document(std::move(block), where);
    const bool thinking = type == "thinking";
    if (!thinking && type != "text") {
        if (type.empty()) return invalid(where + ".type", "must be a string");
        return foreign_part(std::move(block));
    }
    auto* words = block.find(thinking ? "thinking" : "text");
    if (!words || !words->is_string())
        return invalid(where + (thinking ? ".thinking" : ".text"), "must be a string");
    Part part;
    if (thinking)
        part.body = Reasoning{take_string(words), {}};
    else
        part.body = Text{take_string(words)};
    static constexpr std::string_view kKnown[] = {"type", "text", "thinking"};
    take_unknowns(block, kKnown, part.unknown);
    return part;
}

// A string or a list of blocks.
Result<void> decode_content(json::Value content, const std::string& where,
                            std::vector<Part>& parts) {
    if (content.is_null()) return {};
    if (content.is_string()) {
        parts.push_back({.body = Text{take_string(&content)}, .place = {"content"}});
        return {};
    }
    if (!content.is_array()) return invalid(where, "must be a string or an array of blocks");
    int index = 0;
    for (auto& item : content.items()) {
        WEIR_TRY(auto part, decode_block(std::move(item), at(where, index)));
        part.place = {"content", index++};
        parts.push_back(std::move(part));
    }
    return {};
}

Result<void> decode_calls(json::Value calls, const std::string& where, std::vector<Part>& parts) {
    if (!calls.is_null() && !calls.is_array()) return invalid(where, "must be an array");
    int index = 0;
    for (auto& call : calls.items()) {
        const std::string here = at(where, index);
        auto* function = call.find("function");
        if (!function || function->string_at("name").empty())
            return invalid(here + ".function.name", "must be a string");
        Part part{
            .body = ToolCall{take_string(call.find("id")), take_string(function->find("name")),
                             take_string(function->find("arguments"))},
            .place = {"tool_calls", index++}};
        static constexpr std::string_view kKnown[] = {"id", "type", "function"};
        take_unknowns(call, kKnown, part.unknown);
        parts.push_back(std::move(part));
    }
    return {};
}

Result<void> decode_assistant(json::Value& value, const std::string& where, Message& message) {
    if (auto plan = take(value, "tool_plan"); plan.is_string())
        message.parts.push_back(
            {.body = Reasoning{take_string(&plan), {}}, .place = {"tool_plan"}});
    WEIR_CHECK(decode_content(take(value, "content"), where + ".content", message.parts));
    WEIR_CHECK(decode_calls(take(value, "tool_calls"), where + ".tool_calls", message.parts));
    return {};
}

Result<void> decode_result(json::Value& value, const std::string& where, Message& message) {
    ToolResult result{.call_id = take_string(value.find("tool_call_id"))};
    if (result.call_id.empty()) return invalid(where + ".tool_call_id", "must be a string");
    json::Value content = take(value, "content");
    result.plain = content.is_string();
    WEIR_CHECK(decode_content(std::move(content), where + ".content", result.content));
    message.parts.push_back({.body = std::move(result)});
    return {};
}

Result<Message> decode_message(json::Value value, int index) {
    const std::string where = at("messages", index);
    if (!value.is_object()) return invalid(where, "must be an object");
    Message message{.index = index};
    const std::string_view role = value.string_at("role");
    if (role == "assistant")
        message.role = Role::assistant;
    else if (role == "system")
        message.role = Role::system;
    else if (role == "tool")
        message.role = Role::tool;
    else if (role != "user")
        return invalid(where + ".role", "must be system, user, assistant or tool");
    if (message.role == Role::assistant)
        WEIR_CHECK(decode_assistant(value, where, message));
    else if (message.role == Role::tool)
        WEIR_CHECK(decode_result(value, where, message));
    else
        WEIR_CHECK(decode_content(take(value, "content"), where + ".content", message.parts));
    static constexpr std::string_view kKnown[] = {"role", "content", "tool_plan", "tool_calls",
                                                  "tool_call_id"};
    take_unknowns(value, kKnown, message.unknown);
    return message;
}

Result<Tool> decode_tool(json::Value value, int index) {
    const std::string where = at("tools", index);
    auto* function = value.find("function");
    if (!function || function->string_at("name").empty())
        return invalid(where + ".function.name", "must be a string");
    Tool tool{.index = index, .scope = "function"};
    tool.name = take_string(function->find("name"));
    tool.description = take_string(function->find("description"));
    tool.schema = take(*function, "parameters");
    static constexpr std::string_view kKnown[] = {"name", "description", "parameters"};
    take_unknowns(*function, kKnown, tool.unknown);
    return tool;
}

// {"type":"json_object","schema":…}; `json_schema` is the older name.
Result<ResponseFormat> decode_format(json::Value value) {
    const std::string_view type = value.string_at("type");
    ResponseFormat format{.kind = ResponseFormat::Kind::text};
    if (type == "json_object")
        format.kind = ResponseFormat::Kind::json_object;
    else if (type != "text")
        return invalid("response_format.type", "must be text or json_object");
    for (std::string_view key : {"json_schema", "schema"})
        if (const auto* schema = value.find(key); schema && schema->is_object()) {
            format.kind = ResponseFormat::Kind::json_schema;
            format.schema = *schema;
            format.strict = json::Value::boolean(true);
        }
    format.whole = std::move(value);
    return format;
}

Result<Thinking> decode_cohere_thinking(json::Value value) {
    WEIR_TRY(auto thinking, decode_thinking(json::Value(value)));
    thinking.budget = take(value, "token_budget");
    return thinking;
}

constexpr PlainSetting kNumbers[] = {
    {"max_tokens", &Settings::max_tokens},
    {"temperature", &Settings::temperature},
    {"p", &Settings::top_p},
    {"k", &Settings::top_k},
    {"seed", &Settings::seed},
    {"presence_penalty", &Settings::presence_penalty},
    {"frequency_penalty", &Settings::frequency_penalty},
};

Result<void> decode_choice(const json::Value& value, Conversation& out) {
    if (value.text() == "REQUIRED")
        out.tool_choice.kind = ToolChoice::Kind::required;
    else if (value.text() == "NONE")
        out.tool_choice.kind = ToolChoice::Kind::none;
    else
        return invalid("tool_choice", "must be REQUIRED or NONE");
    return {};
}

Result<void> decode_member(std::string_view key, json::Value& value, Conversation& out) {
    if (key == "messages" || key == "tools" || key == "model" || value.is_null()) return {};
    Settings& settings = out.settings;
    WEIR_TRY(const bool number, decode_plain_setting(key, value, settings, kNumbers));
    if (number) return {};
    if (key == "tool_choice") return decode_choice(value, out);
    if (key == "stream") {
        if (!value.is_bool()) return invalid("stream", "must be true or false");
        settings.stream = value.as_bool();
        // That it was said at all matters to nobody else.
        if (!settings.stream) out.unknown.push_back({"stream", std::move(value)});
    } else if (key == "stop_sequences") {
        bool good = value.is_array();
        for (const auto& item : value.items())
            good = good && item.is_string();
        if (!good) return invalid("stop_sequences", "must be an array of strings");
        settings.stop = {"stop_sequences", std::move(value)};
    } else if (key == "logprobs") {
        if (!value.is_bool()) return invalid("logprobs", "must be true or false");
        settings.logprobs = {"logprobs", std::move(value)};
    } else if (key == "thinking") {
        WEIR_TRY(settings.thinking, decode_cohere_thinking(std::move(value)));
    } else if (key == "response_format") {
        WEIR_TRY(settings.format, decode_format(std::move(value)));
    } else {
        out.unknown.push_back({std::string(key), std::move(value)});
    }
    return {};
}

// `strict_tools` holds for all of them; on each tool others can say it too.
void spread_strict(Conversation& out) {
    if (out.tools.empty()) return;
    const auto said = [](const Unknown& unknown) {
        return unknown.key == "strict_tools" && unknown.value.as_bool();
    };
    if (std::erase_if(out.unknown, said) == 0) return;
    for (auto& tool : out.tools)
        tool.strict = json::Value::boolean(true);
}

}  // namespace

Result<Conversation> decode_request(json::Value body) {
    if (!body.is_object()) return invalid("body", "must be an object");
    Conversation out{.origin = Dialect::cohere, .model = std::string(body.string_at("model"))};
    out.settings.stream_usage = true;  // Cohere's streams always tell it
    WEIR_CHECK(require_list(body, "messages", out.messages, decode_message));
    WEIR_CHECK(decode_list(body, "tools", out.tools, decode_tool));
    for (auto& member : body.members())
        WEIR_CHECK(decode_member(member.key, member.value, out));
    spread_strict(out);
    return out;
}

}  // namespace weir::dialect::cohere
