#include "dialect/responses/provider.h"
#include "dialect/responses/request_encoder.h"

namespace weir::dialect::responses {
namespace {

bool is_text(const Part& part) {
    return std::holds_alternative<Text>(part.body);
}

bool is_said(const Part& part) {
    return is_text(part) || std::holds_alternative<Refusal>(part.body);
}

}  // namespace

// The texts that open a conversation are its instructions. Returns how many messages they were.
Result<size_t> RequestEncoder::write_instructions() {
    size_t count = 0;
    std::string text;
    for (const auto& message : conversation_.messages) {
        const bool opening = same_ ? message.member == "instructions" : true;
        if (message.role != Role::system || !opening) break;
        ++count;
        for (const auto& part : message.parts) {
            const auto* words = std::get_if<Text>(&part.body);
            if (!words)
                return unsupported(pointer(message, part), "anything but text in a system message");
            if (!text.empty() && !words->text.empty()) text.append("\n\n");
            text.append(words->text);
            dropped_.add_rest(message, part);
        }
    }
    if (count > 0) w_.key("instructions").string(text);
    return count;
}

Result<void> RequestEncoder::write_input(size_t first) {
    w_.key("input").begin_array();
    for (size_t i = first; i < conversation_.messages.size(); ++i) {
        const Message& message = conversation_.messages[i];
        if (message.role != Role::assistant) WEIR_CHECK(write_results(message));
        WEIR_CHECK(message.role == Role::assistant ? write_assistant(message)
                                                   : write_message(message));
    }
    w_.end_array();
    return {};
}

// Results of tools are items of their own, and come before what else the user says.
Result<void> RequestEncoder::write_results(const Message& message) {
    for (const auto& part : message.parts)
        if (const auto* result = std::get_if<ToolResult>(&part.body))
            WEIR_CHECK(write_result(message, part, *result));
    return {};
}

Result<void> RequestEncoder::write_result(const Message& message, const Part& part,
                                          const ToolResult& result) {
    w_.begin_object().key("type").string("function_call_output");
    w_.key("call_id").string(result.call_id).key("output");
    std::vector<const Part*> parts;
    bool texts = true;
    for (const auto& inner : result.content) {
        parts.push_back(&inner);
        texts = texts && is_text(inner);
    }
    if (parts.empty()) {
        w_.string("");
    } else if (texts && !same_) {
        // One string: not every compatible server takes a list.
        std::string all;
        for (const auto* inner : parts)
            all.append(all.empty() ? "" : "\n\n").append(std::get<Text>(inner->body).text);
        w_.string(all);
    } else {
        WEIR_CHECK(write_content(message, parts));
    }
    w_.end_object();
    if (result.is_error) dropped_.add(pointer(message, part) + "/is_error");
    dropped_.add_rest(message, part);
    return {};
}

Result<void> RequestEncoder::write_message(const Message& message) {
    std::vector<const Part*> parts;
    for (const auto& part : message.parts) {
        const bool thinking = std::holds_alternative<Reasoning>(part.body) ||
                              std::holds_alternative<HiddenReasoning>(part.body);
        if (thinking)
            dropped_.add(pointer(message, part));  // which a user does not do
        else if (!std::holds_alternative<ToolResult>(part.body))
            parts.push_back(&part);
    }
    if (parts.empty()) return {};
    const bool system = message.role == Role::system;
    w_.begin_object().key("type").string("message").key("role");
    w_.string(!system ? "user" : message.developer || !same_ ? "developer" : "system");
    w_.key("content");
    WEIR_CHECK(write_content(message, parts));
    w_.end_object();
    if (!message.name.empty()) dropped_.add(pointer(pointer(message), "name"));
    dropped_.add(pointer(message), message.unknown);
    return {};
}

// What an assistant did in one turn is a row of items; texts beside one another are one message.
Result<void> RequestEncoder::write_assistant(const Message& message) {
    bool open = false;
    auto close = [&] {
        if (open) w_.end_array().end_object();
        open = false;
    };
    for (const auto& part : message.parts) {
        if (is_said(part)) {
            const auto* text = std::get_if<Text>(&part.body);
            if (!same_ && text && text->text.empty()) continue;
            if (!open)
                w_.begin_object()
                    .key("type")
                    .string("message")
                    .key("role")
                    .string("assistant")
                    .key("content")
                    .begin_array();
            open = true;
            write_said(message, part);
            continue;
        }
        close();
        if (const auto* call = std::get_if<ToolCall>(&part.body)) {
            write_call(message, part, *call);
        } else if (const auto* reasoning = std::get_if<Reasoning>(&part.body)) {
            write_reasoning(message, part, *reasoning);
        } else if (const auto* foreign = std::get_if<ForeignPart>(&part.body); foreign && same_) {
            w_.value(foreign->value);
        } else {
            dropped_.add(pointer(message, part));  // only its provider can read it
        }
    }
    close();
    if (!message.name.empty()) dropped_.add(pointer(pointer(message), "name"));
    dropped_.add(pointer(message), message.unknown);
    return {};
}

void RequestEncoder::write_said(const Message& message, const Part& part) {
    const auto* text = std::get_if<Text>(&part.body);
    w_.begin_object().key("type").string(text ? "output_text" : "refusal");
    if (text)
        w_.key("text").string(text->text);
    else
        w_.key("refusal").string(std::get<Refusal>(part.body).text);
    end_part(message, part);
}

void RequestEncoder::write_call(const Message& message, const Part& part, const ToolCall& call) {
    w_.begin_object().key("type").string("function_call").key("call_id").string(call.id);
    w_.key("name").string(call.name).key("arguments");
    w_.string(call.arguments.empty() ? "{}" : call.arguments);
    end_part(message, part);
}

// Only what this API sealed can be given back to it: an item without its seal is looked up among
// those that are stored, and nothing is.
void RequestEncoder::write_reasoning(const Message& message, const Part& part,
                                     const Reasoning& reasoning) {
    const auto seal =
        same_ ? std::optional<Seal>(Seal{{}, reasoning.signature}) : read_seal(reasoning.signature);
    if (!seal) return dropped_.add(pointer(message, part));
    w_.begin_object().key("type").string("reasoning");
    if (!seal->id.empty()) w_.key("id").string(seal->id);
    w_.key("summary").begin_array();
    if (!reasoning.text.empty())
        w_.begin_object()
            .key("type")
            .string("summary_text")
            .key("text")
            .string(reasoning.text)
            .end_object();
    w_.end_array();
    if (!seal->proof.empty()) w_.key("encrypted_content").string(seal->proof);
    end_part(message, part);
}

void RequestEncoder::end_part(const Message& message, const Part& part) {
    w_.end_object();
    dropped_.add_rest(message, part);
}

// A single text is a string.
Result<void> RequestEncoder::write_content(const Message& message,
                                           const std::vector<const Part*>& parts) {
    const Text* text = parts.size() == 1 ? std::get_if<Text>(&parts[0]->body) : nullptr;
    if (text && (!same_ || parts[0]->place.index < 0)) {
        w_.string(text->text);
        dropped_.add_rest(message, *parts[0]);
        return {};
    }
    w_.begin_array();
    for (const auto* part : parts)
        WEIR_CHECK(write_part(message, *part));
    w_.end_array();
    return {};
}

Result<void> RequestEncoder::write_part(const Message& message, const Part& part) {
    if (const auto* foreign = std::get_if<ForeignPart>(&part.body)) {
        if (!same_) return unsupported(pointer(message, part), "content of type " + foreign->type);
        w_.value(foreign->value);
        return {};
    }
    if (const auto* media = std::get_if<Media>(&part.body)) {
        WEIR_CHECK(write_media(message, part, *media));
        end_part(message, part);
        return {};
    }
    const auto* text = std::get_if<Text>(&part.body);
    const auto* refusal = std::get_if<Refusal>(&part.body);
    if (!text && !refusal) return unsupported(pointer(message, part), "this kind of content");
    w_.begin_object().key("type").string("input_text");
    w_.key("text").string(text ? text->text : refusal->text);
    end_part(message, part);
    return {};
}

// Leaves the object open.
Result<void> RequestEncoder::write_media(const Message& message, const Part& part,
                                         const Media& media) {
    const std::string inlined = "data:" + media.mime + ";base64," + media.data;
    if (media.kind == Media::Kind::document && media.plain) {
        w_.begin_object().key("type").string("input_text").key("text");
        w_.string(media.name.empty() ? media.data : media.name + "\n\n" + media.data);
        return {};
    }
    if (media.kind == Media::Kind::image) {
        w_.begin_object().key("type").string("input_image").key("image_url");
        w_.string(media.url.empty() ? inlined : media.url);
        if (!media.detail.empty()) w_.key("detail").string(media.detail);
        return {};
    }
    if (media.kind != Media::Kind::document)
        return unsupported(pointer(message, part), "sound or files");
    w_.begin_object().key("type").string("input_file");
    if (!media.url.empty()) {
        w_.key("file_url").string(media.url);
        if (!media.name.empty() && !same_)
            dropped_.add(pointer(pointer(message, part), "title"));  // a URL has no name
        return {};
    }
    // OpenAI wants a name, and tells by its ending what the file is.
    const bool suffixed = media.name.ends_with(".pdf");
    if (same_ && !media.name.empty()) w_.key("filename").string(media.name);
    if (!same_)
        w_.key("filename")
            .string((media.name.empty() ? "document" : media.name) + (suffixed ? "" : ".pdf"));
    w_.key("file_data").string(inlined);
    return {};
}

}  // namespace weir::dialect::responses
