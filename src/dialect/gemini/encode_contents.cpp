#include "base/encoding.h"
#include "dialect/gemini/media.h"
#include "dialect/gemini/models.h"
#include "dialect/gemini/request_encoder.h"

namespace weir::dialect::gemini {
namespace {

// What Google documents for calls whose signature was lost, base64 of
// "skip_thought_signature_validator" (Gemini API, "Thought signatures").
constexpr std::string_view kNoSignature = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=";

std::string_view resolution(std::string_view detail) {
    if (detail == "low") return "MEDIA_RESOLUTION_LOW";
    if (detail == "medium") return "MEDIA_RESOLUTION_MEDIUM";
    if (detail == "high") return "MEDIA_RESOLUTION_HIGH";
    return {};
}

Result<void> check_signature(const Message& message, const Part& part, std::string_view signature) {
    if (base64_decode(signature)) return {};
    return fail(codes::dialect_request,
                pointer(message, part) + ": the signature of a thought must be base64");
}

}  // namespace

Result<void> RequestEncoder::write_contents() {
    for (const auto& message : conversation_.messages) {
        if (message.role == Role::system) continue;
        if (message.role == Role::assistant)
            WEIR_CHECK(write_assistant(message));
        else
            WEIR_CHECK(write_user(message));
    }
    close_content();
    if (listed_) w_.end_array();
    return {};
}

// The user's words and the results of tools are one content, up to the next answer.
void RequestEncoder::open_content(std::string_view role) {
    if (open_ == role) return;
    close_content();
    if (!listed_) w_.key("contents").begin_array();
    listed_ = true;
    open_ = role;
    w_.begin_object().key("role").string(role).key("parts").begin_array();
}

void RequestEncoder::close_content() {
    if (!open_.empty()) w_.end_array().end_object();
    open_ = {};
}

void RequestEncoder::write_text(std::string_view role, std::string_view text) {
    if (text.empty()) return;
    open_content(role);
    w_.begin_object().key("text").string(text).end_object();
}

Result<void> RequestEncoder::write_user(const Message& message) {
    for (const auto& part : message.parts) {
        if (const auto* text = std::get_if<Text>(&part.body)) {
            write_text("user", text->text);
        } else if (const auto* refusal = std::get_if<Refusal>(&part.body)) {
            write_text("user", refusal->text);
        } else if (const auto* media = std::get_if<Media>(&part.body)) {
            open_content("user");
            WEIR_CHECK(write_media(message, part, *media));
        } else if (const auto* result = std::get_if<ToolResult>(&part.body)) {
            open_content("user");
            WEIR_CHECK(write_result(message, part, *result));
        } else if (const auto* foreign = std::get_if<ForeignPart>(&part.body)) {
            return unsupported(pointer(message, part), "content of type " + foreign->type);
        } else {
            dropped_.add(pointer(message, part));  // thinking, which a user does not do
        }
        dropped_.add_rest(message, part);
    }
    return {};
}

// Calls come first. Each takes the last proof of thinking that stands before it.
Result<void> RequestEncoder::write_assistant(const Message& message) {
    close_content();
    std::string_view signature;
    bool first = true;
    size_t calls_end = 0;
    for (size_t i = 0; i < message.parts.size(); ++i) {
        const Part& part = message.parts[i];
        const auto* reasoning = std::get_if<Reasoning>(&part.body);
        if (reasoning && !reasoning->signature.empty()) {
            WEIR_CHECK(check_signature(message, part, reasoning->signature));
            signature = reasoning->signature;
        }
        if (!std::holds_alternative<ToolCall>(part.body)) continue;
        if (first && signature.empty() && wants_signatures(model_)) signature = kNoSignature;
        WEIR_CHECK(write_call(message, part, signature));
        signature = {};
        first = false;
        calls_end = i + 1;
    }
    return write_said(message, calls_end);
}

Result<void> RequestEncoder::write_call(const Message& message, const Part& part,
                                        std::string_view signature) {
    const auto& call = std::get<ToolCall>(part.body);
    WEIR_TRY(const auto arguments, object_text(message, part, call));
    open_content("model");
    w_.begin_object().key("functionCall").begin_object().key("name").string(call.name);
    w_.key("args").raw(arguments).end_object();
    if (!signature.empty()) w_.key("thoughtSignature").string(signature);
    w_.end_object();
    dropped_.add_rest(message, part);
    return {};
}

// Everything but calls. Proofs before `calls_end` went with a call; a later one without words of
// its own belongs to the text behind it.
Result<void> RequestEncoder::write_said(const Message& message, size_t calls_end) {
    std::string_view waiting;
    for (size_t i = 0; i < message.parts.size(); ++i) {
        const Part& part = message.parts[i];
        if (std::holds_alternative<ToolCall>(part.body)) continue;
        dropped_.add_rest(message, part);
        if (const auto* reasoning = std::get_if<Reasoning>(&part.body)) {
            const std::string_view proof =
                i < calls_end ? std::string_view() : reasoning->signature;
            if (reasoning->text.empty()) {
                if (!proof.empty()) waiting = proof;
                continue;
            }
            open_content("model");
            w_.begin_object().key("text").string(reasoning->text).key("thought").boolean(true);
            if (!proof.empty()) w_.key("thoughtSignature").string(proof);
            w_.end_object();
            continue;
        }
        if (const auto* media = std::get_if<Media>(&part.body)) {
            open_content("model");
            WEIR_CHECK(write_media(message, part, *media));
            continue;
        }
        const auto* text = std::get_if<Text>(&part.body);
        const auto* refusal = std::get_if<Refusal>(&part.body);
        if (!text && !refusal) {
            if (const auto* foreign = std::get_if<ForeignPart>(&part.body))
                return unsupported(pointer(message, part), "content of type " + foreign->type);
            dropped_.add(pointer(message, part));  // hidden thinking of another provider
            continue;
        }
        const std::string& words = text ? text->text : refusal->text;
        if (words.empty()) continue;
        open_content("model");
        w_.begin_object().key("text").string(words);
        if (!waiting.empty()) w_.key("thoughtSignature").string(std::exchange(waiting, {}));
        w_.end_object();
    }
    if (waiting.empty()) return {};
    open_content("model");
    w_.begin_object().key("text").string("").key("thoughtSignature").string(waiting).end_object();
    return {};
}

Result<std::string_view> RequestEncoder::name_of(const Message& message, const Part& part,
                                                 const ToolResult& result) const {
    for (const auto& other : conversation_.messages) {
        if (&other == &message) break;
        for (const auto& said : other.parts)
            if (const auto* call = std::get_if<ToolCall>(&said.body);
                call && call->id == result.call_id)
                return call->name;
    }
    if (!message.name.empty()) return message.name;
    return fail(codes::dialect_request,
                pointer(message, part) + ": no earlier message calls a tool with this result's id");
}

Result<void> RequestEncoder::write_result(const Message& message, const Part& part,
                                          const ToolResult& result) {
    WEIR_TRY(const auto name, name_of(message, part, result));
    std::string words;
    for (const auto& inner : result.content) {
        if (const auto* text = std::get_if<Text>(&inner.body))
            words += text->text;
        else if (!std::holds_alternative<Media>(inner.body))
            return unsupported(pointer(message, inner), "this in a tool's result");
        dropped_.add_rest(message, inner);
    }
    w_.begin_object().key("functionResponse").begin_object().key("name").string(name);
    w_.key("response").begin_object().key(result.is_error ? "error" : "output").string(words);
    w_.end_object().end_object().end_object();
    // What is no text follows its result.
    for (const auto& inner : result.content)
        if (const auto* media = std::get_if<Media>(&inner.body))
            WEIR_CHECK(write_media(message, inner, *media));
    return {};
}

Result<void> RequestEncoder::write_media(const Message& message, const Part& part,
                                         const Media& media) {
    w_.begin_object();
    WEIR_CHECK(write_media_member(w_, media, pointer(message, part)));
    if (!media.name.empty()) dropped_.add(pointer(pointer(message, part), "title"));
    write_detail(message, part, media);
    w_.end_object();
    return {};
}

void RequestEncoder::write_detail(const Message& message, const Part& part, const Media& media) {
    if (media.detail.empty() || media.detail == "auto") return;
    const std::string_view level = resolution(media.detail);
    if (level.empty() || !takes_media_resolution(model_))
        return dropped_.add(pointer(message, part) + "/" + std::string(media.detail_key));
    w_.key("mediaResolution").begin_object().key("level").string(level).end_object();
}

}  // namespace weir::dialect::gemini
