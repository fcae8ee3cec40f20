#include "base/encoding.h"
#include "dialect/anthropic/request_encoder.h"

namespace weir::dialect::anthropic {
namespace {

bool is_image_mime(std::string_view mime) {
    return mime == "image/jpeg" || mime == "image/png" || mime == "image/gif" ||
           mime == "image/webp";
}

// A tool that answers {"error": …} has failed; OpenAI has no other way to say it.
bool tells_error(const ToolResult& result) {
    if (result.is_error) return true;
    for (const auto& part : result.content) {
        const auto* text = std::get_if<Text>(&part.body);
        if (!text || text->text.find("\"error\"") == std::string::npos) continue;
        auto value = json::parse(text->text);
        const auto* error = value ? value->find("error") : nullptr;
        if (error && !error->is_null()) return true;
    }
    return false;
}

}  // namespace

void RequestEncoder::end_block(const Message& message, const Part& part) {
    write_cache(part.cache);
    if (same_) {
        write_members(part.unknown);
    } else if (conversation_.origin == Dialect::bedrock) {
        write_members(shared_of_document(part));
        dropped_.add(pointer(message, part), without_shared(part));
    } else {
        dropped_.add(pointer(message, part), part.unknown);
    }
    w_.end_object();
}

Result<void> RequestEncoder::write_block(const Message& message, const Part& part) {
    if (const auto* text = std::get_if<Text>(&part.body)) {
        write_said(message, part, text->text);
    } else if (const auto* refusal = std::get_if<Refusal>(&part.body)) {
        write_said(message, part, refusal->text);
    } else if (const auto* reasoning = std::get_if<Reasoning>(&part.body)) {
        write_reasoning(message, part, *reasoning);
    } else if (const auto* hidden = std::get_if<HiddenReasoning>(&part.body)) {
        return write_hidden(message, part, *hidden);
    } else if (const auto* media = std::get_if<Media>(&part.body)) {
        return write_media(message, part, *media);
    } else if (const auto* call = std::get_if<ToolCall>(&part.body)) {
        return write_tool_call(message, part, *call);
    } else if (const auto* result = std::get_if<ToolResult>(&part.body)) {
        return write_tool_result(message, part, *result);
    } else if (const auto* foreign = std::get_if<ForeignPart>(&part.body)) {
        if (!same_) return unsupported(pointer(message, part), "content of type " + foreign->type);
        w_.value(foreign->value);
    }
    return {};
}

// Anthropic refuses blocks without text.
void RequestEncoder::write_said(const Message& message, const Part& part, std::string_view text) {
    if (text.empty() && !same_) return;
    w_.begin_object().key("type").string("text").key("text").string(text);
    const auto* body = std::get_if<Text>(&part.body);
    if (same_ && body && !body->citations.empty()) {
        w_.key("citations").begin_array();
        for (const auto& citation : body->citations)
            w_.value(citation.whole);
        w_.end_array();
    }
    end_block(message, part);
}

Result<void> RequestEncoder::write_tool_call(const Message& message, const Part& part,
                                             const ToolCall& call) {
    WEIR_TRY(const auto input, object_text(message, part, call));
    w_.begin_object().key("type").string("tool_use").key("id").string(call.id);
    w_.key("name").string(call.name).key("input").raw(input);
    end_block(message, part);
    return {};
}

void RequestEncoder::write_reasoning(const Message& message, const Part& part,
                                     const Reasoning& reasoning) {
    // Anthropic takes thinking back only with its proof.
    if (!same_ && (reasoning.text.empty() || reasoning.signature.empty())) {
        dropped_.add(pointer(message, part));
        return;
    }
    w_.begin_object().key("type").string("thinking").key("thinking").string(reasoning.text);
    w_.key("signature").string(reasoning.signature);
    end_block(message, part);
}

Result<void> RequestEncoder::write_hidden(const Message& message, const Part& part,
                                          const HiddenReasoning& hidden) {
    if (!hidden.data.is_string())
        return unsupported(pointer(message, part), "hidden thinking as bytes");
    std::string data(hidden.data.text());
    if (hidden.form == HiddenReasoning::Form::base64) {
        auto decoded = base64_decode(data);
        if (!decoded)
            return unsupported(pointer(message, part), "hidden thinking that is no base64");
        data = std::move(*decoded);
    }
    w_.begin_object().key("type").string("redacted_thinking").key("data").string(data);
    end_block(message, part);
    return {};
}

Result<void> RequestEncoder::write_media(const Message& message, const Part& part,
                                         const Media& media) {
    const bool document = media.kind == Media::Kind::document;
    if (!document && media.kind != Media::Kind::image)
        return unsupported(pointer(message, part), "sound or files");
    if (!same_ && media.url.empty() && !document && !is_image_mime(media.mime))
        return unsupported(pointer(message, part), "images other than jpeg, png, gif and webp");
    w_.begin_object().key("type").string(document ? "document" : "image");
    w_.key("source").begin_object();
    if (media.url.empty()) {
        // Upstream's recorded request to Vertex has the media type of a PDF with an underscore.
        const bool underscore =
            document && options_.host == Host::gcp && media.mime == "application/pdf";
        w_.key("type").string(media.plain ? "text" : "base64");
        w_.key("media_type").string(underscore ? "application_pdf" : media.mime);
        w_.key("data").string(media.data);
    } else {
        w_.key("type").string("url").key("url").string(media.url);
    }
    w_.end_object();
    if (document && !media.name.empty()) w_.key("title").string(media.name);
    if (!media.detail.empty() && media.detail != "auto")
        dropped_.add(pointer(message, part) + "/" + std::string(media.detail_key));
    end_block(message, part);
    return {};
}

Result<void> RequestEncoder::write_tool_result(const Message& message, const Part& part,
                                               const ToolResult& result) {
    w_.begin_object().key("type").string("tool_result").key("tool_use_id").string(result.call_id);
    if (same_) {
        if (result.is_error) w_.key("is_error").boolean(true);
        if (!result.content.empty()) {
            w_.key("content");
            WEIR_CHECK(write_content(message, result.content));
        }
        end_block(message, part);
        return {};
    }
    w_.key("is_error").boolean(tells_error(result)).key("content").begin_array();
    json::Value cache = part.cache;
    WEIR_CHECK(write_result_content(message, result, cache));
    w_.end_array();
    write_cache(cache);
    dropped_.add(pointer(message, part), part.unknown);
    w_.end_object();
    return {};
}

Result<void> RequestEncoder::write_result_content(const Message& message, const ToolResult& result,
                                                  json::Value& cache) {
    for (const auto& inner : result.content) {
        const auto* text = std::get_if<Text>(&inner.body);
        const auto* media = std::get_if<Media>(&inner.body);
        if (text && !text->text.empty())
            write_text(text->text, {});
        else if (media)
            WEIR_CHECK(write_media(message, inner, *media));
        else if (!text)
            return unsupported(pointer(message, inner), "this in a tool's result");
        if (!inner.cache.is_null()) cache = inner.cache;  // markers stand on the result
    }
    return {};
}

}  // namespace weir::dialect::anthropic
