#include <fmt/format.h>

#include "dialect/anthropic/request_encoder.h"

namespace weir::dialect::anthropic {
namespace {

// Anthropic wants max_tokens; OpenAI clients need not say it.
constexpr int64_t kDefaultMaxTokens = 4096;

}  // namespace

Result<std::vector<std::string>> RequestEncoder::encode() {
    w_.begin_object();
    write_head();
    WEIR_CHECK(write_settings());
    WEIR_CHECK(same_ ? write_own_system() : write_system());
    WEIR_CHECK(write_messages());
    WEIR_CHECK(write_tools());
    WEIR_CHECK(write_unknowns());
    w_.end_object();
    return dropped_.take();
}

void RequestEncoder::write_head() {
    const bool stream = conversation_.settings.stream;
    if (options_.host == Host::native) {
        w_.key("model").string(options_.model);
        if (stream) w_.key("stream").boolean(true);
        return;
    }
    const bool aws = options_.host == Host::aws;
    w_.key("anthropic_version")
        .string(options_.version.empty() ? default_version(options_.host) : options_.version);
    if (stream && !aws) w_.key("stream").boolean(true);
}

Result<void> RequestEncoder::write_unknowns() {
    if (!same_)
        return drop_unknowns(conversation_, dropped_,
                             searches_ ? kWebSearchOptions : std::string_view());
    for (const auto& unknown : conversation_.unknown)
        if (unknown.key != "metadata" && unknown.key != "output_config")
            w_.any_key(unknown.key).value(unknown.value);
    return {};
}

Result<void> RequestEncoder::write_settings() {
    const Settings& s = conversation_.settings;
    write_max_tokens();
    if (s.temperature) {
        const double value = s.temperature.value.as_double().value_or(-1);
        if (!same_ && !(value >= 0 && value <= 1))
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
    write_metadata();
    write_service_tier();
    return {};
}

// Members of an object that the model took apart, and those it left.
const json::Value* rest_of(const Conversation& conversation, std::string_view key) {
    for (const auto& unknown : conversation.unknown)
        if (unknown.key == key) return &unknown.value;
    return nullptr;
}

void RequestEncoder::write_metadata() {
    const Setting& user = conversation_.settings.user;
    const auto* rest = same_ ? rest_of(conversation_, "metadata") : nullptr;
    if (user && options_.host != Host::native) dropped_.add(user);
    if ((!user && !rest) || options_.host != Host::native) return;
    w_.key("metadata");
    if (rest && !rest->is_object()) {
        w_.value(*rest);
        return;
    }
    w_.begin_object();
    if (user) w_.key("user_id").value(user.value);
    if (rest)
        for (const auto& member : rest->members())
            w_.any_key(member.key).value(member.value);
    w_.end_object();
}

void RequestEncoder::write_service_tier() {
    const Setting& tier = conversation_.settings.service_tier;
    if (!tier) return;
    const std::string_view word = tier.value.text();
    if (same_)
        w_.key("service_tier").string(word == "default" ? "standard_only" : word);
    else if (word != "auto" && word != "default")
        dropped_.add(tier);
}

void RequestEncoder::write_max_tokens() {
    const Settings& s = conversation_.settings;
    if (s.max_tokens) {
        w_.key("max_tokens").value(s.max_tokens.value);
        return;
    }
    if (same_) return;
    w_.key("max_tokens");
    if (options_.host == Host::aws && conversation_.operation == Operation::chat &&
        conversation_.origin == Dialect::openai) {
        // Upstream's end-to-end run wants 0 here, which Claude on Bedrock refuses: a chat client
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
    else if (stop.is_array() && (same_ || !stop.items().empty()))
        w_.key("stop_sequences").value(stop);
}

void RequestEncoder::write_thinking() {
    const auto& thinking = conversation_.settings.thinking;
    if (!thinking) return;
    constexpr std::string_view kModes[] = {"enabled", "disabled", "adaptive"};
    if (conversation_.origin == Dialect::gemini && thinking->mode == Thinking::Mode::adaptive &&
        !knows_effort(options_.model))
        return write_thinking_budget(*thinking);
    w_.key("thinking")
        .begin_object()
        .key("type")
        .string(kModes[static_cast<size_t>(thinking->mode)]);
    if (!thinking->budget.is_null()) w_.key("budget_tokens").value(thinking->budget);
    if (!thinking->display.empty()) w_.key("display").string(thinking->display);
    w_.end_object();
}

// Google's clients leave the budget to the model; older ones of Claude's want to be told one.
void RequestEncoder::write_thinking_budget(const Thinking& thinking) {
    constexpr int64_t kLeast = 1024;
    constexpr int64_t kUsual = 8192;
    const Setting& limit = conversation_.settings.max_tokens;
    const int64_t most = limit ? limit.value.as_int().value_or(0) / 2 : kDefaultMaxTokens / 2;
    if (most < kLeast) return dropped_.add("/" + std::string(thinking.key));
    w_.key("thinking").begin_object().key("type").string("enabled");
    w_.key("budget_tokens").integer(std::min(most, kUsual)).end_object();
}

void RequestEncoder::write_format(std::string_view key) {
    const ResponseFormat& format = *conversation_.settings.format;
    w_.key(key);
    if (same_) {
        w_.value(format.whole);
        return;
    }
    w_.begin_object().key("type").string("json_schema");
    w_.key("schema").value(format.schema).end_object();
}

void RequestEncoder::write_output_config() {
    const Settings& s = conversation_.settings;
    const bool asked = s.format && s.format->kind == ResponseFormat::Kind::json_schema;
    const bool top = asked && s.format->key == "output_format";  // the beta's name
    const bool schema = asked && (same_ || knows_structured_output(options_.model, options_.host));
    const bool effort =
        s.effort && (same_ || (s.effort.value.text() != "none" && knows_effort(options_.model)));
    const auto* rest = same_ ? rest_of(conversation_, "output_config") : nullptr;
    if (s.format && s.format->kind != ResponseFormat::Kind::text && !schema)
        dropped_.add("/" + std::string(s.format->key));
    if (s.effort && !effort) dropped_.add(s.effort);
    if (schema && top) write_format("output_format");
    if ((!schema || top) && !effort && !rest) return;
    w_.key("output_config").begin_object();
    if (schema && !top) write_format("format");
    if (effort) {
        const std::string_view word = s.effort.value.text();
        w_.key("effort").string(word == "minimal" ? "low" : word);
    }
    if (rest)
        for (const auto& member : rest->members())
            w_.any_key(member.key).value(member.value);
    w_.end_object();
}

// As it came: a string, or the blocks.
Result<void> RequestEncoder::write_own_system() {
    for (const auto& message : conversation_.messages) {
        if (message.member != "system") continue;
        w_.key("system");
        WEIR_CHECK(write_content(message, message.parts));
    }
    return {};
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
        if (same_) {
            WEIR_CHECK(write_own_message(message));
            continue;
        }
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

Result<void> RequestEncoder::write_own_message(const Message& message) {
    if (message.member == "system") return {};
    constexpr std::string_view kRoles[] = {"system", "user", "assistant", "user"};
    w_.begin_object().key("role").string(kRoles[static_cast<size_t>(message.role)]);
    w_.key("content");
    WEIR_CHECK(write_content(message, message.parts));
    write_members(message.unknown);
    w_.end_object();
    return {};
}

Result<void> RequestEncoder::write_content(const Message& message, const std::vector<Part>& parts) {
    if (parts.size() == 1 && parts[0].place.index < 0) {
        if (const auto* text = std::get_if<Text>(&parts[0].body)) {
            w_.string(text->text);
            return {};
        }
    }
    w_.begin_array();
    for (const auto& part : parts)
        WEIR_CHECK(write_block(message, part));
    w_.end_array();
    return {};
}

Result<void> RequestEncoder::write_parts(const Message& message) {
    for (const auto& part : message.parts)
        WEIR_CHECK(write_block(message, part));
    return {};
}

Result<void> RequestEncoder::write_tools() {
    const auto option = searches_ ? web_search_of(conversation_) : std::nullopt;
    if (!conversation_.tools.empty() || option) {
        w_.key("tools").begin_array();
        if (option) w_.value(anthropic_search(*option, dropped_));
        for (const auto& tool : conversation_.tools) {
            const auto search = searches_ ? web_search_of(tool) : std::nullopt;
            if (tool.foreign.is_null())
                write_tool(tool);
            else if (same_)
                w_.value(tool.foreign);
            else if (search)
                w_.value(anthropic_search(*search, dropped_));
            else
                return unsupported(pointer(tool), "tools other than functions");
        }
        w_.end_array();
    }
    return write_tool_choice();
}

void RequestEncoder::write_tool(const Tool& tool) {
    w_.begin_object();
    if (same_ && !tool.type.empty()) w_.key("type").string(tool.type);
    w_.key("name").string(tool.name);
    if (!tool.description.empty()) w_.key("description").string(tool.description);
    w_.key("input_schema");
    if (same_ || !tool.schema.members().empty())
        w_.value(tool.schema);
    else
        w_.raw(R"({"type":"object","properties":{}})");
    if (tool.strict.is_bool()) w_.key("strict").value(tool.strict);
    write_cache(tool.cache);
    if (same_)
        write_members(tool.unknown);
    else
        dropped_.add(tool, tool.unknown);
    w_.end_object();
}

Result<void> RequestEncoder::write_tool_choice() {
    using Kind = ToolChoice::Kind;
    const ToolChoice& choice = conversation_.tool_choice;
    const Setting& parallel = conversation_.settings.parallel_tools;
    if (conversation_.tools.empty() && !same_) {  // nothing to choose from
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

std::string_view default_version(Host host) {
    return host == Host::aws ? "bedrock-2023-05-31" : "vertex-2023-10-16";
}

Result<Encoded> encode_request(const Conversation& conversation, const RequestOptions& options) {
    Encoded out;
    out.body.reserve(1024);
    WEIR_TRY(out.dropped, RequestEncoder(conversation, options, out.body).encode());
    return out;
}

}  // namespace weir::dialect::anthropic
