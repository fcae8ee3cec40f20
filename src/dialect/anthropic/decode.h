/// Shared by the two halves of decoding a Messages request: what is said, and everything else.
#pragma once
#include "dialect/decode_common.h"

namespace weir::dialect::anthropic {

/// One entry of a text's `citations`.
Citation decode_citation(json::Value value);
/// One entry of `messages`.
Result<Message> decode_message(json::Value value, int index);
/// `system`: a string or a list of text blocks.
Result<Message> decode_system(json::Value value);

}  // namespace weir::dialect::anthropic
