/// Gemini generateContent: the codec, for Vertex AI and for AI Studio (their bodies are the same).
///
/// Whole messages here, streams in stream.h. Source: Vertex AI API reference, "GenerateContent";
/// Gemini API reference, "Generating content". Pure functions, any thread.
#pragma once
#include "base/error.h"
#include "dialect/conversation.h"

namespace weir::dialect::gemini {

/// `model` decides what some models alone understand (JSON Schema, thinking levels, …). Fails with
/// dialect.unsupported or dialect.invalid_request.
Result<Encoded> encode_request(const Conversation& conversation, std::string_view model);

/// A countTokens request for what generateContent would be sent; AI Studio's has the model in it.
Result<Encoded> encode_count(const Conversation& conversation, std::string_view model, bool studio);

/// A provider's whole answer. Gemini gives tool calls no id: they are made from `seed` and the
/// answer's own id. Fails with dialect.invalid_response.
Result<Reply> decode_reply(json::Value body, uint64_t seed);

/// Why the answer ended; a word that we do not know is `other`, in lower case in `word`.
struct Finish {
    StopReason stop = StopReason::end;
    std::string word;
};
Finish finish_of(std::string_view reason, bool called_tools);
/// What a client reads when the prompt was blocked: empty if it was not.
std::string blocked_prompt(const json::Value& body);
/// "2024-11-15T09:00:00.25Z" as Unix seconds; 0 if it is no such date (RFC 3339, UTC only).
int64_t unix_seconds(std::string_view date);
/// The probabilities of a candidate's tokens, if it has some.
std::vector<TokenProbability> decode_logprobs(const json::Value& candidate);
/// Members of a candidate that a client is shown under their own names.
bool is_shown(std::string_view member);

}  // namespace weir::dialect::gemini
