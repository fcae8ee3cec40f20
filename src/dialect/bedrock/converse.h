/// Amazon Bedrock Converse and ConverseStream: the codec.
///
/// Whole messages here, streams in stream.h. Source: Amazon Bedrock API reference, "Converse",
/// "ConverseStream". Pure functions, any thread.
#pragma once
#include "base/error.h"
#include "dialect/conversation.h"

namespace weir::dialect::bedrock {

/// `model` decides what some models alone understand (a tool named by a bare word). Fails with
/// dialect.unsupported or dialect.invalid_request.
Result<Encoded> encode_request(const Conversation& conversation, std::string_view model);

/// A CountTokens request for what Converse would be sent.
Result<Encoded> encode_count(const Conversation& conversation, std::string_view model);

/// A provider's whole answer. Fails with dialect.invalid_response.
Result<Reply> decode_reply(json::Value body);

/// An unknown word means the end, as for upstream.
StopReason stop_reason(std::string_view word);

}  // namespace weir::dialect::bedrock
