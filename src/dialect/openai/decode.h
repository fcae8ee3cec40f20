/// Shared by the two halves of decoding an OpenAI request: messages, and everything else.
#pragma once
#include "dialect/decode_common.h"

namespace weir::dialect::openai {

/// Media::detail_key of what came as a part of type "file", so that it goes back as one.
inline constexpr std::string_view kFileKey = "file";

/// One entry of `messages`.
Result<Message> decode_message(json::Value value, int index);

}  // namespace weir::dialect::openai
