/// vLLM's /tokenize: the client's side. How many tokens a prompt or a conversation is.
///
/// Source: docs.vllm.ai, "OpenAI-Compatible Server", Tokenizer API. Pure functions, any thread.
#pragma once
#include "dialect/conversation.h"

namespace weir::dialect::openai {

/// A prompt becomes one message of the user. Fails with dialect.invalid_request.
Result<Conversation> decode_tokenize(json::Value body);

/// {"count":N}: providers other than vLLM do not tell the tokens themselves.
std::string encode_tokenize(int64_t count);

}  // namespace weir::dialect::openai
