#include "dialect/cohere/request_encoder.h"

namespace weir::dialect::cohere {
namespace {

bool is_usual_tier(const Setting& tier) {
    return tier.value.text() == "auto" || tier.value.text() == "default";
}

}  // namespace

Result<std::vector<std::string>> RequestEncoder::encode() {
    w_.begin_object().key("model").string(model_).key("messages").begin_array();
    for (const auto& message : conversation_.messages) {
        if (message.role != Role::assistant) WEIR_CHECK(write_results(message));
        WEIR_CHECK(write_message(message));
    }
    w_.end_array();
    WEIR_CHECK(write_tools());
    WEIR_CHECK(write_tool_choice());
    write_settings();
    WEIR_CHECK(write_unknowns());
    w_.end_object();
    return dropped_.take();
}

Result<void> RequestEncoder::write_unknowns() {
    if (!same_) return drop_unknowns(conversation_, dropped_);
    write_members({}, conversation_.unknown);
    return {};
}

// Cohere cannot name the tool it must call: it is offered that one only.
Result<void> RequestEncoder::write_tools() {
    const ToolChoice& choice = conversation_.tool_choice;
    const bool named = choice.kind == ToolChoice::Kind::named;
    bool strict = true;
    bool open = false;
    for (const auto& tool : conversation_.tools) {
        if (!tool.foreign.is_null())
            return unsupported(pointer(tool), "tools other than functions");
        if (named && tool.name != choice.name) continue;
        if (!open) w_.key("tools").begin_array();
        open = true;
        write_tool(tool);
        strict = strict && tool.strict.as_bool();
    }
    if (!open && named) return unsupported("/tool_choice", "a tool that is not in the list");
    if (!open) return {};
    w_.end_array();
    if (strict)
        w_.key("strict_tools").boolean(true);
    else
        for (const auto& tool : conversation_.tools)
            if (tool.strict.as_bool()) dropped_.add(pointer(tool, "strict"));
    return {};
}

void RequestEncoder::write_tool(const Tool& tool) {
    w_.begin_object().key("type").string("function").key("function").begin_object();
    w_.key("name").string(tool.name);
    if (!tool.description.empty()) w_.key("description").string(tool.description);
    if (!tool.schema.is_null())
        w_.key("parameters").value(tool.schema);
    else if (!same_)
        w_.key("parameters").raw(R"({"type":"object","properties":{}})");
    if (same_)
        for (const auto& unknown : tool.unknown)
            w_.any_key(unknown.key).value(unknown.value);
    else
        dropped_.add(tool, tool.unknown);
    if (!tool.cache.is_null()) dropped_.add(pointer(tool) + "/cache_control");
    w_.end_object().end_object();
}

Result<void> RequestEncoder::write_tool_choice() {
    using Kind = ToolChoice::Kind;
    const Kind kind = conversation_.tool_choice.kind;
    const bool demands = kind == Kind::required || kind == Kind::named;
    if (kind == Kind::word) return unsupported("/tool_choice", "this word");
    if (!same_ && conversation_.tools.empty()) {  // nothing to choose from
        if (demands) dropped_.add("/tool_choice");
        return {};
    }
    if (demands) w_.key("tool_choice").string("REQUIRED");
    if (kind == Kind::none) w_.key("tool_choice").string("NONE");
    return {};
}

void RequestEncoder::write_settings() {
    const Settings& s = conversation_.settings;
    write_setting("max_tokens", s.max_tokens);
    write_setting("temperature", s.temperature);
    write_setting("p", s.top_p);
    write_setting("k", s.top_k);
    write_setting("seed", s.seed);
    write_setting("presence_penalty", s.presence_penalty);
    write_setting("frequency_penalty", s.frequency_penalty);
    const json::Value& stop = s.stop.value;
    if (stop.is_string())
        w_.key("stop_sequences").begin_array().string(stop.text()).end_array();
    else if (stop.is_array() && (same_ || !stop.items().empty()))
        w_.key("stop_sequences").value(stop);
    write_setting("logprobs", s.logprobs);
    write_thinking();
    write_format();
    drop_settings();
    if (s.stream) w_.key("stream").boolean(true);
}

void RequestEncoder::write_thinking() {
    const Settings& s = conversation_.settings;
    if (s.thinking) {
        const bool off = s.thinking->mode == Thinking::Mode::disabled;
        w_.key("thinking").begin_object().key("type").string(off ? "disabled" : "enabled");
        if (!s.thinking->budget.is_null()) w_.key("token_budget").value(s.thinking->budget);
        w_.end_object();
    } else if (s.effort.value.text() == "none") {
        w_.key("thinking").raw(R"({"type":"disabled"})");
        return;
    }
    dropped_.add(s.effort);
}

void RequestEncoder::write_format() {
    const auto& format = conversation_.settings.format;
    if (!format) return;
    using Kind = ResponseFormat::Kind;
    if (same_) {
        w_.key("response_format").value(format->whole);
    } else if (format->kind == Kind::json_object) {
        w_.key("response_format").raw(R"({"type":"json_object"})");
    } else if (format->kind == Kind::json_schema) {
        w_.key("response_format").begin_object().key("type").string("json_object");
        if (!format->schema.is_null()) w_.key("schema").value(format->schema);
        w_.end_object();
    } else if (format->kind != Kind::text) {
        dropped_.add("/" + std::string(format->key));
    }
}

void RequestEncoder::drop_settings() {
    const Settings& s = conversation_.settings;
    dropped_.add_unless(s.choices, 1);
    dropped_.add_unless(s.top_logprobs, 0);
    dropped_.add(s.user);
    dropped_.add(s.safety);
    dropped_.add_members(s.generation_config);
    if (s.service_tier && !is_usual_tier(s.service_tier)) dropped_.add(s.service_tier);
    if (s.parallel_tools && !s.parallel_tools.value.as_bool()) dropped_.add(s.parallel_tools);
}

Result<Encoded> encode_request(const Conversation& conversation, std::string_view model) {
    Encoded out;
    out.body.reserve(1024);
    WEIR_TRY(out.dropped, RequestEncoder(conversation, model, out.body).encode());
    return out;
}

}  // namespace weir::dialect::cohere
