/// Translation of what is no conversation: embeddings, and counting tokens.
/// For translate.cpp only; see translate.h for what these mean.
#pragma once
#include "dialect/conversation.h"
#include "dialect/translate.h"
#include "json/value.h"

namespace weir::dialect {

/// Fills body, dropped, base64 and form; `out.model` is the model to send.
Result<void> translate_embeddings(const ClientRequest& request, const Target& target,
                                  json::Value body, ProviderRequest& out);
Result<ClientResponse> translate_embeddings_answer(const Context& context, const json::Value& body);

Result<void> translate_tokenize(const ClientRequest& request, const Target& target,
                                json::Value body, ProviderRequest& out);

/// The same for a conversation whose tokens a provider is to count.
Result<void> encode_counted(const Conversation& conversation, const Target& target,
                            ProviderRequest& out);

/// What any provider's count of tokens says. Fails with dialect.invalid_response.
Result<int64_t> counted_tokens(const json::Value& body);

/// Bedrock has embedding models of Amazon and of Cohere.
bool is_cohere_on_bedrock(std::string_view model);

}  // namespace weir::dialect
