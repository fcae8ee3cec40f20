/// Shared by the two halves of decoding an OpenAI request: messages, and everything else.
#pragma once
#include "dialect/decode_common.h"

namespace weir::dialect::openai {

/// One entry of `messages`.
Result<Message> decode_message(json::Value value, int index);

}  // namespace weir::dialect::openai
