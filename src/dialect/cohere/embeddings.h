/// Cohere embed: version 2 of its own API, both sides, and the same model behind Bedrock
/// InvokeModel.
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

/// A client's request. Fails with dialect.invalid_request; with dialect.unsupported for vectors of
/// another type than float and base64, or of several at once.
Result<EmbeddingRequest> decode_embed(json::Value body);
/// A client's answer.
std::string encode_embed(const EmbeddingReply& reply, bool base64);

}  // namespace weir::dialect::cohere
