/// OpenAI Chat Completions: the codec.
///
/// Whole messages here, streams in stream.h. Also understood, because clients of upstream and
/// LiteLLM send them: `thinking` (settings), `thinking` and `redacted_thinking` content parts,
/// `thinking_blocks` and `reasoning_content` on assistant messages, `cache_control` on parts,
/// messages and tools. Source: platform.openai.com, API reference, "Chat". Pure functions, any
/// thread.
#pragma once
#include <optional>

#include "base/error.h"
#include "dialect/conversation.h"

namespace weir::dialect::openai {

/// Consumes the body. Fails with dialect.invalid_request; the detail names the member, not its
/// content.
Result<Conversation> decode_request(json::Value body);

/// Client requests of any dialect for an OpenAI provider. Fails with dialect.unsupported.
Result<Encoded> encode_request(const Conversation& conversation, std::string_view model);

/// A provider's whole answer. Fails with dialect.invalid_response.
Result<Reply> decode_reply(json::Value body);

/// How answers are dressed; providers differ because upstream's translators do, and clients were
/// written against them.
struct ReplyStyle {
    /// Of the text parts only the first becomes content; the rest is reported as dropped.
    bool first_text_only = false;
    /// reasoning_content is an object {"reasoningContent":…}, not a string beside thinking_blocks.
    bool nested_reasoning = false;
    /// usage always has its details objects, empty where nothing was counted.
    bool usage_details = false;
    /// All thinking is one block of thinking_blocks, and only if something proves it.
    bool one_thinking_block = false;
    /// An answer that the provider gave no id has none.
    bool own_id_only = false;
};
/// The client's whole answer; appends what it could not say to `dropped`.
std::string encode_reply(const Reply& reply, const ReplyFrame& frame, const ReplyStyle& style,
                         std::vector<std::string>& dropped);

/// The thinking in a provider's message or delta: `reasoning_content` (or `reasoning`), a string or
/// an object with text and signature. Views into the value.
struct Spoken {
    std::string_view text;
    std::string_view signature;
};
Spoken spoken_reasoning(const json::Value& message);

/// An annotation of a chat message or of a Responses text, its place in characters of all the text
/// it stands beside; nothing if it is none of a page. Sources: "The chat completion object",
/// "The response object".
std::optional<Citation> decode_annotation(const json::Value& annotation);
/// Appends one to a list of them: that the characters rest on a page; `nested` as chat has it.
void append_annotation(std::string& out, const Citation& citation, int64_t begin, int64_t end,
                       bool nested);

/// `word` is that of StopReason::other.
std::string_view finish_reason(StopReason stop, std::string_view word = {});
StopReason stop_reason(std::string_view finish_reason);

/// How a provider's own member is called in our answers: "safetyRatings" is "safety_ratings".
std::string snake_case(std::string_view camel_case);

/// Appends {"content":[…]}.
void append_logprobs(std::string& out, const std::vector<TokenProbability>& tokens);
/// Appends a usage object.
void append_usage(std::string& out, const Usage& usage, bool details);

}  // namespace weir::dialect::openai
