/// Cohere Chat, version 2: the codec.
///
/// Whole messages here, streams in stream.h. Source: docs.cohere.com, API reference, "Chat (v2)".
/// Pure functions, any thread.
#pragma once
#include "base/error.h"
#include "dialect/conversation.h"

namespace weir::dialect::cohere {

/// Consumes the body. Fails with dialect.invalid_request; the detail names the member, not its
/// content.
Result<Conversation> decode_request(json::Value body);

/// Client requests of any dialect for Cohere; one that was Cohere's comes back as it went. Fails
/// with dialect.unsupported or dialect.invalid_request.
Result<Encoded> encode_request(const Conversation& conversation, std::string_view model);

/// A provider's whole answer. Fails with dialect.invalid_response, also for an answer that says it
/// is an error.
Result<Reply> decode_reply(json::Value body);

/// A client's whole answer; appends what it could not say to `dropped`.
std::string encode_reply(const Reply& reply, const ReplyFrame& frame,
                         std::vector<std::string>& dropped);

/// Appends a usage object.
void append_usage(std::string& out, const Usage& usage);

/// `tools`: the answer calls some.
std::string_view finish_reason(StopReason stop, bool tools);
/// nullopt for ERROR, TIMEOUT and words nobody knows: no answer ends so.
std::optional<StopReason> stop_reason(std::string_view word);

/// One entry of a message's `citations`: a citation for each of its sources.
std::vector<Citation> decode_citations(const json::Value& value);
/// Appends such an entry, about the content of that number, which says `words`. Walks through them.
void append_citation(std::string& out, const Citation& citation, std::string_view words,
                     int content);

}  // namespace weir::dialect::cohere
