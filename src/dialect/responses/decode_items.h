/// Shared by the two halves of decoding a Responses request: its items, and everything else.
#pragma once
#include "dialect/decode_common.h"

namespace weir::dialect::responses {

/// Items → messages.
Result<void> decode_input(json::Value input, std::vector<Message>& messages);

}  // namespace weir::dialect::responses
