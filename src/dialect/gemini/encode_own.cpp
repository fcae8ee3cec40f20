// A conversation that was Google's: each part and setting in the words it came in. (The bytes of
// such a request usually pass unread; this is for requests that wrap one, and proves that the model
// holds all there was.)
#include "base/encoding.h"
#include "dialect/gemini/request_encoder.h"

namespace weir::dialect::gemini {

void RequestEncoder::write_own() {
    write_own_contents();
    write_own_tools();
    write_own_tool_config();
    write_own_generation_config();
    const Settings& s = conversation_.settings;
    if (s.safety) w_.key("safetySettings").value(s.safety.value);
    for (const auto& unknown : conversation_.unknown)
        if (unknown.key != "toolConfig") w_.any_key(unknown.key).value(unknown.value);
}

void RequestEncoder::write_own_contents() {
    for (const auto& message : conversation_.messages)
        if (message.role == Role::system) {
            w_.key("systemInstruction");
            write_own_content(message);
        }
    w_.key("contents").begin_array();
    for (const auto& message : conversation_.messages)
        if (message.role != Role::system) write_own_content(message);
    w_.end_array();
}

void RequestEncoder::write_own_content(const Message& message) {
    w_.begin_object();
    bool said = message.role == Role::system;  // an unknown member says that there was none
    for (const auto& unknown : message.unknown) {
        said = said || unknown.key == "role";
        if (unknown.key != "role") w_.any_key(unknown.key).value(unknown.value);
    }
    if (!said) w_.key("role").string(message.role == Role::assistant ? "model" : "user");
    w_.key("parts").begin_array();
    for (const auto& part : message.parts)
        write_own_part(part);
    w_.end_array().end_object();
}

void RequestEncoder::write_own_part(const Part& part) {
    if (part.own.is_array()) {
        for (const auto& piece : part.own.items())
            w_.value(piece);
    } else if (!part.own.is_null()) {
        w_.value(part.own);
    } else if (const auto* text = std::get_if<Text>(&part.body)) {
        w_.begin_object().key("text").string(text->text).end_object();
    }  // a proof stands on the part behind it
}

void RequestEncoder::write_own_tools() {
    const auto& tools = conversation_.tools;
    if (tools.empty()) return;
    w_.key("tools").begin_array();
    for (size_t i = 0; i < tools.size();) {
        const int index = tools[i].index;
        w_.begin_object();
        bool functions = false;
        for (; i < tools.size() && tools[i].index == index; ++i) {
            const Tool& tool = tools[i];
            if (!tool.foreign.is_null()) {
                if (functions) w_.end_array();
                functions = false;
                for (const auto& member : tool.own.members())
                    w_.any_key(member.key).value(member.value);
                continue;
            }
            if (!functions) w_.key("functionDeclarations").begin_array();
            functions = true;
            w_.begin_object().key("name").string(tool.name);
            if (!tool.description.empty()) w_.key("description").string(tool.description);
            if (!tool.own.is_null())
                w_.key("parameters").value(tool.own);
            else if (!tool.schema.is_null())
                w_.key("parametersJsonSchema").value(tool.schema);
            for (const auto& unknown : tool.unknown)
                w_.any_key(unknown.key).value(unknown.value);
            w_.end_object();
        }
        if (functions) w_.end_array();
        w_.end_object();
    }
    w_.end_array();
}

void RequestEncoder::write_own_tool_config() {
    using Kind = ToolChoice::Kind;
    for (const auto& unknown : conversation_.unknown)
        if (unknown.key == "toolConfig") {
            w_.key("toolConfig").value(unknown.value);
            return;
        }
    const ToolChoice& choice = conversation_.tool_choice;
    if (choice.kind == Kind::unset) return;
    w_.key("toolConfig").begin_object().key("functionCallingConfig").begin_object();
    w_.key("mode").string(choice.kind == Kind::automatic ? "AUTO"
                          : choice.kind == Kind::none    ? "NONE"
                                                         : "ANY");
    if (choice.kind == Kind::named)
        w_.key("allowedFunctionNames").begin_array().string(choice.name).end_array();
    w_.end_object().end_object();
}

void RequestEncoder::write_own_generation_config() {
    const Settings& s = conversation_.settings;
    std::string config;
    Writer w(config);
    w.begin_object();
    constexpr size_t kPrefix = std::string_view("generationConfig/").size();
    for (const Setting* setting :
         {&s.max_tokens, &s.temperature, &s.top_p, &s.top_k, &s.choices, &s.seed,
          &s.presence_penalty, &s.frequency_penalty, &s.logprobs, &s.top_logprobs, &s.stop})
        if (*setting) w.key(setting->key.substr(kPrefix)).value(setting->value);
    if (!s.thinking_whole.is_null()) w.key("thinkingConfig").value(s.thinking_whole);
    if (s.format)
        for (const auto& member : s.format->whole.members())
            w.any_key(member.key).value(member.value);
    for (const auto& member : s.generation_config.value.members())
        w.any_key(member.key).value(member.value);
    w.end_object();
    if (config != "{}") w_.key("generationConfig").raw(config);
}

}  // namespace weir::dialect::gemini
