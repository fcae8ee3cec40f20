/// OpenAI embeddings: the client's side.
///
/// Also understood, as upstream does: inputs that are objects {"content", "task_type", "title"},
/// `messages` whose parts make one input, `task_type`, `title` and `auto_truncate`. Source:
/// platform.openai.com, API reference, "Embeddings". Pure functions, any thread.
#pragma once
#include "dialect/embedding.h"

namespace weir::dialect::openai {

/// Fails with dialect.invalid_request.
Result<EmbeddingRequest> decode_embeddings(json::Value body);

struct EmbeddingFrame {
    std::string_view model;
    bool base64 = false;
};
std::string encode_embeddings(const EmbeddingReply& reply, const EmbeddingFrame& frame);

}  // namespace weir::dialect::openai
