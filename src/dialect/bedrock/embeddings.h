/// Amazon Titan Text Embeddings behind Bedrock InvokeModel.
///
/// Source: Amazon Bedrock user guide, "Amazon Titan Text Embeddings". Pure functions, any thread.
#pragma once
#include "dialect/embedding.h"

namespace weir::dialect::bedrock {

/// Fails with dialect.unsupported for more than one input.
Result<Encoded> encode_embeddings(const EmbeddingRequest& request);
/// Fails with dialect.invalid_response.
Result<EmbeddingReply> decode_embeddings(const json::Value& body);

}  // namespace weir::dialect::bedrock
