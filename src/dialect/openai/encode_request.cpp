#include "dialect/openai/request_encoder.h"
#include "dialect/web_search.h"

namespace weir::dialect::openai {
namespace {

constexpr std::string_view kThinkingModes[] = {"enabled", "disabled", "adaptive"};
constexpr size_t kMaxUser = 64;  // characters of `user` that OpenAI takes

}  // namespace

std::string_view effort_of(const Thinking& thinking) {
    if (thinking.mode == Thinking::Mode::disabled) return "low";
    const auto budget = thinking.budget.as_int();
    if (!budget) return "medium";
    return *budget <= 4096 ? "low" : *budget <= 16384 ? "medium" : "high";
}

bool can_be_strict(const json::Value& schema) {
    if (const auto* properties = schema.find("properties")) {
        const auto* more = schema.find("additionalProperties");
        const auto* required = schema.find("required");
        const size_t named = required ? required->items().size() : 0;
        if (!more || !more->is_bool() || more->as_bool()) return false;
        if (named != properties->members().size()) return false;
    }
    for (const auto& member : schema.members())
        if (!can_be_strict(member.value)) return false;
    for (const auto& item : schema.items())
        if (!can_be_strict(item)) return false;
    return true;
}

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
    if (!same_) WEIR_CHECK(check_unknowns(conversation_));
    write_unknowns({}, conversation_.unknown);
    w_.end_object();
    return dropped_.take();
}

Result<void> RequestEncoder::write_tools() {
    bool open = false;
    std::optional<WebSearch> search;
    for (const auto& tool : conversation_.tools) {
        // The search is an option here, beside the tools.
        if (auto found = same_ ? std::nullopt : web_search_of(tool)) {
            search = std::move(found);
            continue;
        }
        if (!open) w_.key("tools").begin_array();
        open = true;
        WEIR_CHECK(write_tool(tool));
    }
    if (open) w_.end_array();
    has_tools_ = open;
    if (search) w_.key(kWebSearchOptions).value(openai_search(*search, dropped_));
    return {};
}

Result<void> RequestEncoder::write_tool(const Tool& tool) {
    if (!tool.foreign.is_null()) {
        if (!same_) return unsupported(pointer(tool), "tools other than functions");
        w_.value(tool.foreign);
        return {};
    }
    w_.begin_object().key("type").string("function").key("function").begin_object();
    w_.key("name").string(tool.name);
    if (!tool.description.empty()) w_.key("description").string(tool.description);
    if (!tool.schema.is_null()) w_.key("parameters").value(tool.schema);
    // Cohere and Converse hold schemas strictly that OpenAI does not.
    const bool refused =
        (conversation_.origin == Dialect::cohere || conversation_.origin == Dialect::bedrock) &&
        tool.strict.as_bool() && !can_be_strict(tool.schema);
    if (refused)
        dropped_.add(pointer(tool, "strict"));
    else if (!tool.strict.is_null())
        w_.key("strict").value(tool.strict);
    write_cache(tool.cache, pointer(tool));
    if (same_)
        for (const auto& unknown : tool.unknown)
            w_.any_key(unknown.key).value(unknown.value);
    else
        dropped_.add(tool, tool.unknown);
    w_.end_object().end_object();
    return {};
}

void RequestEncoder::write_tool_choice() {
    using Kind = ToolChoice::Kind;
    const ToolChoice& choice = conversation_.tool_choice;
    if (!same_ && !has_tools_) return;  // OpenAI refuses it without tools
    switch (choice.kind) {
        case Kind::unset:
            return;
        case Kind::automatic:
            w_.key("tool_choice").string("auto");
            return;
        case Kind::required:
            w_.key("tool_choice").string(same_ && !choice.name.empty() ? choice.name : "required");
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

void RequestEncoder::write_limits() {
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
    if (same_ || !s.stop.value.is_array() || !s.stop.value.items().empty())
        write_setting("stop", s.stop);
}

void RequestEncoder::write_settings() {
    const Settings& s = conversation_.settings;
    write_limits();
    write_user();
    write_setting("service_tier", s.service_tier);
    write_effort();
    if (same_ || has_tools_) write_setting("parallel_tool_calls", s.parallel_tools);
    write_setting("logprobs", s.logprobs);
    write_setting("top_logprobs", s.top_logprobs);
    if (same_) {
        write_setting("safetySettings", s.safety);
        write_setting("generationConfig", s.generation_config);
    } else {
        dropped_.add(s.safety);
        dropped_.add_members(s.generation_config);
    }
    write_thinking();
    write_format();
    if (!s.stream) return;
    w_.key("stream").boolean(true);
    // Always asked for: what is not reported cannot be counted.
    w_.key("stream_options").raw(R"({"include_usage":true})");
}

void RequestEncoder::write_user() {
    const Setting& user = conversation_.settings.user;
    if (same_ || user.value.text().size() <= kMaxUser)
        write_setting("user", user);
    else
        dropped_.add(user);
}

// A budget that somebody set wins over a bare "think harder".
void RequestEncoder::write_effort() {
    const Settings& s = conversation_.settings;
    if (same_) return write_setting("reasoning_effort", s.effort);
    const bool takes = thinking_style(model_) == ThinkingStyle::effort;
    if (s.effort && takes)
        w_.key("reasoning_effort")
            .string(s.effort.value.text() == "max" ? "high" : s.effort.value.text());
    else if (s.effort)
        dropped_.add(s.effort);
    else if (s.thinking && takes)
        w_.key("reasoning_effort").string(effort_of(*s.thinking));
}

void RequestEncoder::write_thinking() {
    const Settings& s = conversation_.settings;
    if (!s.thinking) return;
    const ThinkingStyle style = thinking_style(model_);
    if (!same_ && style != ThinkingStyle::budget) {
        // Not to think is what a model without thinking does.
        const bool lost = style == ThinkingStyle::none;
        if (lost && s.thinking->mode != Thinking::Mode::disabled)
            dropped_.add("/" + std::string(s.thinking->key));
        return;
    }
    w_.key("thinking").begin_object();
    w_.key("type").string(kThinkingModes[static_cast<size_t>(s.thinking->mode)]);
    if (!s.thinking->budget.is_null()) w_.key("budget_tokens").value(s.thinking->budget);
    if (!s.thinking->display.empty()) w_.key("display").string(s.thinking->display);
    w_.end_object();
}

void RequestEncoder::write_format() {
    const auto& format = conversation_.settings.format;
    if (!format) return;
    if (same_) {
        if (!format->whole.is_null()) w_.key(format->key).value(format->whole);
        return;
    }
    using Kind = ResponseFormat::Kind;
    if (format->kind == Kind::text) return;
    if (format->kind == Kind::choice || format->kind == Kind::regex)
        return dropped_.add("/" + std::string(format->key));
    w_.key("response_format").begin_object();
    if (format->kind == ResponseFormat::Kind::json_object) {
        w_.key("type").string("json_object").end_object();
        return;
    }
    w_.key("type").string("json_schema").key("json_schema").begin_object();
    w_.key("name").string(format->name.empty() ? "answer" : format->name);
    w_.key("schema").value(format->schema);
    if (!format->strict.as_bool())
        write_value("strict", format->strict);
    else if (can_be_strict(format->schema))
        w_.key("strict").boolean(true);
    else
        dropped_.add("/" + std::string(format->key));  // a request now, no more a rule
    w_.end_object().end_object();
}

Result<Encoded> encode_request(const Conversation& conversation, std::string_view model) {
    Encoded out;
    out.body.reserve(1024);
    WEIR_TRY(out.dropped, RequestEncoder(conversation, model, out.body).encode());
    return out;
}

}  // namespace weir::dialect::openai
