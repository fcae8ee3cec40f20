/// OpenAI embeddings: the client's side, and the provider's for clients of other dialects.
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

/// Fails with dialect.unsupported for anything but texts.
Result<Encoded> encode_embeddings_request(const EmbeddingRequest& request, std::string_view model);
/// Fails with dialect.invalid_response.
Result<EmbeddingReply> decode_embeddings_reply(const json::Value& body);

}  // namespace weir::dialect::openai
