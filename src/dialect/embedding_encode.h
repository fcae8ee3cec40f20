/// What encoders of embeddings share.
#pragma once
#include "dialect/embedding.h"
#include "dialect/encode_common.h"

namespace weir::dialect {

/// "/input" or "/input/2".
std::string input_pointer(const EmbeddingRequest& request, size_t index);
/// For providers that embed texts only. Fails with dialect.unsupported.
Result<void> check_texts(const EmbeddingRequest& request);
/// Reports what the client said and the provider has no word for.
void drop_embedding_unknowns(const EmbeddingRequest& request, Dropped& dropped);
/// Each number as a little-endian float, all of them as base64.
std::string packed_floats(const json::Value& values);

}  // namespace weir::dialect
