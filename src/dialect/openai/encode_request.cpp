#include "dialect/encode_common.h"
#include "dialect/openai/chat.h"
#include "dialect/writer.h"

namespace weir::dialect::openai {
namespace {

constexpr std::string_view kThinkingModes[] = {"enabled", "disabled", "adaptive"};

// One request's encoding: the writer and what is lost.
class RequestEncoder {
public:
    RequestEncoder(const Conversation& conversation, std::string_view model, std::string& out)
        : conversation_(conversation),
          model_(model),
          same_(conversation.origin == Dialect::openai),
          w_(out) {}

    Result<std::vector<std::string>> encode();

private:
    Result<void> write_message(const Message& message);
    Result<void> write_results(const Message& message);
    Result<void> write_assistant(const Message& message);
    Result<void> write_content(const Message& message, const std::vector<Part>& parts);
    Result<void> write_part(const Message& message, const Part& part);
    void write_thinking_blocks(const Message& message);
    void write_tool_calls(const Message& message);
    Result<void> write_tools();
    void write_tool_choice();
    void write_settings();
    void write_setting(std::string_view key, const Setting& setting) {
        if (setting) w_.key(key).value(setting.value);
    }
    void write_unknowns(const std::string& base, const Unknowns& unknowns) {
        if (!same_) return dropped_.add(base, unknowns);
        for (const auto& unknown : unknowns)
            w_.any_key(unknown.key).value(unknown.value);
    }
    void write_unknowns(const Tool& tool) {
        if (!same_) return dropped_.add(tool, tool.unknown);
        for (const auto& unknown : tool.unknown)
            w_.any_key(unknown.key).value(unknown.value);
    }
    void write_cache(const json::Value& cache) {
        if (!cache.is_null()) w_.key("cache_control").value(cache);
    }

    const Conversation& conversation_;
    std::string_view model_;
    bool same_;  // what we do not know was OpenAI's and may go back
    Writer w_;
    Dropped dropped_;
};

Result<std::vector<std::string>> RequestEncoder::encode() {
    w_.begin_object().key("model").string(model_).key("messages").begin_array();
    for (const auto& message : conversation_.messages) {
        if (message.role != Role::assistant) WEIR_CHECK(write_results(message));
        WEIR_CHECK(write_message(message));
    }
    w_.end_array();
    WEIR_CHECK(write_tools());
    write_tool_choice();
    write_settings();
    write_unknowns({}, conversation_.unknown);
    w_.end_object();
    return dropped_.take();
}

bool is_plain(const std::vector<Part>& parts) {
    return parts.size() == 1 && parts[0].place.index < 0 && parts[0].cache.is_null() &&
           std::holds_alternative<Text>(parts[0].body);
}

// Results of tools are messages of their own here, and come before what else the user says.
Result<void> RequestEncoder::write_results(const Message& message) {
    for (const auto& part : message.parts) {
        const auto* result = std::get_if<ToolResult>(&part.body);
        if (!result) continue;
        w_.begin_object().key("role").string("tool").key("tool_call_id").string(result->call_id);
        w_.key("content");
        WEIR_CHECK(write_content(message, result->content));
        if (message.role == Role::tool) write_unknowns(pointer(message), message.unknown);
        w_.end_object();
    }
    return {};
}

Result<void> RequestEncoder::write_message(const Message& message) {
    if (message.role == Role::tool) return {};
    if (message.role == Role::assistant) return write_assistant(message);
    std::vector<Part> rest;
    for (const auto& part : message.parts)
        if (!std::holds_alternative<ToolResult>(part.body)) rest.push_back(part);
    if (rest.empty() && !message.parts.empty()) return {};
    w_.begin_object().key("role");
    if (message.role == Role::user)
        w_.string("user");
    else
        w_.string(message.developer ? "developer" : "system");
    if (!message.name.empty()) w_.key("name").string(message.name);
    w_.key("content");
    WEIR_CHECK(write_content(message, rest));
    write_unknowns(pointer(message), message.unknown);
    w_.end_object();
    return {};
}

Result<void> RequestEncoder::write_assistant(const Message& message) {
    std::vector<Part> content;
    for (const auto& part : message.parts) {
        const bool aside =
            part.place.member == "thinking_blocks" || part.place.member == "reasoning_content";
        if (aside || std::holds_alternative<ToolCall>(part.body)) continue;
        if (part.place.member == "refusal") continue;
        content.push_back(part);
    }
    w_.begin_object().key("role").string("assistant");
    if (!message.name.empty()) w_.key("name").string(message.name);
    if (!content.empty()) {
        w_.key("content");
        WEIR_CHECK(write_content(message, content));
    }
    for (const auto& part : message.parts)
        if (part.place.member == "refusal")
            w_.key("refusal").string(std::get<Refusal>(part.body).text);
    write_thinking_blocks(message);
    write_tool_calls(message);
    write_unknowns(pointer(message), message.unknown);
    w_.end_object();
    return {};
}

// What was beside the content stays beside it.
void RequestEncoder::write_thinking_blocks(const Message& message) {
    bool open = false;
    for (const auto& part : message.parts) {
        const auto* reasoning = std::get_if<Reasoning>(&part.body);
        if (part.place.member == "reasoning_content" && reasoning && reasoning->signature.empty()) {
            w_.key("reasoning_content").string(reasoning->text);
            continue;
        }
        if (part.place.member != "thinking_blocks" && part.place.member != "reasoning_content")
            continue;
        if (!open) w_.key("thinking_blocks").begin_array();
        open = true;
        w_.begin_object();
        if (reasoning) {
            w_.key("type").string("thinking").key("thinking").string(reasoning->text);
            if (!reasoning->signature.empty()) w_.key("signature").string(reasoning->signature);
        } else if (const auto* hidden = std::get_if<HiddenReasoning>(&part.body)) {
            w_.key("type").string("redacted_thinking").key("data").value(hidden->data);
        }
        w_.end_object();
    }
    if (open) w_.end_array();
}

void RequestEncoder::write_tool_calls(const Message& message) {
    bool open = false;
    for (const auto& part : message.parts) {
        const auto* call = std::get_if<ToolCall>(&part.body);
        if (!call) continue;
        if (!open) w_.key("tool_calls").begin_array();
        open = true;
        w_.begin_object().key("id").string(call->id).key("type").string("function");
        w_.key("function").begin_object().key("name").string(call->name);
        w_.key("arguments").string(call->arguments).end_object();
        write_cache(part.cache);
        w_.end_object();
    }
    if (open) w_.end_array();
}

Result<void> RequestEncoder::write_content(const Message& message, const std::vector<Part>& parts) {
    if (is_plain(parts)) {
        w_.string(std::get<Text>(parts[0].body).text);
        return {};
    }
    w_.begin_array();
    for (const auto& part : parts)
        WEIR_CHECK(write_part(message, part));
    w_.end_array();
    return {};
}

Result<void> RequestEncoder::write_part(const Message& message, const Part& part) {
    if (const auto* foreign = std::get_if<ForeignPart>(&part.body)) {
        if (!same_) return unsupported(pointer(message, part), "content of type " + foreign->type);
        w_.value(foreign->value);
        return {};
    }
    w_.begin_object();
    if (const auto* text = std::get_if<Text>(&part.body)) {
        w_.key("type").string("text").key("text").string(text->text);
    } else if (const auto* refusal = std::get_if<Refusal>(&part.body)) {
        w_.key("type").string("refusal").key("refusal").string(refusal->text);
    } else if (const auto* reasoning = std::get_if<Reasoning>(&part.body)) {
        w_.key("type").string("thinking").key("text").string(reasoning->text);
        if (!reasoning->signature.empty()) w_.key("signature").string(reasoning->signature);
    } else if (const auto* hidden = std::get_if<HiddenReasoning>(&part.body)) {
        w_.key("type").string("redacted_thinking").key("redactedContent").value(hidden->data);
    } else if (const auto* media = std::get_if<Media>(&part.body)) {
        w_.key("type").string("image_url").key("image_url").begin_object();
        w_.key("url").string(media->url.empty() ? "data:" + media->mime + ";base64," + media->data
                                                : media->url);
        if (!media->detail.empty()) w_.key("detail").string(media->detail);
        w_.end_object();
    }
    write_cache(part.cache);
    write_unknowns(pointer(message, part), part.unknown);
    w_.end_object();
    return {};
}

Result<void> RequestEncoder::write_tools() {
    if (conversation_.tools.empty()) return {};
    w_.key("tools").begin_array();
    for (const auto& tool : conversation_.tools) {
        if (!tool.foreign.is_null()) {
            if (!same_) return unsupported(pointer(tool), "tools other than functions");
            w_.value(tool.foreign);
            continue;
        }
        w_.begin_object().key("type").string("function").key("function").begin_object();
        w_.key("name").string(tool.name);
        if (!tool.description.empty()) w_.key("description").string(tool.description);
        if (!tool.schema.is_null()) w_.key("parameters").value(tool.schema);
        if (!tool.strict.is_null()) w_.key("strict").value(tool.strict);
        write_cache(tool.cache);
        write_unknowns(tool);
        w_.end_object().end_object();
    }
    w_.end_array();
    return {};
}

void RequestEncoder::write_tool_choice() {
    using Kind = ToolChoice::Kind;
    const ToolChoice& choice = conversation_.tool_choice;
    switch (choice.kind) {
        case Kind::unset:
            return;
        case Kind::automatic:
            w_.key("tool_choice").string("auto");
            return;
        case Kind::required:
            w_.key("tool_choice").string("required");
            return;
        case Kind::none:
            w_.key("tool_choice").string("none");
            return;
        case Kind::word:
            w_.key("tool_choice").string(choice.name);
            return;
        case Kind::named:
            w_.key("tool_choice").begin_object().key("type").string("function");
            w_.key("function")
                .begin_object()
                .key("name")
                .string(choice.name)
                .end_object()
                .end_object();
    }
}

void RequestEncoder::write_settings() {
    const Settings& s = conversation_.settings;
    write_setting(
        s.max_tokens.key == "max_tokens" && same_ ? "max_tokens" : "max_completion_tokens",
        s.max_tokens);
    write_setting("temperature", s.temperature);
    write_setting("top_p", s.top_p);
    if (same_)
        write_setting("top_k", s.top_k);
    else
        dropped_.add(s.top_k);
    write_setting("n", s.choices);
    write_setting("seed", s.seed);
    write_setting("presence_penalty", s.presence_penalty);
    write_setting("frequency_penalty", s.frequency_penalty);
    write_setting("user", s.user);
    write_setting("service_tier", s.service_tier);
    write_setting("reasoning_effort", s.effort);
    write_setting("stop", s.stop);
    write_setting("parallel_tool_calls", s.parallel_tools);
    write_setting("logprobs", s.logprobs);
    write_setting("top_logprobs", s.top_logprobs);
    for (const Setting* google : {&s.safety, &s.generation_config}) {
        if (same_)
            write_setting(google->key, *google);
        else
            dropped_.add(*google);
    }
    if (s.thinking) {
        w_.key("thinking").begin_object();
        w_.key("type").string(kThinkingModes[static_cast<size_t>(s.thinking->mode)]);
        if (!s.thinking->budget.is_null()) w_.key("budget_tokens").value(s.thinking->budget);
        if (!s.thinking->display.empty()) w_.key("display").string(s.thinking->display);
        w_.end_object();
    }
    if (s.format && !s.format->whole.is_null()) w_.key(s.format->key).value(s.format->whole);
    if (!s.stream) return;
    w_.key("stream").boolean(true);
    // Always asked for: what is not reported cannot be counted.
    w_.key("stream_options").raw(R"({"include_usage":true})");
}

}  // namespace

Result<Encoded> encode_request(const Conversation& conversation, std::string_view model) {
    Encoded out;
    out.body.reserve(1024);
    WEIR_TRY(out.dropped, RequestEncoder(conversation, model, out.body).encode());
    return out;
}

}  // namespace weir::dialect::openai
