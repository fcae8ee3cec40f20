/// Embeddings of Google's models: :predict for many texts, :embedContent for one content (Vertex
/// AI), :batchEmbedContents (AI Studio).
///
/// Source: Vertex AI API reference, "Text embeddings", "Multimodal embeddings"; Gemini API
/// reference, "Embeddings". Pure functions, any thread.
#pragma once
#include "dialect/embedding.h"

namespace weir::dialect::gemini {

enum class EmbeddingMethod : uint8_t { predict, embed_content, batch_embed_contents };

/// `model` as it is sent. Fails with dialect.unsupported or dialect.invalid_request.
Result<Encoded> encode_embeddings(const EmbeddingRequest& request, EmbeddingMethod method,
                                  std::string_view model);

/// Any of the three answers. Fails with dialect.invalid_response.
Result<EmbeddingReply> decode_embeddings(const json::Value& body);

/// A client's :embedContent, :batchEmbedContents or :predict. Fails with dialect.invalid_request,
/// with dialect.unsupported for instances that are not texts.
Result<EmbeddingRequest> decode_embed(json::Value body, std::string_view model);
/// A client's answer. Fails with dialect.invalid_response.
Result<std::string> encode_embed(const EmbeddingReply& reply, EmbedForm form);

}  // namespace weir::dialect::gemini
