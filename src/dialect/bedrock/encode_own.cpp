// A conversation that was Converse's: each part and setting in the words it came in. (The bytes of
// such a request usually pass unread; this proves that the model holds all there was.)
#include "dialect/bedrock/converse.h"
#include "dialect/writer.h"

namespace weir::dialect::bedrock {
namespace {

class OwnEncoder {
public:
    OwnEncoder(const Conversation& conversation, std::string& out)
        : conversation_(conversation), w_(out) {}

    void encode() {
        w_.begin_object();
        for (const auto& message : conversation_.messages)
            if (message.role == Role::system) {
                w_.key("system");
                write_parts(message);
            }
        w_.key("messages").begin_array();
        for (const auto& message : conversation_.messages)
            if (message.role != Role::system) write_message(message);
        w_.end_array();
        write_tool_config();
        write_inference_config();
        write_additional();
        const Settings& s = conversation_.settings;
        if (s.format) w_.key("outputConfig").value(s.format->whole);
        if (s.service_tier)
            w_.key("serviceTier")
                .begin_object()
                .key("type")
                .value(s.service_tier.value)
                .end_object();
        for (const auto& unknown : conversation_.unknown)
            if (unknown.key != "inferenceConfig" && unknown.key != "additionalModelRequestFields")
                w_.any_key(unknown.key).value(unknown.value);
        w_.end_object();
    }

private:
    void write_message(const Message& message) {
        w_.begin_object();
        w_.key("role").string(message.role == Role::assistant ? "assistant" : "user");
        w_.key("content");
        write_parts(message);
        for (const auto& unknown : message.unknown)
            w_.any_key(unknown.key).value(unknown.value);
        w_.end_object();
    }

    void write_parts(const Message& message) {
        w_.begin_array();
        for (const auto& part : message.parts) {
            write_part(part);
            write_cache_point(part.cache);
        }
        w_.end_array();
    }

    void write_part(const Part& part) {
        if (!part.own.is_null()) {
            w_.value(part.own);
        } else if (const auto* foreign = std::get_if<ForeignPart>(&part.body)) {
            w_.value(foreign->value);
        } else if (const auto* text = std::get_if<Text>(&part.body)) {
            w_.begin_object().key("text").string(text->text).end_object();
        } else if (const auto* call = std::get_if<ToolCall>(&part.body)) {
            w_.begin_object().key("toolUse").begin_object();
            w_.key("toolUseId").string(call->id).key("name").string(call->name);
            w_.key("input").raw(call->arguments);
            for (const auto& unknown : part.unknown)
                w_.any_key(unknown.key).value(unknown.value);
            w_.end_object().end_object();
        } else if (const auto* reasoning = std::get_if<Reasoning>(&part.body)) {
            w_.begin_object().key("reasoningContent").begin_object().key("reasoningText");
            w_.begin_object().key("text").string(reasoning->text);
            if (!reasoning->signature.empty()) w_.key("signature").string(reasoning->signature);
            w_.end_object().end_object().end_object();
        } else if (const auto* hidden = std::get_if<HiddenReasoning>(&part.body)) {
            w_.begin_object().key("reasoningContent").begin_object();
            w_.key("redactedContent").value(hidden->data).end_object().end_object();
        }
    }

    void write_cache_point(const json::Value& cache) {
        if (cache.is_null()) return;
        w_.begin_object().key("cachePoint").begin_object().key("type").string("default");
        for (const auto& member : cache.members())
            if (member.key != "type") w_.any_key(member.key).value(member.value);
        w_.end_object().end_object();
    }

    void write_tool_config() {
        using Kind = ToolChoice::Kind;
        const ToolChoice& choice = conversation_.tool_choice;
        if (conversation_.tools.empty() && choice.kind == Kind::unset) return;
        w_.key("toolConfig").begin_object().key("tools").begin_array();
        for (const auto& tool : conversation_.tools) {
            write_tool(tool);
            write_cache_point(tool.cache);
        }
        w_.end_array();
        if (choice.kind == Kind::automatic) w_.key("toolChoice").raw(R"({"auto":{}})");
        if (choice.kind == Kind::required) w_.key("toolChoice").raw(R"({"any":{}})");
        if (choice.kind == Kind::named)
            w_.key("toolChoice")
                .begin_object()
                .key("tool")
                .begin_object()
                .key("name")
                .string(choice.name)
                .end_object()
                .end_object();
        w_.end_object();
    }

    void write_tool(const Tool& tool) {
        if (!tool.foreign.is_null()) {
            w_.value(tool.foreign);
            return;
        }
        w_.begin_object().key("toolSpec").begin_object().key("name").string(tool.name);
        if (!tool.description.empty()) w_.key("description").string(tool.description);
        if (!tool.strict.is_null()) w_.key("strict").value(tool.strict);
        w_.key("inputSchema").begin_object().key("json").value(tool.schema).end_object();
        for (const auto& unknown : tool.unknown)
            w_.any_key(unknown.key).value(unknown.value);
        w_.end_object().end_object();
    }

    const json::Value* rest_of(std::string_view key) const {
        for (const auto& unknown : conversation_.unknown)
            if (unknown.key == key) return &unknown.value;
        return nullptr;
    }

    // An object of settings and of what was left beside them; nothing if it would be empty.
    void write_object(std::string_view key, std::string members) {
        const auto* rest = rest_of(key);
        if (members == "{" && !rest) return;
        Writer w(members);
        if (rest && !rest->is_object()) {
            w_.key(key).value(*rest);
            return;
        }
        if (rest)
            for (const auto& member : rest->members())
                w.any_key(member.key).value(member.value);
        w_.key(key).raw(members.append("}"));
    }

    void write_inference_config() {
        const Settings& s = conversation_.settings;
        std::string members("{");
        Writer w(members);
        for (const auto* setting : {&s.max_tokens, &s.temperature, &s.top_p, &s.stop})
            if (*setting)
                w.key(setting->key.substr(setting->key.find('/') + 1)).value(setting->value);
        write_object("inferenceConfig", std::move(members));
    }

    void write_additional() {
        const Settings& s = conversation_.settings;
        std::string members("{");
        Writer w(members);
        if (s.thinking) {
            constexpr std::string_view kModes[] = {"enabled", "disabled", "adaptive"};
            w.key("thinking").begin_object();
            w.key("type").string(kModes[static_cast<size_t>(s.thinking->mode)]);
            if (!s.thinking->budget.is_null()) w.key("budget_tokens").value(s.thinking->budget);
            if (!s.thinking->display.empty()) w.key("display").string(s.thinking->display);
            w.end_object();
        }
        if (s.top_k) w.key("top_k").value(s.top_k.value);
        if (s.effort)
            w.key("output_config").begin_object().key("effort").value(s.effort.value).end_object();
        write_object("additionalModelRequestFields", std::move(members));
    }

    const Conversation& conversation_;
    Writer w_;
};

}  // namespace

void append_own_request(const Conversation& conversation, std::string& out) {
    OwnEncoder(conversation, out).encode();
}

}  // namespace weir::dialect::bedrock
