/// Anthropic Messages: the codec, and the two wrappers around it (Bedrock InvokeModel, Vertex
/// rawPredict).
///
/// Whole messages here, streams in stream.h. Source: docs.anthropic.com, API reference, "Messages";
/// the wrappers: Amazon Bedrock user guide "Anthropic Claude models", Vertex AI "Claude models".
/// Pure functions, any thread.
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

/// Fails with dialect.unsupported or dialect.invalid_request.
Result<Encoded> encode_request(const Conversation& conversation, const RequestOptions& options);

/// A provider's whole answer. Fails with dialect.invalid_response (also for a stop reason nobody
/// knows: it might be a truncation).
Result<Reply> decode_reply(json::Value body);

/// Fails for words outside the documentation.
Result<StopReason> stop_reason(std::string_view word);

/// What a model can do, as far as its name tells.
bool knows_structured_output(std::string_view model, Host host);
bool knows_effort(std::string_view model);

}  // namespace weir::dialect::anthropic
