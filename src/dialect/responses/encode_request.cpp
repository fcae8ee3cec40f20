#include "dialect/openai/request_encoder.h"
#include "dialect/responses/request_encoder.h"
#include "dialect/responses/responses.h"
#include "dialect/web_search.h"

namespace weir::dialect::responses {
namespace {

constexpr int64_t kLeastOutput = 16;  // of max_output_tokens that OpenAI takes
constexpr size_t kMaxUser = 64;       // characters of `user`

// Members of a chat request that are called the same here.
constexpr std::string_view kShared[] = {"metadata", "store", "prompt_cache_key",
                                        "prompt_cache_retention", "safety_identifier"};

bool is_shared(std::string_view key) {
    for (std::string_view shared : kShared)
        if (shared == key) return true;
    return false;
}

// Members that are written elsewhere in the body, together with what the model has words for.
bool is_merged(const Unknown& unknown) {
    return unknown.value.is_object() && (unknown.key == "text" || unknown.key == "reasoning");
}

}  // namespace

RequestEncoder::RequestEncoder(const Conversation& conversation, std::string_view model,
                               std::string& out)
    : conversation_(conversation),
      model_(model),
      same_(conversation.operation == Operation::responses),
      chat_(conversation.origin == Dialect::openai && !same_),
      reasons_(same_ || openai::thinking_style(model) == openai::ThinkingStyle::effort),
      w_(out) {
    // Others than OpenAI's clients look for the answer in the first part: they get reasoning only
    // if they asked to see it.
    const auto& thinking = conversation.settings.thinking;
    const bool asked = thinking && thinking->mode != Thinking::Mode::disabled;
    sealed_ = reasons_ && (asked || conversation.origin == Dialect::openai);
}

Result<std::vector<std::string>> RequestEncoder::encode() {
    w_.begin_object().key("model").string(model_);
    WEIR_TRY(const size_t first, write_instructions());
    WEIR_CHECK(write_input(first));
    WEIR_CHECK(write_tools());
    write_tool_choice();
    write_settings();
    WEIR_CHECK(write_unknowns());
    w_.end_object();
    return dropped_.take();
}

Result<std::vector<std::string>> RequestEncoder::encode_count() {
    w_.begin_object().key("model").string(model_);
    WEIR_TRY(const size_t first, write_instructions());
    WEIR_CHECK(write_input(first));
    WEIR_CHECK(write_tools());
    write_tool_choice();
    write_text();
    w_.end_object();
    return dropped_.take();
}

Result<void> RequestEncoder::write_tools() {
    const auto option = same_ ? std::nullopt : web_search_of(conversation_);
    if (conversation_.tools.empty() && !option) return {};
    w_.key("tools").begin_array();
    if (option) w_.value(responses_search(*option, dropped_));
    for (const auto& tool : conversation_.tools) {
        if (const auto search = same_ ? std::nullopt : web_search_of(tool)) {
            w_.value(responses_search(*search, dropped_));
            continue;
        }
        if (!tool.foreign.is_null() && !same_)
            return unsupported(pointer(tool), "tools other than functions");
        if (!tool.foreign.is_null())
            w_.value(tool.foreign);
        else
            write_tool(tool);
    }
    w_.end_array();
    return {};
}

// Here, unlike elsewhere, a function that does not say so is held strictly.
void RequestEncoder::write_tool(const Tool& tool) {
    w_.begin_object().key("type").string("function").key("name").string(tool.name);
    if (!tool.description.empty()) w_.key("description").string(tool.description);
    if (!tool.schema.is_null())
        w_.key("parameters").value(tool.schema);
    else if (!same_)
        w_.key("parameters").raw(R"({"type":"object","properties":{}})");
    const bool strict = tool.strict.as_bool();
    if (same_ && !tool.strict.is_null()) {
        w_.key("strict").value(tool.strict);
    } else if (!same_) {
        const bool refused = strict && !chat_ && !openai::can_be_strict(tool.schema);
        w_.key("strict").boolean(strict && !refused);
        if (refused) dropped_.add(pointer(tool, "strict"));
    }
    if (!tool.cache.is_null()) dropped_.add(pointer(tool) + "/cache_control");
    if (same_)
        for (const auto& unknown : tool.unknown)
            w_.any_key(unknown.key).value(unknown.value);
    else
        dropped_.add(tool, tool.unknown);
    w_.end_object();
}

void RequestEncoder::write_tool_choice() {
    using Kind = ToolChoice::Kind;
    const ToolChoice& choice = conversation_.tool_choice;
    if (choice.kind == Kind::unset || (!same_ && conversation_.tools.empty())) return;
    w_.key("tool_choice");
    switch (choice.kind) {
        case Kind::required:
            w_.string("required");
            return;
        case Kind::none:
            w_.string("none");
            return;
        case Kind::named:
            w_.begin_object().key("type").string("function").key("name").string(choice.name);
            w_.end_object();
            return;
        case Kind::automatic:
        case Kind::unset:
            w_.string("auto");
            return;
        case Kind::word:
            w_.string(choice.name);
    }
}

void RequestEncoder::write_limits() {
    const Settings& s = conversation_.settings;
    const auto limit = s.max_tokens.value.as_int();
    if (!same_ && limit && *limit < kLeastOutput) {
        w_.key("max_output_tokens").integer(kLeastOutput);
        dropped_.add(s.max_tokens);
    } else {
        write_setting("max_output_tokens", s.max_tokens);
    }
    write_setting("temperature", s.temperature);
    write_setting("top_p", s.top_p);
    dropped_.add(s.top_k);
    dropped_.add_unless(s.choices, 1);
    dropped_.add(s.seed);
    dropped_.add_unless(s.presence_penalty, 0);
    dropped_.add_unless(s.frequency_penalty, 0);
    if (!s.stop.value.is_array() || !s.stop.value.items().empty()) dropped_.add(s.stop);
    dropped_.add(s.safety);
    dropped_.add_members(s.generation_config);
}

void RequestEncoder::write_settings() {
    const Settings& s = conversation_.settings;
    write_limits();
    if (same_ || s.user.value.text().size() <= kMaxUser)
        write_setting("user", s.user);
    else
        dropped_.add(s.user);
    write_setting("service_tier", s.service_tier);
    if (same_ || !conversation_.tools.empty())
        write_setting("parallel_tool_calls", s.parallel_tools);
    write_text();
    write_thinking();
    write_include();
    if (s.top_logprobs.value.as_int().value_or(0) > 0)
        w_.key("top_logprobs").value(s.top_logprobs.value);
    // Nobody could ask for it again.
    if (!same_ && !unknown("store")) w_.key("store").boolean(false);
    if (s.stream) w_.key("stream").boolean(true);
}

const json::Value* RequestEncoder::unknown(std::string_view key) const {
    for (const auto& unknown : conversation_.unknown)
        if (unknown.key == key) return &unknown.value;
    return nullptr;
}

const json::Value* RequestEncoder::merged(std::string_view key) const {
    for (const auto& unknown : conversation_.unknown)
        if (unknown.key == key && is_merged(unknown)) return &unknown.value;
    return nullptr;
}

void RequestEncoder::write_text() {
    const auto& format = conversation_.settings.format;
    const auto* rest = same_ ? merged("text") : nullptr;
    const auto* verbosity = chat_ ? unknown("verbosity") : nullptr;
    const bool formed = format && format->kind != ResponseFormat::Kind::text;
    const bool said = formed && format->kind != ResponseFormat::Kind::choice &&
                      format->kind != ResponseFormat::Kind::regex;
    if (formed && !said) dropped_.add("/" + std::string(format->key));
    if (!said && !rest && !verbosity && !(same_ && format)) return;
    w_.key("text").begin_object();
    if (same_ && format)
        w_.key("format").value(format->whole);
    else if (said)
        write_format(*format);
    if (verbosity) w_.key("verbosity").value(*verbosity);
    if (rest)
        for (const auto& member : rest->members())
            w_.any_key(member.key).value(member.value);
    w_.end_object();
}

void RequestEncoder::write_format(const ResponseFormat& format) {
    w_.key("format").begin_object();
    if (format.kind == ResponseFormat::Kind::json_object) {
        w_.key("type").string("json_object").end_object();
        return;
    }
    w_.key("type").string("json_schema");
    w_.key("name").string(format.name.empty() ? "answer" : format.name);
    w_.key("schema").value(format.schema);
    const bool strict = format.strict.as_bool();
    const bool held = strict && (chat_ || openai::can_be_strict(format.schema));
    w_.key("strict").boolean(held);
    if (strict && !held) dropped_.add("/" + std::string(format.key));  // a request, no more a rule
    w_.end_object();
}

// Empty: nothing is said about it.
std::string_view RequestEncoder::effort() const {
    const Settings& s = conversation_.settings;
    const std::string_view word = s.effort.value.text();
    if (same_) return word;
    if (s.effort) return word == "max" ? "high" : word;
    return s.thinking ? openai::effort_of(*s.thinking) : std::string_view();
}

// A summary is asked for where the client wants to read what the model thinks.
void RequestEncoder::write_thinking() {
    const Settings& s = conversation_.settings;
    const bool thinks = s.thinking && s.thinking->mode != Thinking::Mode::disabled;
    if (!reasons_) {
        dropped_.add(s.effort);
        if (thinks) dropped_.add("/" + std::string(s.thinking->key));
        return;
    }
    const std::string_view word = effort();
    const bool shown = thinks && s.thinking->display != "omitted";
    const auto* rest = same_ ? merged("reasoning") : nullptr;
    if (word.empty() && !shown && !rest) return;
    w_.key("reasoning").begin_object();
    if (!word.empty()) w_.key("effort").string(word);
    if (shown) w_.key("summary").string("auto");
    if (rest)
        for (const auto& member : rest->members())
            w_.any_key(member.key).value(member.value);
    w_.end_object();
}

void RequestEncoder::write_include() {
    const bool probable = conversation_.settings.logprobs.value.as_bool() ||
                          conversation_.settings.top_logprobs.value.as_int().value_or(0) > 0;
    if (!probable && !sealed_) return;
    w_.key("include").begin_array();
    if (sealed_) w_.string("reasoning.encrypted_content");
    if (probable) w_.string("message.output_text.logprobs");
    w_.end_array();
}

Result<void> RequestEncoder::write_unknowns() {
    if (!same_) WEIR_CHECK(check_unknowns(conversation_));
    for (const auto& unknown : conversation_.unknown) {
        if (same_ && is_merged(unknown)) continue;
        if (!same_ && unknown.key == kWebSearchOptions) continue;  // it is among the tools
        if (same_ || (chat_ && is_shared(unknown.key)))
            w_.any_key(unknown.key).value(unknown.value);
        else if (!chat_ || unknown.key != "verbosity")
            dropped_.add(std::string(), Unknowns{unknown});
    }
    return {};
}

Result<Encoded> encode_request(const Conversation& conversation, std::string_view model) {
    Encoded out;
    out.body.reserve(1024);
    WEIR_TRY(out.dropped, RequestEncoder(conversation, model, out.body).encode());
    return out;
}

Result<Encoded> encode_count(const Conversation& conversation, std::string_view model) {
    Encoded out;
    WEIR_TRY(out.dropped, RequestEncoder(conversation, model, out.body).encode_count());
    return out;
}

}  // namespace weir::dialect::responses
