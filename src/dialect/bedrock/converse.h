/// Amazon Bedrock Converse and ConverseStream: the codec.
///
/// Whole messages here, streams in stream.h. A client's request is decoded and its answer encoded
/// (decode_request.cpp, encode_reply.cpp), a provider's request encoded and its answer decoded.
/// Source: Amazon Bedrock API reference, "Converse", "ConverseStream". Pure functions, any thread.
#pragma once
#include "base/error.h"
#include "dialect/conversation.h"

namespace weir::dialect::bedrock {

/// A client's request; model and stream are what its path says. Fails with
/// dialect.invalid_request; the detail names the member, not its content.
Result<Conversation> decode_request(json::Value body, std::string_view model, bool stream);

/// A conversation that was Converse's comes back as it went. `model` decides what some models alone
/// understand (a tool named by a bare word). Fails with dialect.unsupported or
/// dialect.invalid_request.
Result<Encoded> encode_request(const Conversation& conversation, std::string_view model);

/// The first case of it: each part and setting in the words it came in.
void append_own_request(const Conversation& conversation, std::string& out);

/// A CountTokens request for what Converse would be sent.
Result<Encoded> encode_count(const Conversation& conversation, std::string_view model);

/// A provider's whole answer. Fails with dialect.invalid_response.
Result<Reply> decode_reply(json::Value body);

/// A client's whole answer; `latency`: milliseconds until the provider answered. Appends what it
/// could not say to `dropped`. Fails with dialect.invalid_response if a tool was called with
/// arguments that are no object.
Result<std::string> encode_reply(const Reply& reply, int64_t latency,
                                 std::vector<std::string>& dropped);
/// One entry of `citations`, or a stream's citation.
Citation decode_citation(const json::Value& value);
void append_citation(std::string& out, const Citation& citation);
/// Appends a usage object.
void append_usage(std::string& out, const Usage& usage);
/// `tools`: the answer calls some.
std::string_view stop_word(StopReason stop, bool tools);

/// An unknown word means the end, as for upstream.
StopReason stop_reason(std::string_view word);

}  // namespace weir::dialect::bedrock
