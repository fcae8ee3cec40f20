/// Cohere embed: version 2 of its own API, and the same model behind Bedrock InvokeModel.
///
/// Source: docs.cohere.com, "Embed (v2)"; Amazon Bedrock user guide, "Cohere Embed". Pure
/// functions, any thread.
#pragma once
#include "dialect/embedding.h"

namespace weir::dialect::cohere {

/// With `model` it is Cohere's own body; Bedrock has the model in its path (empty here).
Result<Encoded> encode_embeddings(const EmbeddingRequest& request, std::string_view model);

/// {"embeddings":[[…]]} or {"embeddings":{"float":[[…]]}}. Fails with dialect.invalid_response.
Result<EmbeddingReply> decode_embeddings(const json::Value& body);

}  // namespace weir::dialect::cohere
