/// Anthropic Messages: the codec, and the two wrappers around it (Bedrock InvokeModel, Vertex
/// rawPredict).
///
/// Whole messages here, streams in stream.h. A client's request is decoded and its answer encoded
/// (decode_*.cpp, encode_reply.cpp), a provider's request encoded and its answer decoded. Source:
/// docs.anthropic.com, API reference, "Messages"; the wrappers: Amazon Bedrock user guide
/// "Anthropic Claude models", Vertex AI "Claude models". Pure functions, any thread.
#pragma once
#include "base/error.h"
#include "dialect/conversation.h"

namespace weir::dialect::anthropic {

/// Where the messages go; wrappers move `model`, `stream` and the version in and out of the body.
enum class Host : uint8_t { native, aws, gcp };

struct RequestOptions {
    Host host = Host::native;
    std::string_view model;
    std::string_view version;  ///< the wrappers' anthropic_version; empty: their default
};

/// Consumes the body. Fails with dialect.invalid_request; the detail names the member, not its
/// content.
Result<Conversation> decode_request(json::Value body);

/// The wrappers' anthropic_version, where a backend names none.
std::string_view default_version(Host host);

/// A conversation that was Anthropic's comes back as it went. Fails with dialect.unsupported or
/// dialect.invalid_request.
Result<Encoded> encode_request(const Conversation& conversation, const RequestOptions& options);

/// A provider's whole answer. Fails with dialect.invalid_response (also for a stop reason nobody
/// knows: it might be a truncation).
Result<Reply> decode_reply(json::Value body);

/// A client's whole answer; appends what it could not say to `dropped`. Fails with
/// dialect.invalid_response if a tool was called with arguments that are no object.
Result<std::string> encode_reply(const Reply& reply, const ReplyFrame& frame,
                                 std::vector<std::string>& dropped);

/// Appends a usage object; `zeros`: with the cache counts, also where there were none.
void append_usage(std::string& out, const Usage& usage, bool zeros);

/// Appends one entry of a text's `citations`; false, and nothing, if the Messages API has no word
/// for such a source.
bool append_citation(std::string& out, const Citation& citation);

/// Fails for words outside the documentation.
Result<StopReason> stop_reason(std::string_view word);
/// `tools`: the answer calls some.
std::string_view stop_word(StopReason stop, bool tools);

/// `data` of a redacted_thinking block: the text itself, or what its base64 stands for.
std::string hidden_data(std::string_view text, bool base64);

/// What a model can do, as far as its name tells.
bool knows_structured_output(std::string_view model, Host host);
bool knows_effort(std::string_view model);

}  // namespace weir::dialect::anthropic
