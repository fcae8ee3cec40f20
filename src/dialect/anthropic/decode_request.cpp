#include "dialect/anthropic/decode.h"
#include "dialect/anthropic/messages.h"

namespace weir::dialect::anthropic {
namespace {

Result<Tool> decode_tool(json::Value value, int index) {
    const std::string where = at("tools", index);
    if (!value.is_object()) return invalid(where, "must be an object");
    Tool tool{.index = index};
    const std::string_view type = value.string_at("type");
    if (!type.empty() && type != "custom") {  // a tool that Anthropic runs or defines
        tool.foreign = std::move(value);
        return tool;
    }
    tool.type = type;
    tool.name = take_string(value.find("name"));
    if (tool.name.empty()) return invalid(where + ".name", "must be a string");
    tool.description = take_string(value.find("description"));
    tool.schema = take(value, "input_schema");
    tool.strict = take(value, "strict");
    tool.cache = take(value, "cache_control");
    static constexpr std::string_view kKnown[] = {"type",         "name",   "description",
                                                  "input_schema", "strict", "cache_control"};
    take_unknowns(value, kKnown, tool.unknown);
    return tool;
}

Result<void> decode_tool_choice(json::Value value, Conversation& out) {
    using Kind = ToolChoice::Kind;
    struct Row {
        std::string_view type;
        Kind kind;
    };
    static constexpr Row kRows[] = {{"auto", Kind::automatic},
                                    {"any", Kind::required},
                                    {"none", Kind::none},
                                    {"tool", Kind::named}};
    for (const auto& row : kRows)
        if (row.type == value.string_at("type")) out.tool_choice.kind = row.kind;
    if (out.tool_choice.kind == Kind::unset)
        return invalid("tool_choice.type", "must be auto, any, tool or none");
    if (out.tool_choice.kind == Kind::named) {
        out.tool_choice.name = take_string(value.find("name"));
        if (out.tool_choice.name.empty()) return invalid("tool_choice.name", "must be a string");
    }
    if (const auto* serial = value.find("disable_parallel_tool_use"); serial && serial->is_bool())
        out.settings.parallel_tools = {"tool_choice/disable_parallel_tool_use",
                                       json::Value::boolean(!serial->as_bool())};
    return {};
}

Result<ResponseFormat> decode_format(json::Value value, std::string_view key) {
    if (value.string_at("type") != "json_schema")
        return invalid(std::string(key) + ".type", "must be json_schema");
    ResponseFormat format{.kind = ResponseFormat::Kind::json_schema};
    if (const auto* schema = value.find("schema")) format.schema = *schema;
    format.strict = json::Value::boolean(true);  // Anthropic's formats always hold
    format.whole = std::move(value);
    format.key = key;
    return format;
}

// What is left of an object whose known members were taken stays under its own name.
void keep_rest(std::string_view key, json::Value& object, std::span<const std::string_view> known,
               Conversation& out) {
    Unknowns rest;
    take_unknowns(object, known, rest);
    if (rest.empty()) return;
    json::Value left = json::Value::object();
    for (auto& unknown : rest)
        left.set(unknown.key, std::move(unknown.value));
    out.unknown.push_back({std::string(key), std::move(left)});
}

Result<void> decode_output_config(json::Value value, Conversation& out) {
    Settings& settings = out.settings;
    if (auto effort = take(value, "effort"); effort.is_string())
        settings.effort = {"output_config/effort", std::move(effort)};
    if (auto format = take(value, "format"); format.is_object()) {
        WEIR_TRY(settings.format, decode_format(std::move(format), "output_config/format"));
    }
    static constexpr std::string_view kKnown[] = {"effort", "format"};
    keep_rest("output_config", value, kKnown, out);
    return {};
}

void decode_metadata(json::Value value, Conversation& out) {
    if (auto user = take(value, "user_id"); user.is_string())
        out.settings.user = {"metadata/user_id", std::move(user)};
    static constexpr std::string_view kKnown[] = {"user_id"};
    keep_rest("metadata", value, kKnown, out);
}

// The model's words for a tier are OpenAI's.
Setting decode_tier(const json::Value& value) {
    const std::string_view word = value.text() == "standard_only" ? "default" : value.text();
    return {"service_tier", json::Value::string(std::string(word))};
}

constexpr PlainSetting kNumbers[] = {
    {"max_tokens", &Settings::max_tokens},
    {"temperature", &Settings::temperature},
    {"top_p", &Settings::top_p},
    {"top_k", &Settings::top_k},
};

Result<void> decode_stop(json::Value value, Setting& stop) {
    bool good = value.is_array();
    for (const auto& item : value.items())
        good = good && item.is_string();
    if (!good) return invalid("stop_sequences", "must be an array of strings");
    stop = {"stop_sequences", std::move(value)};
    return {};
}

Result<void> decode_member(std::string_view key, json::Value& value, Conversation& out) {
    if (key == "messages" || key == "tools" || key == "model" || key == "system") return {};
    if (value.is_null()) return {};
    Settings& settings = out.settings;
    WEIR_TRY(const bool number, decode_plain_setting(key, value, settings, kNumbers));
    if (number) return {};
    if (key == "stop_sequences") return decode_stop(std::move(value), settings.stop);
    if (key == "tool_choice") return decode_tool_choice(std::move(value), out);
    if (key == "output_config" && value.is_object())
        return decode_output_config(std::move(value), out);
    if (key == "stream") {
        if (!value.is_bool()) return invalid("stream", "must be true or false");
        settings.stream = value.as_bool();
        // That it was said at all matters to nobody else.
        if (!settings.stream) out.unknown.push_back({"stream", std::move(value)});
    } else if (key == "metadata" && value.is_object()) {
        decode_metadata(std::move(value), out);
    } else if (key == "service_tier" && value.is_string()) {
        settings.service_tier = decode_tier(value);
    } else if (key == "thinking") {
        WEIR_TRY(settings.thinking, decode_thinking(std::move(value)));
    } else if (key == "output_format") {
        WEIR_TRY(settings.format, decode_format(std::move(value), "output_format"));
    } else {
        out.unknown.push_back({std::string(key), std::move(value)});
    }
    return {};
}

}  // namespace

Result<Conversation> decode_request(json::Value body) {
    if (!body.is_object()) return invalid("body", "must be an object");
    Conversation out{.origin = Dialect::anthropic,
                     .operation = Operation::messages,
                     .model = std::string(body.string_at("model"))};
    out.settings.stream_usage = true;  // Anthropic's streams always tell it
    if (json::Value system = take(body, "system"); !system.is_null()) {
        WEIR_TRY(auto decoded, decode_system(std::move(system)));
        out.messages.push_back(std::move(decoded));
    }
    WEIR_CHECK(require_list(body, "messages", out.messages, decode_message));
    WEIR_CHECK(decode_list(body, "tools", out.tools, decode_tool));
    for (auto& member : body.members())
        WEIR_CHECK(decode_member(member.key, member.value, out));
    return out;
}

}  // namespace weir::dialect::anthropic
