#include "base/ascii.h"
#include "base/encoding.h"
#include "dialect/bedrock/converse.h"
#include "dialect/encode_common.h"
#include "dialect/writer.h"

namespace weir::dialect::bedrock {
namespace {

std::string_view image_format(std::string_view mime) {
    for (std::string_view format : {"png", "jpeg", "gif", "webp"})
        if (mime.starts_with("image/") && mime.substr(6) == format) return format;
    return {};
}

bool has_tool_parts(const Conversation& conversation) {
    for (const auto& message : conversation.messages)
        for (const auto& part : message.parts)
            if (std::holds_alternative<ToolCall>(part.body) ||
                std::holds_alternative<ToolResult>(part.body))
                return true;
    return false;
}

// One request's encoding: the writer and what is lost.
class RequestEncoder {
public:
    RequestEncoder(const Conversation& conversation, std::string_view model, std::string& out)
        : conversation_(conversation),
          model_(model),
          foreign_(conversation.origin != Dialect::openai),
          claude_(conversation.origin == Dialect::anthropic ||
                  (foreign_ && model.find("claude") != std::string_view::npos)),
          w_(out) {}

    Result<std::vector<std::string>> encode();
    /// As CountTokens wants it: what is read, without how to answer.
    Result<std::vector<std::string>> encode_count();

private:
    void write_inference_config();
    void write_additional_fields();
    Result<void> write_system();
    Result<void> write_messages();
    Result<void> write_parts(const Message& message);
    Result<void> write_part(const Message& message, const Part& part);
    Result<void> write_media(const Message& message, const Part& part, const Media& media);
    Result<void> write_hidden(const Message& message, const Part& part,
                              const HiddenReasoning& hidden);
    void write_reasoning(const Reasoning& reasoning);
    Result<void> write_tool_result(const Message& message, const Part& part,
                                   const ToolResult& result);
    Result<void> write_tool_config();
    Result<void> write_tools();
    Result<void> write_tool_choice();
    Result<void> write_document(const Message& message, const Part& part, const Media& media);
    bool joins(const Message& first, const Message& next) const;
    void write_thinking(const Thinking& thinking);
    void write_text(std::string_view text) {
        if (!text.empty()) w_.begin_object().key("text").string(text).end_object();
    }
    // A marker stands behind what it covers, as an element of its own.
    void write_cache_point(const json::Value& cache) {
        if (cache.string_at("type") == "ephemeral") w_.raw(R"({"cachePoint":{"type":"default"}})");
    }

    const Conversation& conversation_;
    std::string_view model_;
    bool foreign_;  // the client speaks neither OpenAI's chat nor Responses
    bool claude_;   // the model is told in Claude's own words
    Writer w_;
    Dropped dropped_;
};

Result<std::vector<std::string>> RequestEncoder::encode() {
    w_.begin_object();
    write_inference_config();
    write_additional_fields();
    WEIR_CHECK(write_system());
    WEIR_CHECK(write_messages());
    WEIR_CHECK(write_tool_config());
    WEIR_CHECK(drop_unknowns(conversation_, dropped_));
    w_.end_object();
    return dropped_.take();
}

Result<std::vector<std::string>> RequestEncoder::encode_count() {
    w_.begin_object().key("input").begin_object().key("converse").begin_object();
    WEIR_CHECK(write_system());
    WEIR_CHECK(write_messages());
    WEIR_CHECK(write_tool_config());
    w_.end_object().end_object().end_object();
    return dropped_.take();
}

void RequestEncoder::write_inference_config() {
    const Settings& s = conversation_.settings;
    w_.key("inferenceConfig").begin_object();
    if (s.max_tokens) w_.key("maxTokens").value(s.max_tokens.value);
    if (s.temperature) w_.key("temperature").value(s.temperature.value);
    if (s.top_p) w_.key("topP").value(s.top_p.value);
    const json::Value& stop = s.stop.value;
    if (stop.is_string())
        w_.key("stopSequences").begin_array().string(stop.text()).end_array();
    else if (stop.is_array() && !stop.items().empty())
        w_.key("stopSequences").value(stop);
    w_.end_object();
    // "auto" leaves the choice to the provider, which is what saying nothing means here.
    if (s.service_tier && s.service_tier.value.text() != "auto")
        w_.key("serviceTier").begin_object().key("type").value(s.service_tier.value).end_object();
    drop_openai_settings(s, dropped_);
    if (!claude_) dropped_.add(s.top_k);
    dropped_.add(s.user);
    if (s.format && s.format->kind != ResponseFormat::Kind::text)
        dropped_.add("/" + std::string(s.format->key));
    if (s.parallel_tools && !s.parallel_tools.value.as_bool()) dropped_.add(s.parallel_tools);
}

void RequestEncoder::write_thinking(const Thinking& thinking) {
    constexpr std::string_view kModes[] = {"enabled", "disabled", "adaptive"};
    w_.key("thinking").begin_object();
    w_.key("type").string(kModes[static_cast<size_t>(thinking.mode)]);
    if (!thinking.budget.is_null()) w_.key("budget_tokens").value(thinking.budget);
    if (!thinking.display.empty()) w_.key("display").string(thinking.display);
    w_.end_object();
}

// What only the model itself understands, in its own words.
void RequestEncoder::write_additional_fields() {
    const Settings& s = conversation_.settings;
    const bool top_k = claude_ && s.top_k;
    if (!s.thinking && !s.effort && !top_k) return;
    w_.key("additionalModelRequestFields").begin_object();
    if (s.thinking) write_thinking(*s.thinking);
    if (top_k) w_.key("top_k").value(s.top_k.value);
    if (s.effort && claude_)
        w_.key("output_config").begin_object().key("effort").value(s.effort.value).end_object();
    else if (s.effort)
        w_.key("reasoning_config").value(s.effort.value);
    w_.end_object();
}

Result<void> RequestEncoder::write_system() {
    bool open = false;
    for (const auto& message : conversation_.messages) {
        if (message.role != Role::system) continue;
        for (const auto& part : message.parts) {
            const auto* text = std::get_if<Text>(&part.body);
            if (!text)
                return unsupported(pointer(message, part), "anything but text in a system message");
            if (text->text.empty()) continue;
            if (!open) w_.key("system").begin_array();
            open = true;
            write_text(text->text);
            write_cache_point(part.cache);
        }
    }
    if (open) w_.end_array();
    return {};
}

Result<void> RequestEncoder::write_messages() {
    w_.key("messages").begin_array();
    const auto& messages = conversation_.messages;
    for (size_t i = 0; i < messages.size(); ++i) {
        const Message& message = messages[i];
        const bool assistant = message.role == Role::assistant;
        if (message.role == Role::system || (assistant && is_empty(message))) continue;
        w_.begin_object().key("role").string(assistant ? "assistant" : "user");
        w_.key("content").begin_array();
        WEIR_CHECK(write_parts(message));
        for (; i + 1 < messages.size() && joins(message, messages[i + 1]); ++i)
            if (messages[i + 1].role != Role::system) WEIR_CHECK(write_parts(messages[i + 1]));
        w_.end_array().end_object();
    }
    w_.end_array();
    return {};
}

// The results of parallel calls belong into one message; and where Anthropic lets one side speak
// twice, Converse wants the sides to take turns.
bool RequestEncoder::joins(const Message& first, const Message& next) const {
    if (foreign_) return next.role == first.role || next.role == Role::system;
    return first.role == next.role && first.role == Role::tool;
}

Result<void> RequestEncoder::write_parts(const Message& message) {
    for (const auto& part : message.parts) {
        WEIR_CHECK(write_part(message, part));
        write_cache_point(part.cache);
        if (part.unknown.empty()) continue;
        const bool claude = conversation_.origin == Dialect::anthropic;
        dropped_.add(pointer(message, part), claude ? without_shared(part) : part.unknown);
    }
    return {};
}

Result<void> RequestEncoder::write_part(const Message& message, const Part& part) {
    if (const auto* text = std::get_if<Text>(&part.body)) {
        write_text(text->text);
        dropped_.add(message, part, *text);
    } else if (const auto* refusal = std::get_if<Refusal>(&part.body)) {
        write_text(refusal->text);
    } else if (const auto* reasoning = std::get_if<Reasoning>(&part.body)) {
        // Claude takes thinking back only with its proof; upstream's clients are not told so.
        const bool proven = !reasoning->signature.empty();
        if (proven || conversation_.origin == Dialect::openai ||
            conversation_.origin == Dialect::anthropic)
            write_reasoning(*reasoning);
        else
            dropped_.add(pointer(message, part));
    } else if (const auto* hidden = std::get_if<HiddenReasoning>(&part.body)) {
        return write_hidden(message, part, *hidden);
    } else if (const auto* media = std::get_if<Media>(&part.body)) {
        return write_media(message, part, *media);
    } else if (const auto* call = std::get_if<ToolCall>(&part.body)) {
        if (call->id.empty())
            return fail(codes::dialect_request,
                        pointer(message, part) + ": a tool call needs an id");
        WEIR_TRY(const auto input, object_text(message, part, *call));
        w_.begin_object().key("toolUse").begin_object().key("toolUseId").string(call->id);
        w_.key("name").string(call->name).key("input").raw(input).end_object().end_object();
    } else if (const auto* result = std::get_if<ToolResult>(&part.body)) {
        return write_tool_result(message, part, *result);
    } else if (const auto* foreign = std::get_if<ForeignPart>(&part.body)) {
        const std::string what = "content of type " + foreign->type;
        if (foreign_) return lose(message, part, what, dropped_);
        return unsupported(pointer(message, part), what);
    }
    return {};
}

void RequestEncoder::write_reasoning(const Reasoning& reasoning) {
    w_.begin_object().key("reasoningContent").begin_object().key("reasoningText").begin_object();
    w_.key("text").string(reasoning.text);
    if (!reasoning.signature.empty()) w_.key("signature").string(reasoning.signature);
    w_.end_object().end_object().end_object();
}

Result<void> RequestEncoder::write_hidden(const Message& message, const Part& part,
                                          const HiddenReasoning& hidden) {
    if (foreign_) {
        const bool base64 = hidden.form == HiddenReasoning::Form::base64;
        const std::string_view data = hidden.data.text();
        w_.begin_object().key("reasoningContent").begin_object().key("redactedContent");
        w_.string(base64 ? std::string(data) : base64_encode(data)).end_object().end_object();
        return {};
    }
    // A bare string in `redactedContent` may be text or base64; `data` and our own answers say
    // which.
    if (hidden.form == HiddenReasoning::Form::text && part.place.member == "content")
        return unsupported(pointer(message, part), "hidden thinking as text");
    w_.begin_object().key("reasoningContent").begin_object();
    w_.key("redactedContent").value(hidden.data).end_object().end_object();
    return {};
}

Result<void> RequestEncoder::write_media(const Message& message, const Part& part,
                                         const Media& media) {
    const bool said_to_be_a_file =
        foreign_ || conversation_.operation != Operation::chat || media.detail_key == "file";
    if (media.kind == Media::Kind::document && said_to_be_a_file)
        return write_document(message, part, media);
    if (media.kind != Media::Kind::image)
        return unsupported(pointer(message, part), "sound or files");
    if (!media.url.empty()) return unsupported(pointer(message, part), "images by URL");
    const std::string_view format = image_format(media.mime);
    if (format.empty())
        return unsupported(pointer(message, part), "images other than jpeg, png, gif and webp");
    w_.begin_object().key("image").begin_object().key("format").string(format);
    w_.key("source")
        .begin_object()
        .key("bytes")
        .string(media.data)
        .end_object()
        .end_object()
        .end_object();
    if (!media.detail.empty() && media.detail != "auto")
        dropped_.add(pointer(message, part) + "/" + std::string(media.detail_key));
    return {};
}

// Converse wants each document named, in letters, digits, single spaces, hyphens and brackets.
std::string document_name(std::string_view name) {
    std::string out;
    for (char c : name) {
        constexpr std::string_view kMarks = "-()[]";
        const bool kept = (c >= '0' && c <= '9') ||
                          (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
                          kMarks.find(c) != std::string_view::npos;
        if (kept)
            out.push_back(c);
        else if (!out.empty() && out.back() != ' ')
            out.push_back(' ');
    }
    return out.empty() ? "document" : out.substr(0, 200);
}

Result<void> RequestEncoder::write_document(const Message& message, const Part& part,
                                            const Media& media) {
    if (!media.url.empty()) return unsupported(pointer(message, part), "documents by URL");
    if (!media.plain && media.mime != "application/pdf")
        return unsupported(pointer(message, part), "documents other than PDF and text");
    w_.begin_object().key("document").begin_object();
    w_.key("format").string(media.plain ? "txt" : "pdf");
    w_.key("name").string(document_name(media.name));
    w_.key("source").begin_object().key("bytes");
    w_.string(media.plain ? base64_encode(media.data) : media.data).end_object();
    if (conversation_.origin == Dialect::anthropic)
        for (const auto& unknown : shared_of_document(part))
            if (!unknown.value.is_null()) w_.any_key(unknown.key).value(unknown.value);
    w_.end_object().end_object();
    return {};
}

Result<void> RequestEncoder::write_tool_result(const Message& message, const Part&,
                                               const ToolResult& result) {
    w_.begin_object().key("toolResult").begin_object().key("toolUseId").string(result.call_id);
    w_.key("content").begin_array();
    bool cached = false;
    for (const auto& inner : result.content) {
        const auto* text = std::get_if<Text>(&inner.body);
        const auto* media = std::get_if<Media>(&inner.body);
        if (text)
            w_.begin_object().key("text").string(text->text).end_object();
        else if (media)
            WEIR_CHECK(write_media(message, inner, *media));
        else
            return unsupported(pointer(message, inner), "this in a tool's result");
        cached = cached || inner.cache.string_at("type") == "ephemeral";
    }
    w_.end_array();
    if (result.is_error) w_.key("status").string("error");
    w_.end_object().end_object();
    if (cached) w_.raw(R"({"cachePoint":{"type":"default"}})");
    return {};
}

Result<void> RequestEncoder::write_tool_config() {
    const bool none = conversation_.tool_choice.kind == ToolChoice::Kind::none;
    if (conversation_.tools.empty()) {
        using Kind = ToolChoice::Kind;
        const Kind kind = conversation_.tool_choice.kind;
        if (kind == Kind::required || kind == Kind::named || kind == Kind::word)
            dropped_.add("/tool_choice");
        return {};
    }
    if (none) {
        // Converse has no such word. Without tools nothing can be called; but a conversation that
        // has tool calls in it must carry the tools.
        if (has_tool_parts(conversation_))
            return unsupported("/tool_choice", "none after tool calls");
        return {};
    }
    w_.key("toolConfig").begin_object();
    WEIR_CHECK(write_tools());
    WEIR_CHECK(write_tool_choice());
    w_.end_object();
    return {};
}

Result<void> RequestEncoder::write_tools() {
    w_.key("tools").begin_array();
    for (const auto& tool : conversation_.tools) {
        if (!tool.foreign.is_null())
            return unsupported(pointer(tool), "tools other than functions");
        w_.begin_object().key("toolSpec").begin_object().key("name").string(tool.name);
        if (!tool.description.empty()) w_.key("description").string(tool.description);
        // null without parameters, as upstream's translation has it.
        w_.key("inputSchema").begin_object().key("json");
        if (foreign_ && tool.schema.is_null())
            w_.raw(R"({"type":"object","properties":{}})");
        else
            w_.value(tool.schema);
        w_.end_object();
        w_.end_object().end_object();
        write_cache_point(tool.cache);
        if (tool.strict.as_bool()) dropped_.add(pointer(tool, "strict"));
        dropped_.add(tool, tool.unknown);
    }
    w_.end_array();
    return {};
}

Result<void> RequestEncoder::write_tool_choice() {
    using Kind = ToolChoice::Kind;
    const ToolChoice& choice = conversation_.tool_choice;
    switch (choice.kind) {
        case Kind::unset:
        case Kind::none:
            return {};
        case Kind::automatic:
            w_.key("toolChoice").raw(R"({"auto":{}})");
            return {};
        case Kind::required:
            w_.key("toolChoice").raw(R"({"any":{}})");
            return {};
        case Kind::word:
            // A bare tool name; only Claude is sent it.
            if (model_.find("anthropic") == std::string_view::npos ||
                model_.find("claude") == std::string_view::npos) {
                dropped_.add("/tool_choice");
                return {};
            }
            [[fallthrough]];
        case Kind::named:
            w_.key("toolChoice").begin_object().key("tool").begin_object();
            w_.key("name").string(choice.name).end_object().end_object();
    }
    return {};
}

}  // namespace

Result<Encoded> encode_count(const Conversation& conversation, std::string_view model) {
    Encoded out;
    WEIR_TRY(out.dropped, RequestEncoder(conversation, model, out.body).encode_count());
    return out;
}

Result<Encoded> encode_request(const Conversation& conversation, std::string_view model) {
    Encoded out;
    out.body.reserve(1024);
    if (conversation.origin == Dialect::bedrock) {
        append_own_request(conversation, out.body);
        return out;
    }
    WEIR_TRY(out.dropped, RequestEncoder(conversation, model, out.body).encode());
    return out;
}

}  // namespace weir::dialect::bedrock
