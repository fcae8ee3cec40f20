#include <algorithm>

#include "base/encoding.h"
#include "dialect/gemini/decode.h"
#include "dialect/gemini/generate.h"
#include "json/lexer.h"

namespace weir::dialect::gemini {
namespace {

constexpr std::string_view kThinking = "weir.thinking:";
constexpr std::string_view kHidden = "weir.redacted:";
constexpr std::string_view kHiddenBytes = "weir.redacted64:";

Media::Kind kind_of(std::string_view mime) {
    if (mime.starts_with("image/")) return Media::Kind::image;
    if (mime.starts_with("audio/")) return Media::Kind::audio;
    if (mime == "application/pdf" || mime.starts_with("text/")) return Media::Kind::document;
    return Media::Kind::file;
}

std::string_view detail_of(const json::Value& part) {
    const auto* resolution = part.find("mediaResolution");
    const std::string_view level = resolution ? resolution->string_at("level") : std::string_view();
    if (level == "MEDIA_RESOLUTION_LOW") return "low";
    if (level == "MEDIA_RESOLUTION_MEDIUM") return "medium";
    if (level == "MEDIA_RESOLUTION_HIGH") return "high";
    return {};
}

Result<Part> decode_media(json::Value value, const std::string& where) {
    const auto* given = value.find("inlineData");
    const bool inlined = given != nullptr;
    if (!inlined) given = value.find("fileData");
    Media media{.mime = std::string(given->string_at("mimeType")), .detail_key = "mediaResolution"};
    media.kind = kind_of(media.mime);
    media.name = given->string_at("displayName");
    media.detail = detail_of(value);
    if (!inlined) {
        media.url = given->string_at("fileUri");
        if (media.url.empty()) return invalid(where + ".fileData.fileUri", "must be a string");
        // What lies with Google only Google can open.
        if (!media.url.starts_with("http") ||
            media.url.find("googleapis.com/") != std::string::npos) {
            Part part;
            part.own = value;
            part.body = ForeignPart{"fileData", std::move(value)};
            return part;
        }
    } else {
        media.data = standard_base64(given->string_at("data"));
        const auto bytes = base64_decode(media.data);
        if (!bytes) return invalid(where + ".inlineData.data", "must be base64");
        media.plain = media.mime.starts_with("text/");
        if (media.plain) media.data = *bytes;
    }
    Part part{.body = std::move(media)};
    for (const auto& member : value.members())
        if (member.key == "videoMetadata") part.unknown.push_back({member.key, member.value});
    part.own = std::move(value);
    return part;
}

Result<Part> decode_call(json::Value value, const std::string& made_id, const std::string& where,
                         OpenCalls& calls) {
    const auto* given = value.find("functionCall");
    ToolCall call{std::string(given->string_at("id")), std::string(given->string_at("name")), "{}"};
    if (call.name.empty()) return invalid(where + ".functionCall.name", "must be a string");
    if (call.id.empty()) call.id = made_id;
    if (const auto* args = given->find("args"); args && !args->is_null()) {
        if (!args->is_object()) return invalid(where + ".functionCall.args", "must be an object");
        call.arguments = json::serialize(*args);
    }
    calls.add(call.name, call.id);
    Part part{.body = std::move(call)};
    part.own = std::move(value);
    return part;
}

// {"output":…}, {"result":…} or {"error":…} by convention; any object is allowed.
void decode_response(const json::Value& response, ToolResult& result) {
    const json::Value* said = &response;
    if (response.members().size() == 1) {
        const auto& only = response.members().front();
        result.is_error = only.key == "error";
        if (result.is_error || only.key == "output" || only.key == "result") said = &only.value;
    }
    std::string words = said->is_string() ? std::string(said->text()) : json::serialize(*said);
    if (!words.empty()) result.content.push_back({.body = Text{std::move(words)}});
}

Result<Part> decode_result(json::Value value, const std::string& where, OpenCalls& calls) {
    const auto* given = value.find("functionResponse");
    ToolResult result{.call_id = calls.take(given->string_at("name"), given->string_at("id"))};
    if (result.call_id.empty())
        return invalid(where + ".functionResponse.name", "answers no call of an earlier content");
    if (const auto* response = given->find("response"); response && !response->is_null())
        decode_response(*response, result);
    if (const auto* parts = given->find("parts"))
        for (const auto& inner : parts->items()) {
            if (!inner.find("inlineData") && !inner.find("fileData")) continue;
            WEIR_TRY(auto media, decode_media(inner, where + ".functionResponse.parts"));
            media.own = {};
            result.content.push_back(std::move(media));
        }
    Part part{.body = std::move(result)};
    part.own = std::move(value);
    return part;
}

HiddenReasoning hidden_of(const Unwrapped& proof) {
    return {proof.base64 ? HiddenReasoning::Form::base64 : HiddenReasoning::Form::text,
            json::Value::string(proof.text)};
}

// One part as the model has it, and before it the proof that it carries.
class ContentDecoder {
public:
    ContentDecoder(Message& message, OpenCalls& calls, std::string where)
        : message_(message), calls_(calls), where_(std::move(where)) {}

    Result<void> decode(json::Value value, int index) {
        const std::string where = at(where_, index);
        if (!value.is_object()) return invalid(where, "must be an object");
        const auto* thought = value.find("thought");
        const auto* text = value.find("text");
        index_ = index;
        const std::string signature = standard_base64(value.string_at("thoughtSignature"));
        const auto proof = signature.empty() ? std::nullopt : unwrap_signature(signature);
        if (thought && thought->as_bool()) return on_thought(std::move(value), signature, proof);
        if (proof) on_proof(*proof);
        if (text && text->is_string())
            return on_text(std::move(value), proof ? std::string() : signature);
        WEIR_TRY(auto part, decode_other(std::move(value), where));
        if (!signature.empty() && !proof)
            part.unknown.push_back({"thoughtSignature", json::Value::string(signature)});
        add(std::move(part));
        return {};
    }

private:
    void add(Part part) {
        part.place = {"parts", index_};
        message_.parts.push_back(std::move(part));
    }

    // What streams cut into pieces is one part again; `own` keeps the pieces.
    template <class Body>
    Part* same_kind() {
        if (message_.role != Role::assistant || message_.parts.empty()) return nullptr;
        return std::holds_alternative<Body>(message_.parts.back().body) ? &message_.parts.back()
                                                                        : nullptr;
    }

    static void keep(Part& part, json::Value value) {
        if (part.own.is_null()) part.own = json::Value::array();
        part.own.push_back(std::move(value));
    }

    Result<void> on_thought(json::Value value, const std::string& signature,
                            const std::optional<Unwrapped>& proof) {
        if (proof && proof->hidden) {
            Part hidden{.body = hidden_of(*proof)};
            keep(hidden, std::move(value));
            add(std::move(hidden));
            return {};
        }
        Part* part = same_kind<Reasoning>();
        if (part && !std::get<Reasoning>(part->body).signature.empty()) part = nullptr;
        if (!part) {
            add({.body = Reasoning{}});
            part = &message_.parts.back();
        }
        auto& reasoning = std::get<Reasoning>(part->body);
        reasoning.text.append(value.string_at("text"));
        if (proof)
            reasoning.signature = proof->text;
        else if (!signature.empty())
            part->unknown.push_back({"thoughtSignature", json::Value::string(signature)});
        keep(*part, std::move(value));
        return {};
    }

    // It stands on the part that follows, whose `own` holds it.
    void on_proof(const Unwrapped& proof) {
        if (proof.hidden)
            add({.body = hidden_of(proof)});
        else
            add({.body = Reasoning{{}, proof.text}});
    }

    Result<void> on_text(json::Value value, std::string native_proof) {
        Part* part = same_kind<Text>();
        if (!part) {
            add({.body = Text{}});
            part = &message_.parts.back();
        }
        std::get<Text>(part->body).text.append(value.string_at("text"));
        const bool plain = message_.role != Role::assistant && value.members().size() == 1;
        if (!native_proof.empty())
            part->unknown.push_back(
                {"thoughtSignature", json::Value::string(std::move(native_proof))});
        if (!plain) keep(*part, std::move(value));
        return {};
    }

    Result<Part> decode_other(json::Value value, const std::string& where) {
        auto is_object = [&](std::string_view key) {
            const auto* found = value.find(key);
            return found && found->is_object();
        };
        if (is_object("inlineData") || is_object("fileData"))
            return decode_media(std::move(value), where);
        if (is_object("functionCall")) {
            const std::string id =
                "call_" + std::to_string(message_.index) + "_" + std::to_string(index_);
            return decode_call(std::move(value), id, where, calls_);
        }
        if (is_object("functionResponse")) return decode_result(std::move(value), where, calls_);
        if (value.members().empty()) return invalid(where, "says nothing");
        std::string type = value.members().front().key;
        Part part;
        part.own = value;
        part.body = ForeignPart{std::move(type), std::move(value)};
        return part;
    }

    Message& message_;
    OpenCalls& calls_;
    std::string where_;
    int index_ = 0;
};

Result<void> decode_parts(json::Value parts, const std::string& where, Message& message,
                          OpenCalls& calls) {
    if (!parts.is_array()) return invalid(where, "must be an array");
    ContentDecoder decoder(message, calls, where);
    int index = 0;
    for (auto& part : parts.items())
        WEIR_CHECK(decoder.decode(std::move(part), index++));
    return {};
}

}  // namespace

std::string OpenCalls::take(std::string_view name, std::string_view id) {
    auto found = calls_.end();
    if (!id.empty()) found = std::ranges::find(calls_, id, &Call::id);
    if (found == calls_.end()) found = std::ranges::find(calls_, name, &Call::name);
    if (found == calls_.end()) return {};
    std::string out = std::move(found->id);
    calls_.erase(found);
    return out;
}

std::string wrap_signature(std::string_view signature) {
    return base64_encode(std::string(kThinking).append(signature));
}
std::string wrap_hidden(std::string_view data, bool base64) {
    return base64_encode(std::string(base64 ? kHiddenBytes : kHidden).append(data));
}
std::optional<Unwrapped> unwrap_signature(std::string_view text) {
    const auto bytes = base64_decode(text);
    if (!bytes || !json::lex::check_utf8(*bytes)) return std::nullopt;
    for (std::string_view mark : {kThinking, kHidden, kHiddenBytes})
        if (bytes->starts_with(mark))
            return Unwrapped{bytes->substr(mark.size()), mark != kThinking, mark == kHiddenBytes};
    return std::nullopt;
}

std::string standard_base64(std::string_view text) {
    std::string out(text);
    std::ranges::replace(out, '-', '+');
    std::ranges::replace(out, '_', '/');
    return out;
}

Result<Message> decode_content(json::Value value, int index, OpenCalls& calls) {
    const std::string where = at("contents", index);
    if (!value.is_object()) return invalid(where, "must be an object");
    Message message{.index = index, .member = "contents"};
    const auto* role = value.find("role");
    const std::string_view word = role ? role->text() : std::string_view();
    if (word == "model")
        message.role = Role::assistant;
    else if (!word.empty() && word != "user" && word != "function")
        return invalid(where + ".role", "must be user or model");
    // Which of the words was said, or none, matters to nobody else.
    if (word.empty()) message.unknown.push_back({"role", json::Value()});
    static constexpr std::string_view kKnown[] = {"role", "parts"};
    take_unknowns(value, kKnown, message.unknown);
    json::Value parts = take(value, "parts");
    if (parts.is_null()) return message;
    WEIR_CHECK(decode_parts(std::move(parts), where + ".parts", message, calls));
    return message;
}

Result<Message> decode_system(json::Value value) {
    Message message{.role = Role::system, .index = -1, .member = "systemInstruction"};
    json::Value parts = take(value, "parts");
    if (parts.is_object()) parts = json::Value::array({std::move(parts)});
    OpenCalls none;
    WEIR_CHECK(decode_parts(std::move(parts), "systemInstruction.parts", message, none));
    return message;
}

}  // namespace weir::dialect::gemini
