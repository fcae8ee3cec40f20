/// Gemini generateContent: the codec, for Vertex AI and for AI Studio (their bodies are the same).
///
/// Whole messages here, streams in stream.h. A client's request is decoded and its answer encoded
/// (decode_*.cpp, encode_reply.cpp), a provider's request encoded and its answer decoded. Source:
/// Vertex AI API reference, "GenerateContent"; Gemini API reference, "Generating content". Pure
/// functions, any thread.
#pragma once
#include "base/error.h"
#include "dialect/conversation.h"

namespace weir::dialect::gemini {

/// A client's request; model and stream are what its path says. Google's JSON knows each member by
/// two names (inlineData, inline_data): both are read. Fails with dialect.invalid_request; the
/// detail names the member, not its content.
Result<Conversation> decode_request(json::Value body, std::string_view model, bool stream);
/// Of countTokens: the contents, or a whole generateContentRequest.
Result<Conversation> decode_count(json::Value body, std::string_view model);

/// `model` decides what some models alone understand (JSON Schema, thinking levels, …). Fails with
/// dialect.unsupported or dialect.invalid_request.
Result<Encoded> encode_request(const Conversation& conversation, std::string_view model);

/// A countTokens request for what generateContent would be sent; AI Studio's has the model in it.
Result<Encoded> encode_count(const Conversation& conversation, std::string_view model, bool studio);

/// A provider's whole answer. Gemini gives tool calls no id: they are made from `seed` and the
/// answer's own id. Fails with dialect.invalid_response.
Result<Reply> decode_reply(json::Value body, uint64_t seed);

/// A client's whole answer; appends what it could not say to `dropped`. Fails with
/// dialect.invalid_response if a tool was called with arguments that are no object.
Result<std::string> encode_reply(const Reply& reply, const ReplyFrame& frame,
                                 std::vector<std::string>& dropped);
/// Appends a logprobsResult object.
void append_logprobs(std::string& out, const std::vector<TokenProbability>& tokens);
/// Appends a usageMetadata object.
void append_usage(std::string& out, const Usage& usage);
/// `word` is that of StopReason::other.
std::string finish_reason(StopReason stop, std::string_view word);

/// Other providers' proofs of thinking as Google's clients carry them: base64, and marked, so that
/// they are told apart from Google's own when they come back.
std::string wrap_signature(std::string_view signature);
std::string wrap_hidden(std::string_view data, bool base64);
struct Unwrapped {
    std::string text;
    bool hidden = false;  ///< data of hidden thinking,
    bool base64 = false;  ///< which is the base64 of its bytes
};
/// nullopt for Google's own, and for what is no text.
std::optional<Unwrapped> unwrap_signature(std::string_view text);
/// Base64 in the standard alphabet: Google's SDKs write the one for URLs (RFC 4648 §5).
std::string standard_base64(std::string_view text);

/// Why the answer ended; a word that we do not know is `other`, in lower case in `word`.
struct Finish {
    StopReason stop = StopReason::end;
    std::string word;
};
Finish finish_of(std::string_view reason, bool called_tools);
/// What a client reads when the prompt was blocked: empty if it was not.
std::string blocked_prompt(const json::Value& body);
/// When the provider made it (createTime) in Unix seconds; 0 if it does not say.
int64_t created_of(const json::Value& body);
/// The probabilities of a candidate's tokens, if it has some.
std::vector<TokenProbability> decode_logprobs(const json::Value& candidate);
/// Members of a candidate that a client is shown under their own names.
bool is_shown(std::string_view member);

}  // namespace weir::dialect::gemini
