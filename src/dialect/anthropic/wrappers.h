/// Messages as Bedrock InvokeModel and Vertex rawPredict wrap them: an Anthropic client's body goes
/// through as it is, but for the few members that these hosts keep elsewhere.
///
/// Sources: Amazon Bedrock user guide "Anthropic Claude Messages API", API reference "CountTokens";
/// Vertex AI "Use Claude models", "Count tokens for Claude models". Pure functions, any thread.
#pragma once
#include "dialect/anthropic/messages.h"

namespace weir::dialect::anthropic {

/// The body for that host, every other member and digit unchanged. `beta` is the client's
/// anthropic-beta header: Bedrock takes its flags in the body, and only those it knows; the others
/// are reported in `dropped`. Fails with dialect.unsupported if Vertex is given no version,
/// with dialect.thread_unsupported if the server is to keep the conversation.
Result<std::string> wrap_request(json::Value body, const RequestOptions& options,
                                 std::string_view beta, std::vector<std::string>& dropped);

/// Asks the host to count the tokens of a body. `options.model` goes where the host wants it.
std::string wrap_count(json::Value body, const RequestOptions& options);

/// The id under which Bedrock counts: without the prefix of a cross-region profile
/// ("us.anthropic.…").
std::string_view counted_model(std::string_view model);

}  // namespace weir::dialect::anthropic
