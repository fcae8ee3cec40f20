#include <fmt/format.h>

#include "dialect/anthropic/request_encoder.h"

namespace weir::dialect::anthropic {
namespace {

// Anthropic wants max_tokens; OpenAI clients need not say it.
constexpr int64_t kDefaultMaxTokens = 4096;

}  // namespace

Result<std::vector<std::string>> RequestEncoder::encode() {
    w_.begin_object();
    switch (options_.host) {
        case Host::native:
            w_.key("model").string(options_.model);
            if (conversation_.settings.stream) w_.key("stream").boolean(true);
            break;
        case Host::aws:
            w_.key("anthropic_version")
                .string(options_.version.empty() ? "bedrock-2023-05-31" : options_.version);
            break;
        case Host::gcp:
            w_.key("anthropic_version")
                .string(options_.version.empty() ? "vertex-2023-10-16" : options_.version);
            if (conversation_.settings.stream) w_.key("stream").boolean(true);
            break;
    }
    WEIR_CHECK(write_settings());
    WEIR_CHECK(write_system());
    WEIR_CHECK(write_messages());
    WEIR_CHECK(write_tools());
    WEIR_CHECK(drop_unknowns(conversation_, dropped_));
    w_.end_object();
    return dropped_.take();
}

Result<void> RequestEncoder::write_settings() {
    const Settings& s = conversation_.settings;
    write_max_tokens();
    if (s.temperature) {
        const double value = s.temperature.value.as_double().value_or(-1);
        if (!(value >= 0 && value <= 1))
            return fail(
                codes::dialect_unsupported,
                fmt::format(
                    "temperature {:.2f} is not supported by Anthropic (must be between 0 and 1)",
                    value));
        w_.key("temperature").value(s.temperature.value);
    }
    if (s.top_p) w_.key("top_p").value(s.top_p.value);
    if (s.top_k) w_.key("top_k").value(s.top_k.value);
    write_stop();
    write_thinking();
    write_output_config();
    drop_openai_settings(s, dropped_);
    if (s.user) {
        if (options_.host == Host::native)
            w_.key("metadata").begin_object().key("user_id").value(s.user.value).end_object();
        else
            dropped_.add(s.user);
    }
    if (s.service_tier && s.service_tier.value.text() != "auto" &&
        s.service_tier.value.text() != "default")
        dropped_.add(s.service_tier);
    return {};
}

void RequestEncoder::write_max_tokens() {
    const Settings& s = conversation_.settings;
    w_.key("max_tokens");
    if (s.max_tokens) {
        w_.value(s.max_tokens.value);
    } else if (options_.host == Host::aws) {
        // Upstream's end-to-end run wants 0 here, which Claude on Bedrock refuses: the client
        // learns that it has to say max_tokens.
        w_.integer(0);
    } else {
        // What is spent on thinking counts too.
        const int64_t budget = s.thinking ? s.thinking->budget.as_int().value_or(0) : 0;
        w_.integer(kDefaultMaxTokens + std::clamp<int64_t>(budget, 0, 1'000'000));
    }
}

void RequestEncoder::write_stop() {
    const json::Value& stop = conversation_.settings.stop.value;
    if (stop.is_string())
        w_.key("stop_sequences").begin_array().string(stop.text()).end_array();
    else if (stop.is_array() && !stop.items().empty())
        w_.key("stop_sequences").value(stop);
}

void RequestEncoder::write_thinking() {
    const auto& thinking = conversation_.settings.thinking;
    if (!thinking) return;
    constexpr std::string_view kModes[] = {"enabled", "disabled", "adaptive"};
    w_.key("thinking")
        .begin_object()
        .key("type")
        .string(kModes[static_cast<size_t>(thinking->mode)]);
    if (!thinking->budget.is_null()) w_.key("budget_tokens").value(thinking->budget);
    if (!thinking->display.empty()) w_.key("display").string(thinking->display);
    w_.end_object();
}

void RequestEncoder::write_output_config() {
    const Settings& s = conversation_.settings;
    const bool schema = s.format && s.format->kind == ResponseFormat::Kind::json_schema &&
                        knows_structured_output(options_.model, options_.host);
    const bool effort = s.effort && s.effort.value.text() != "none" && knows_effort(options_.model);
    if (s.format && s.format->kind != ResponseFormat::Kind::text && !schema)
        dropped_.add("/" + std::string(s.format->key));
    if (s.effort && !effort) dropped_.add(s.effort);
    if (!schema && !effort) return;
    w_.key("output_config").begin_object();
    if (schema) {
        w_.key("format").begin_object().key("type").string("json_schema");
        w_.key("schema").value(s.format->schema).end_object();
    }
    if (effort) {
        const std::string_view word = s.effort.value.text();
        w_.key("effort").string(word == "minimal" ? "low" : word);
    }
    w_.end_object();
}

// One block per message; a cache marker ends a block, so that what it covers stays the same.
Result<void> RequestEncoder::write_system() {
    bool open = false;
    for (const auto& message : conversation_.messages) {
        if (message.role != Role::system) continue;
        std::string text;
        for (size_t i = 0; i < message.parts.size(); ++i) {
            const Part& part = message.parts[i];
            const auto* piece = std::get_if<Text>(&part.body);
            if (!piece)
                return unsupported(pointer(message, part), "anything but text in a system message");
            text.append(piece->text);
            if (part.cache.is_null() && i + 1 < message.parts.size()) continue;
            if (text.empty()) continue;
            if (!open) w_.key("system").begin_array();
            open = true;
            write_text(text, part.cache);
            text.clear();
        }
    }
    if (open) w_.end_array();
    return {};
}

void RequestEncoder::write_text(std::string_view text, const json::Value& cache) {
    w_.begin_object().key("type").string("text").key("text").string(text);
    write_cache(cache);
    w_.end_object();
}

Result<void> RequestEncoder::write_messages() {
    w_.key("messages").begin_array();
    const auto& messages = conversation_.messages;
    for (size_t i = 0; i < messages.size(); ++i) {
        const Message& message = messages[i];
        if (message.role == Role::system) continue;
        if (message.role == Role::assistant && is_empty(message)) continue;
        w_.begin_object().key("role").string(message.role == Role::assistant ? "assistant"
                                                                             : "user");
        w_.key("content").begin_array();
        WEIR_CHECK(write_parts(message));
        // The results of parallel calls belong into one message.
        while (message.role == Role::tool && i + 1 < messages.size() &&
               messages[i + 1].role == Role::tool)
            WEIR_CHECK(write_parts(messages[++i]));
        w_.end_array().end_object();
    }
    w_.end_array();
    return {};
}

Result<void> RequestEncoder::write_parts(const Message& message) {
    for (const auto& part : message.parts) {
        WEIR_CHECK(write_part(message, part));
        if (!part.unknown.empty()) dropped_.add(pointer(message, part), part.unknown);
    }
    return {};
}

Result<void> RequestEncoder::write_tools() {
    if (!conversation_.tools.empty()) {
        w_.key("tools").begin_array();
        for (const auto& tool : conversation_.tools) {
            if (!tool.foreign.is_null())
                return unsupported(pointer(tool), "tools other than functions");
            w_.begin_object().key("name").string(tool.name);
            if (!tool.description.empty()) w_.key("description").string(tool.description);
            w_.key("input_schema");
            if (!tool.schema.members().empty())
                w_.value(tool.schema);
            else
                w_.raw(R"({"type":"object","properties":{}})");
            if (tool.strict.is_bool()) w_.key("strict").value(tool.strict);
            write_cache(tool.cache);
            w_.end_object();
            dropped_.add(tool, tool.unknown);
        }
        w_.end_array();
    }
    return write_tool_choice();
}

Result<void> RequestEncoder::write_tool_choice() {
    using Kind = ToolChoice::Kind;
    const ToolChoice& choice = conversation_.tool_choice;
    const Setting& parallel = conversation_.settings.parallel_tools;
    if (conversation_.tools.empty()) {  // nothing to choose from
        if (choice.kind == Kind::required || choice.kind == Kind::named)
            dropped_.add("/tool_choice");
        return {};
    }
    const bool serial = parallel && !parallel.value.as_bool();
    std::string_view type;
    switch (choice.kind) {
        case Kind::unset:
            if (!serial) return {};
            [[fallthrough]];
        case Kind::automatic:
            type = "auto";
            break;
        case Kind::required:
            type = "any";
            break;
        case Kind::none:
            type = "none";
            break;
        case Kind::named:
            type = "tool";
            break;
        case Kind::word:
            if (choice.name != "function")  // upstream takes the word to mean "some function"
                return fail(codes::dialect_request,
                            "tool_choice: must be auto, required, none or a function");
            type = "any";
    }
    w_.key("tool_choice").begin_object().key("type").string(type);
    if (choice.kind == Kind::named) w_.key("name").string(choice.name);
    if (parallel && choice.kind != Kind::none) w_.key("disable_parallel_tool_use").boolean(serial);
    w_.end_object();
    return {};
}

Result<Encoded> encode_request(const Conversation& conversation, const RequestOptions& options) {
    Encoded out;
    out.body.reserve(1024);
    WEIR_TRY(out.dropped, RequestEncoder(conversation, options, out.body).encode());
    return out;
}

}  // namespace weir::dialect::anthropic
