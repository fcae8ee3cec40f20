/// How answers of each provider are dressed for OpenAI clients.
///
/// Clients of upstream were written against what its translators send, and these differ from
/// provider to provider; the conformance cases pin it.
#pragma once
#include "dialect/gemini/tool_ids.h"
#include "dialect/openai/chat.h"
#include "dialect/openai/stream.h"
#include "dialect/translate.h"

namespace weir::dialect {

inline openai::ReplyStyle reply_style(Schema schema) {
    if (schema == Schema::AWSBedrock) return {.first_text_only = true};
    if (dialect_of(schema) == Dialect::gemini)
        return {.usage_details = true, .one_thinking_block = true, .own_id_only = true};
    if (dialect_of(schema) == Dialect::anthropic)
        return {.nested_reasoning = true, .usage_details = true};
    return {};
}

inline openai::ChunkStyle chunk_style(Schema schema) {
    if (schema == Schema::AWSBedrock) return {.role_in_every = true, .typed_tool_deltas = true};
    if (dialect_of(schema) == Dialect::gemini)
        return {.opening_chunk = false,
                .role_in_every = true,
                .usage_details = true,
                .stop_in_last_delta = true};
    if (dialect_of(schema) == Dialect::anthropic)
        return {.opening_chunk = false, .usage_details = true};
    return {};
}

/// The id of an answer whose provider gives it none in the body. Anthropic clients of upstream get
/// the provider's request id, or nothing.
inline std::string answer_id(const Context& context) {
    if (context.dialect == Dialect::anthropic) return context.request_id;
    // Cohere's and Google's answers always have one.
    if (context.dialect != Dialect::openai && context.request_id.empty())
        return gemini::ToolIds(context.seed, {}).next();
    if (context.operation == Operation::responses && context.request_id.empty())
        return std::to_string(context.created);
    return context.request_id.empty() ? "chatcmpl-" + std::to_string(context.created)
                                      : context.request_id;
}

}  // namespace weir::dialect
