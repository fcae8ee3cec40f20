/// What Google's and Cohere's bodies ask for.
#pragma once
#include "mock/question.h"

namespace weir::mock {

void read_generate(const json::Value& body, Question& q);
/// countTokens: the contents, or (AI Studio) a whole generateContentRequest.
void read_google_count(const json::Value& body, Question& q);
/// :predict, :embedContent and :batchEmbedContents.
void read_google_inputs(const json::Value& body, Question& q);
/// embed and rerank.
/// What Cohere's chat says otherwise than OpenAI's.
void read_cohere_chat(const json::Value& body, Question& q);
void read_cohere(const json::Value& body, Question& q);

}  // namespace weir::mock
