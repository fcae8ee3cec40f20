#include "dialect/encode_common.h"
#include "dialect/responses/decode_items.h"
#include "dialect/responses/responses.h"

namespace weir::dialect::responses {
namespace {

Result<Tool> decode_tool(json::Value value, int index) {
    const std::string where = at("tools", index);
    if (!value.is_object()) return invalid(where, "must be an object");
    Tool tool{.index = index};
    if (value.string_at("type") != "function") {
        tool.foreign = std::move(value);
        return tool;
    }
    tool.type = "function";
    tool.name = take_string(value.find("name"));
    if (tool.name.empty()) return invalid(where + ".name", "must be a string");
    tool.description = take_string(value.find("description"));
    tool.schema = take(value, "parameters");
    tool.strict = take(value, "strict");
    static constexpr std::string_view kKnown[] = {"type", "name", "description", "parameters",
                                                  "strict"};
    take_unknowns(value, kKnown, tool.unknown);
    return tool;
}

Result<ToolChoice> decode_tool_choice(const json::Value& value) {
    using Kind = ToolChoice::Kind;
    const std::string_view word = value.text();
    if (word == "auto") return ToolChoice{Kind::automatic, {}};
    if (word == "required") return ToolChoice{Kind::required, {}};
    if (word == "none") return ToolChoice{Kind::none, {}};
    if (value.string_at("type") == "function" && !value.string_at("name").empty())
        return ToolChoice{Kind::named, std::string(value.string_at("name"))};
    if (value.is_object()) return unsupported("/tool_choice", "a choice other than a function");
    return invalid("tool_choice", "must be auto, required, none or name a function");
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

Result<void> decode_text(json::Value value, Conversation& out) {
    json::Value format = take(value, "format");
    static constexpr std::string_view kKnown[] = {"format"};
    keep_rest("text", value, kKnown, out);
    if (format.is_null()) return {};
    using Kind = ResponseFormat::Kind;
    ResponseFormat read{.key = "text/format"};
    const std::string_view type = format.string_at("type");
    if (type == "json_schema")
        read.kind = Kind::json_schema;
    else if (type == "json_object")
        read.kind = Kind::json_object;
    else if (type != "text")
        return invalid("text.format.type", "must be text, json_object or json_schema");
    read.name = format.string_at("name");
    if (const auto* schema = format.find("schema")) read.schema = *schema;
    if (const auto* strict = format.find("strict")) read.strict = *strict;
    read.whole = std::move(format);
    out.settings.format = std::move(read);
    return {};
}

void decode_reasoning_settings(json::Value value, Conversation& out) {
    if (auto effort = take(value, "effort"); effort.is_string())
        out.settings.effort = {"reasoning/effort", std::move(effort)};
    // A summary is what thinking is to this dialect; it is given whenever there is some.
    static constexpr std::string_view kKnown[] = {"effort", "summary", "generate_summary"};
    keep_rest("reasoning", value, kKnown, out);
}

// What only makes sense where responses are kept.
Result<void> refuse_storage(std::string_view key, const json::Value& value) {
    const bool refers = key == "previous_response_id" || key == "conversation" || key == "prompt";
    const bool asks = (key == "store" || key == "background") && value.as_bool();
    if (refers)
        return unsupported("/" + std::string(key),
                           "what refers to something stored; send the whole input");
    if (asks)
        return unsupported("/" + std::string(key),
                           "it: nothing is stored for this provider; leave it out or say false");
    return {};
}

constexpr PlainSetting kNumbers[] = {
    {"max_output_tokens", &Settings::max_tokens},
    {"temperature", &Settings::temperature},
    {"top_p", &Settings::top_p},
};
constexpr PlainSetting kWords[] = {
    {"user", &Settings::user},
    {"service_tier", &Settings::service_tier},
};

Result<void> decode_member(std::string_view key, json::Value& value, Conversation& out) {
    if (key == "model" || key == "input" || key == "tools" || key == "instructions") return {};
    if (value.is_null()) return {};
    Settings& settings = out.settings;
    WEIR_CHECK(refuse_storage(key, value));
    WEIR_TRY(const bool plain, decode_plain_setting(key, value, settings, kNumbers, kWords));
    if (plain) return {};
    if (key == "text" && value.is_object()) return decode_text(std::move(value), out);
    if (key == "stream") {
        if (!value.is_bool()) return invalid("stream", "must be true or false");
        settings.stream = value.as_bool();
    } else if (key == "reasoning" && value.is_object()) {
        decode_reasoning_settings(std::move(value), out);
    } else if (key == "parallel_tool_calls") {
        if (!value.is_bool()) return invalid("parallel_tool_calls", "must be true or false");
        settings.parallel_tools = {"parallel_tool_calls", std::move(value)};
    } else if (key == "tool_choice") {
        WEIR_TRY(out.tool_choice, decode_tool_choice(value));
    } else if (key == "truncation" && value.text() == "disabled") {
        return {};  // what every other API does
    } else if (key == "include") {
        return {};  // proofs of reasoning are always included
    } else {
        out.unknown.push_back({std::string(key), std::move(value)});
    }
    return {};
}

}  // namespace

Result<Conversation> decode_request(json::Value body) {
    if (!body.is_object()) return invalid("body", "must be an object");
    Conversation out{.origin = Dialect::openai,
                     .operation = Operation::responses,
                     .model = std::string(body.string_at("model"))};
    out.settings.stream_usage = true;  // the last event always tells it
    if (auto* instructions = body.find("instructions"); instructions && instructions->is_string()) {
        Message message{.role = Role::system, .index = -1, .member = "instructions"};
        message.parts.push_back({.body = Text{take_string(instructions)}, .place = {"", -1}});
        out.messages.push_back(std::move(message));
    }
    WEIR_CHECK(decode_input(take(body, "input"), out.messages));
    WEIR_CHECK(decode_list(body, "tools", out.tools, decode_tool));
    for (auto& member : body.members())
        WEIR_CHECK(decode_member(member.key, member.value, out));
    return out;
}

}  // namespace weir::dialect::responses
