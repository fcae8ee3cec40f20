/// Ends a stream in the middle as its provider would at its token limit: for limits whose overflow
/// is `cut`. The client sees a regular end that says "length", in its dialect's word.
///
/// Pure; between two events of the stream only. Sources: OpenAI "Chat streaming" (finish_reason
/// length) and "Responses streaming" (response.incomplete), Anthropic "Streaming Messages"
/// (stop_reason max_tokens), Gemini GenerateContentResponse (finishReason MAX_TOKENS), Bedrock
/// "ConverseStream" (stopReason max_tokens), Cohere "Chat (v2)" (finish_reason MAX_TOKENS).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

/// The same as events, for streams in other frames than server-sent events: of Claude, Converse and
/// Gemini. `name`, `data`: of the event that was sent last.
struct CutEvent {
    std::string name;
    std::string data;
};
std::vector<CutEvent> cut_events(Dialect dialect, std::string_view name, std::string_view data);

}  // namespace weir::dialect
