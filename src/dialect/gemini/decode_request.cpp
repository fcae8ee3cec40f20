#include <algorithm>

#include "dialect/gemini/decode.h"
#include "dialect/gemini/generate.h"
#include "dialect/gemini/schema.h"

namespace weir::dialect::gemini {
namespace {

// What stands below these has names of the client's, or of JSON Schema.
constexpr std::string_view kOpaque[] = {
    "args",           "response",           "parameters", "parametersJsonSchema",
    "responseSchema", "responseJsonSchema", "labels",     "outputSchema"};

std::string camel_case(std::string_view name) {
    std::string out;
    bool up = false;
    for (char c : name) {
        if (c == '_' && !out.empty()) {
            up = true;
            continue;
        }
        out.push_back(up && c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c);
        up = false;
    }
    return out;
}

Result<void> decode_functions(json::Value list, int index, Conversation& out) {
    const std::string where = at("tools", index, "functionDeclarations");
    int item = 0;
    for (auto& function : list.items()) {
        Tool tool{.index = index, .scope = "functionDeclarations", .item = item};
        tool.name = take_string(function.find("name"));
        if (tool.name.empty()) return invalid(at(where, item, "name"), "must be a string");
        tool.description = take_string(function.find("description"));
        if (auto schema = take(function, "parametersJsonSchema"); !schema.is_null()) {
            tool.schema = std::move(schema);
        } else if (auto open = take(function, "parameters"); !open.is_null()) {
            tool.schema = from_openapi(open);
            tool.own = std::move(open);
        }
        static constexpr std::string_view kKnown[] = {"name", "description", "parameters",
                                                      "parametersJsonSchema"};
        take_unknowns(function, kKnown, tool.unknown);
        out.tools.push_back(std::move(tool));
        ++item;
    }
    return {};
}

Result<void> decode_tools(json::Value tools, Conversation& out) {
    if (tools.is_object()) tools = json::Value::array({std::move(tools)});
    if (!tools.is_null() && !tools.is_array()) return invalid("tools", "must be an array");
    int index = 0;
    for (auto& value : tools.items()) {
        if (!value.is_object()) return invalid(at("tools", index), "must be an object");
        for (auto& [key, content] : value.members()) {
            if (key == "functionDeclarations") {
                WEIR_CHECK(decode_functions(std::move(content), index, out));
                continue;
            }
            // A tool that Google runs: the search has a word that other clients use too.
            const std::string type = key == "googleSearch" ? "google_search" : key;
            Tool tool{.index = index};
            tool.own.set(key, content);
            tool.foreign.set("type", json::Value::string(type));
            tool.foreign.set(type, std::move(content));
            out.tools.push_back(std::move(tool));
        }
        ++index;
    }
    return {};
}

// What has no word in the model stays whole under its own name, and is reported as lost.
void decode_tool_config(json::Value value, Conversation& out) {
    using Kind = ToolChoice::Kind;
    const auto* calling = value.find("functionCallingConfig");
    const std::string_view mode = calling ? calling->string_at("mode") : std::string_view();
    const auto* allowed = calling ? calling->find("allowedFunctionNames") : nullptr;
    const size_t names = allowed ? allowed->items().size() : 0;
    ToolChoice& choice = out.tool_choice;
    if (mode == "NONE")
        choice.kind = Kind::none;
    else if (mode == "ANY" && names == 1)
        choice = {Kind::named, std::string(allowed->items()[0].text())};
    else if (mode == "ANY")
        choice.kind = Kind::required;
    else if (mode == "AUTO")
        choice.kind = Kind::automatic;
    const bool whole = value.members().size() == 1 && choice.kind != Kind::unset &&
                       (names == 0 || choice.kind == Kind::named) &&
                       calling->members().size() == (names ? 2u : 1u);
    if (!whole) out.unknown.push_back({"toolConfig", std::move(value)});
}

constexpr PlainSetting kNumbers[] = {
    {"generationConfig/maxOutputTokens", &Settings::max_tokens},
    {"generationConfig/temperature", &Settings::temperature},
    {"generationConfig/topP", &Settings::top_p},
    {"generationConfig/topK", &Settings::top_k},
    {"generationConfig/candidateCount", &Settings::choices},
    {"generationConfig/seed", &Settings::seed},
    {"generationConfig/presencePenalty", &Settings::presence_penalty},
    {"generationConfig/frequencyPenalty", &Settings::frequency_penalty},
    {"generationConfig/logprobs", &Settings::top_logprobs},
};

// A budget of -1 leaves it to the model, 0 is no thinking.
void decode_thinking_config(json::Value value, Settings& settings) {
    const auto* shown = value.find("includeThoughts");
    const auto* budget = value.find("thinkingBudget");
    const auto tokens = budget ? budget->as_int() : std::nullopt;
    if (const auto level = value.string_at("thinkingLevel"); !level.empty()) {
        std::string word(level);
        for (char& c : word)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
        settings.effort = {"generationConfig/thinkingConfig/thinkingLevel",
                           json::Value::string(std::move(word))};
    }
    if (tokens || (shown && shown->as_bool())) {
        Thinking thinking{.mode = Thinking::Mode::adaptive,
                          .key = "generationConfig/thinkingConfig"};
        if (tokens == 0) thinking.mode = Thinking::Mode::disabled;
        if (tokens && *tokens > 0) {
            thinking.mode = Thinking::Mode::enabled;
            thinking.budget = *budget;
        }
        settings.thinking = std::move(thinking);
    }
    settings.thinking_whole = std::move(value);
}

// responseMimeType, and a schema in one of two languages.
void decode_format(json::Value& config, Settings& settings) {
    using Kind = ResponseFormat::Kind;
    ResponseFormat format{.key = "generationConfig/responseMimeType"};
    const std::string_view mime = config.string_at("responseMimeType");
    if (mime == "application/json") format.kind = Kind::json_object;
    for (std::string_view key : {"responseJsonSchema", "_responseJsonSchema", "responseSchema"}) {
        const auto* schema = config.find(key);
        if (!schema || schema->is_null()) continue;
        format.whole.set(key, *schema);
        format.kind = Kind::json_schema;
        format.schema = key == "responseSchema" ? from_openapi(*schema) : *schema;
        format.strict = json::Value::boolean(true);
        format.key = "generationConfig/responseSchema";
    }
    const auto* choices = format.schema.find("enum");
    if (mime == "text/x.enum" && choices) {
        format.kind = Kind::choice;
        format.schema = json::Value(*choices);
    }
    if (!mime.empty()) format.whole.set("responseMimeType", *config.find("responseMimeType"));
    if (!format.whole.is_null()) settings.format = std::move(format);
}

bool is_format(std::string_view key) {
    return key == "responseMimeType" || key == "responseSchema" || key == "responseJsonSchema" ||
           key == "_responseJsonSchema";
}

Result<void> decode_config(json::Value config, Conversation& out) {
    Settings& settings = out.settings;
    decode_format(config, settings);
    json::Value rest = json::Value::object();
    for (auto& [key, value] : config.members()) {
        if (value.is_null() || is_format(key)) continue;
        const std::string path = "generationConfig/" + key;
        WEIR_TRY(const bool number, decode_plain_setting(path, value, settings, kNumbers));
        if (number) continue;
        if (key == "stopSequences") {
            bool good = value.is_array();
            for (const auto& item : value.items())
                good = good && item.is_string();
            if (!good) return invalid("generationConfig.stopSequences", "must be strings");
            settings.stop = {"generationConfig/stopSequences", std::move(value)};
        } else if (key == "responseLogprobs" && value.is_bool()) {
            settings.logprobs = {"generationConfig/responseLogprobs", std::move(value)};
        } else if (key == "thinkingConfig" && value.is_object()) {
            decode_thinking_config(std::move(value), settings);
        } else {
            rest.set(key, std::move(value));
        }
    }
    if (!rest.members().empty()) settings.generation_config = {"generationConfig", std::move(rest)};
    return {};
}

Result<void> decode_member(std::string_view key, json::Value& value, Conversation& out) {
    if (key == "contents" || key == "systemInstruction" || key == "model" || value.is_null())
        return {};
    if (key == "tools") return decode_tools(std::move(value), out);
    if (key == "generationConfig" && value.is_object()) return decode_config(std::move(value), out);
    if (key == "toolConfig" && value.is_object())
        decode_tool_config(std::move(value), out);
    else if (key == "safetySettings")
        out.settings.safety = {"safetySettings", std::move(value)};
    else
        out.unknown.push_back({std::string(key), std::move(value)});
    return {};
}

}  // namespace

void use_camel_case(json::Value& value) {
    for (auto& item : value.items())
        use_camel_case(item);
    for (auto& member : value.members()) {
        if (member.key.find('_') != std::string::npos) member.key = camel_case(member.key);
        if (std::ranges::find(kOpaque, member.key) == std::end(kOpaque))
            use_camel_case(member.value);
    }
}

Result<Conversation> decode_request(json::Value body, std::string_view model, bool stream) {
    if (!body.is_object()) return invalid("body", "must be an object");
    use_camel_case(body);
    Conversation out{.origin = Dialect::gemini, .model = std::string(model)};
    out.settings.stream = stream;
    out.settings.stream_usage = true;  // Google's streams always tell it
    json::Value contents = take(body, "contents");
    if (contents.is_object()) contents = json::Value::array({std::move(contents)});
    if (!contents.is_array()) return invalid("contents", "must be an array");
    if (json::Value system = take(body, "systemInstruction"); !system.is_null()) {
        WEIR_TRY(auto decoded, decode_system(std::move(system)));
        out.messages.push_back(std::move(decoded));
    }
    OpenCalls calls;
    int index = 0;
    for (auto& content : contents.items()) {
        WEIR_TRY(auto decoded, decode_content(std::move(content), index++, calls));
        out.messages.push_back(std::move(decoded));
    }
    for (auto& member : body.members())
        WEIR_CHECK(decode_member(member.key, member.value, out));
    return out;
}

Result<Conversation> decode_count(json::Value body, std::string_view model) {
    if (!body.is_object()) return invalid("body", "must be an object");
    use_camel_case(body);
    if (auto whole = take(body, "generateContentRequest"); whole.is_object())
        return decode_request(std::move(whole), model, false);
    return decode_request(std::move(body), model, false);
}

}  // namespace weir::dialect::gemini
