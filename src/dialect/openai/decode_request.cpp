#include "dialect/openai/chat.h"
#include "dialect/openai/decode.h"

namespace weir::dialect::openai {
namespace {

Result<Tool> decode_tool(json::Value value, int index) {
    const std::string where = at("tools", index);
    if (!value.is_object()) return invalid(where, "must be an object");
    Tool tool{.index = index, .scope = "function"};
    const std::string_view type = value.string_at("type");
    if (!type.empty() && type != "function") {
        tool.foreign = std::move(value);
        return tool;
    }
    auto* function = value.find("function");
    if (!function || !function->is_object())
        return invalid(where + ".function", "must be an object");
    tool.cache = take(value, "cache_control");
    for (auto& member : function->members()) {
        if (member.key == "name")
            tool.name = take_string(&member.value);
        else if (member.key == "description")
            tool.description = take_string(&member.value);
        else if (member.key == "parameters")
            tool.schema = std::move(member.value);
        else if (member.key == "strict")
            tool.strict = std::move(member.value);
        else if (member.key == "cache_control")
            tool.cache = std::move(member.value);
        else
            tool.unknown.push_back({member.key, std::move(member.value)});
    }
    if (tool.name.empty()) return invalid(where + ".function.name", "must be a string");
    return tool;
}

Result<ToolChoice> decode_tool_choice(const json::Value& value) {
    using Kind = ToolChoice::Kind;
    if (value.is_null()) return ToolChoice{};
    if (value.is_string()) {
        const std::string_view word = value.text();
        if (word == "auto") return ToolChoice{Kind::automatic, {}};
        if (word == "required") return ToolChoice{Kind::required, {}};
        if (word == "any") return ToolChoice{Kind::required, "any"};  // said by some clients
        if (word == "none") return ToolChoice{Kind::none, {}};
        return ToolChoice{Kind::word, std::string(word)};
    }
    const auto* function = value.find("function");
    if (!function || function->string_at("name").empty())
        return invalid("tool_choice", "must be a string or name a function");
    return ToolChoice{Kind::named, std::string(function->string_at("name"))};
}

Result<ResponseFormat> decode_format(json::Value value) {
    const std::string_view type = value.string_at("type");
    ResponseFormat format;
    if (type == "text")
        format.kind = ResponseFormat::Kind::text;
    else if (type == "json_object")
        format.kind = ResponseFormat::Kind::json_object;
    else if (type == "json_schema")
        format.kind = ResponseFormat::Kind::json_schema;
    else
        return invalid("response_format.type", "must be text, json_object or json_schema");
    if (const auto* schema = value.find("json_schema")) {
        if (const auto* inner = schema->find("schema")) format.schema = *inner;
        if (const auto* strict = schema->find("strict")) format.strict = *strict;
        format.name = schema->string_at("name");
    }
    format.whole = std::move(value);
    return format;
}

// vLLM's names for it: the schema, the choices or the pattern itself.
Result<ResponseFormat> decode_guided(std::string_view key, json::Value value) {
    using Kind = ResponseFormat::Kind;
    ResponseFormat format;
    if (key == "guided_json") {
        format.kind = Kind::json_schema;
        format.key = "guided_json";
    } else if (key == "guided_choice") {
        if (!value.is_array()) return invalid(std::string(key), "must be an array");
        format.kind = Kind::choice;
        format.key = "guided_choice";
    } else {
        if (!value.is_string()) return invalid(std::string(key), "must be a string");
        format.kind = Kind::regex;
        format.key = "guided_regex";
    }
    format.schema = value;
    format.whole = std::move(value);
    return format;
}

constexpr PlainSetting kNumbers[] = {
    {"max_tokens", &Settings::max_tokens},
    {"max_completion_tokens", &Settings::max_tokens},
    {"temperature", &Settings::temperature},
    {"top_p", &Settings::top_p},
    {"top_k", &Settings::top_k},
    {"n", &Settings::choices},
    {"seed", &Settings::seed},
    {"presence_penalty", &Settings::presence_penalty},
    {"frequency_penalty", &Settings::frequency_penalty},
    {"top_logprobs", &Settings::top_logprobs},
};
constexpr PlainSetting kWords[] = {
    {"user", &Settings::user},
    {"service_tier", &Settings::service_tier},
    {"reasoning_effort", &Settings::effort},
};

Result<void> decode_stop(json::Value value, Setting& stop) {
    bool good = value.is_string() || value.is_array();
    for (const auto& item : value.items())
        good = good && item.is_string();
    if (!good) return invalid("stop", "must be a string or an array of strings");
    stop = {"stop", std::move(value)};
    return {};
}

Result<void> decode_response_format(std::string_view key, json::Value value, Settings& settings) {
    if (settings.format)
        return invalid(std::string(key), "is one output format too many; " +
                                             std::string(settings.format->key) + " is another");
    auto format = key == "response_format" ? decode_format(std::move(value))
                                           : decode_guided(key, std::move(value));
    if (!format) return std::unexpected(std::move(format).error());
    settings.format = std::move(*format);
    return {};
}

Result<void> decode_member(std::string_view key, json::Value& value, Conversation& out) {
    if (key == "messages" || key == "tools" || key == "model") return {};  // read by the caller
    if (value.is_null()) return {};
    Settings& settings = out.settings;
    // max_completion_tokens is the newer name and wins, wherever it stands.
    if (key == "max_tokens" && settings.max_tokens && value.is_number()) {
        out.unknown.push_back({"max_tokens", std::move(value)});
        return {};
    }
    if (key == "max_completion_tokens" && settings.max_tokens)
        out.unknown.push_back({"max_tokens", std::move(settings.max_tokens.value)});
    WEIR_TRY(const bool plain, decode_plain_setting(key, value, settings, kNumbers, kWords));
    if (plain) return {};
    if (key == "stop") return decode_stop(std::move(value), settings.stop);
    if (key == "stream") {
        if (!value.is_bool()) return invalid("stream", "must be true or false");
        settings.stream = value.as_bool();
        // That it was said at all matters to nobody else.
        if (!settings.stream) out.unknown.push_back({"stream", std::move(value)});
    } else if (key == "stream_options") {
        const auto* include = value.find("include_usage");
        settings.stream_usage = include && include->as_bool();
    } else if (key == "parallel_tool_calls") {
        if (!value.is_bool()) return invalid("parallel_tool_calls", "must be true or false");
        settings.parallel_tools = {"parallel_tool_calls", std::move(value)};
    } else if (key == "tool_choice") {
        WEIR_TRY(out.tool_choice, decode_tool_choice(value));
    } else if (key == "thinking") {
        WEIR_TRY(settings.thinking, decode_thinking(std::move(value)));
    } else if (key == "response_format" || key == "guided_json" || key == "guided_choice" ||
               key == "guided_regex") {
        return decode_response_format(key, std::move(value), settings);
    } else if (key == "logprobs") {
        if (!value.is_bool()) return invalid("logprobs", "must be true or false");
        settings.logprobs = {"logprobs", std::move(value)};
    } else if (key == "safetySettings") {
        settings.safety = {"safetySettings", std::move(value)};
    } else if (key == "generationConfig") {
        settings.generation_config = {"generationConfig", std::move(value)};
    } else {
        out.unknown.push_back({std::string(key), std::move(value)});
    }
    return {};
}

}  // namespace

Result<Conversation> decode_request(json::Value body) {
    if (!body.is_object()) return invalid("body", "must be an object");
    Conversation out{.origin = Dialect::openai, .model = std::string(body.string_at("model"))};
    WEIR_CHECK(require_list(body, "messages", out.messages, decode_message));
    WEIR_CHECK(decode_list(body, "tools", out.tools, decode_tool));
    for (auto& member : body.members())
        WEIR_CHECK(decode_member(member.key, member.value, out));
    return out;
}

}  // namespace weir::dialect::openai
