/// The names of members in request bodies that mean something to an estimate.
#pragma once
#include <cstdint>
#include <string_view>

#include "tokens/media_header.h"

namespace weir::tokens {

/// What a member below messages, system, contents, … is.
enum class Key : uint8_t {
    text,        ///< any other name: its strings are text, its objects hold more
    ignored,     ///< never shown to the model: ids, signatures, cache marks
    shown_json,  ///< JSON that the model is shown as JSON: arguments, results, schemas
    data,        ///< base64, or plain text
    address,     ///< where an attachment is, or the attachment as a data: URL
    type,
    detail,
    media_type,
    attachment,  ///< its value describes an attachment; kind_of_name says which
    role,
    name,
    content,
};

Key key_of(std::string_view name);

/// "image_url" → image, "input_audio" → audio, "file" → document, …; unknown otherwise.
MediaKind kind_of_name(std::string_view name);
/// "image/png" → image, "application/pdf" → document, …; unknown otherwise.
MediaKind kind_of_media_type(std::string_view type);

/// What a member of the body itself is.
enum class TopKey : uint8_t {
    setting,   ///< no input
    messages,  ///< list of messages: messages, contents, chat_history
    system,    ///< what stands before the messages
    prompt,    ///< text, list of texts or of token numbers: prompt, input, texts
    tools,
    schema,  ///< shape that the answer must have
    max_output,
    choices,
    generation,  ///< object with max_output and choices in it
    request,     ///< object that is a whole body: Gemini's countTokens has one
    state,       ///< input that the provider keeps and we cannot see
};

TopKey top_key_of(std::string_view name);

}  // namespace weir::tokens
