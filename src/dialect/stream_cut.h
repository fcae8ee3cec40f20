/// Ends a stream in the middle as its provider would at its token limit: for limits whose overflow
/// is `cut`. The client sees a regular end that says "length", in its dialect's word.
///
/// Pure; between two events of the stream only. Sources: OpenAI "Chat streaming" (finish_reason
/// length) and "Responses streaming" (response.incomplete), Anthropic "Streaming Messages"
/// (stop_reason max_tokens), Gemini GenerateContentResponse (finishReason MAX_TOKENS).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "dialect/names.h"

namespace weir::dialect {

struct StreamCut {
    Dialect dialect = Dialect::openai;  ///< the client's
    Operation operation = Operation::chat;
    std::string_view id;  ///< of the answer, where the stream names it
    std::string_view model;
    int64_t created = 0;
    std::string_view last;  ///< what was sent last: an open content block is found in it
    uint64_t output_tokens = 0;
};

void append_stream_cut(const StreamCut& cut, std::string& out);

}  // namespace weir::dialect
