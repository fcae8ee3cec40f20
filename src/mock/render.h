/// Answers as bytes: a whole body, or a stream event by event, in each dialect.
///
/// A stream is a plan: a few events before the text, one event per piece of text, a few after it.
/// The plan of an enormous stream is small, its events are made when they are asked for. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mock/answer.h"
#include "mock/question.h"

namespace weir::mock {

/// One event: its name ("" in OpenAI's streams) and payload.
struct PlannedEvent {
    std::string name;
    std::string payload;
};

/// How events become bytes.
enum class Framing : uint8_t {
    sse,          ///< `data: …`, with `event: …` before it if it has a name
    eventstream,  ///< AWS event-stream messages
    json_array,   ///< one JSON array, an element at a time (Gemini without alt=sse)
    aws_chunks,   ///< AWS messages of type chunk, the payload in base64 inside {"bytes":…}
};

class StreamPlan {
public:
    Framing framing = Framing::sse;
    std::vector<PlannedEvent> before;
    std::string delta_name;
    std::string
        delta_prefix;  ///< payload of a text event: prefix, the piece as a JSON string, suffix
    std::string delta_suffix;
    int64_t first_number =
        -1;  ///< if not negative, prefix is followed by this plus the piece's index,
    std::string delta_middle;  ///< and that by this
    PieceText text;
    std::vector<PlannedEvent> after;
    std::size_t terminal = 1;  ///< so many of `after`, at its end, say that the stream is complete
    PlannedEvent error;        ///< what this dialect sends when it fails in mid-stream

    uint64_t size() const { return before.size() + text.size() + after.size(); }
    void append(uint64_t index, std::string& out) const;
    void append_error(std::string& out) const;
    std::string_view content_type() const;

private:
    void append_event(uint64_t index, std::string& out) const;
    void frame(std::string_view name, std::string_view payload, std::string& out) const;
};

/// `created`: seconds since 1970, for dialects that say when.
std::string render_whole(const Question& question, const Answer& answer, int64_t created);
StreamPlan plan_stream(const Question& question, const Answer& answer, int64_t created);
/// An error body. `message` must hold nothing secret.
std::string render_error(dialect::Dialect shape, int status, std::string_view message,
                         std::string_view code = {});
/// Bedrock's exception name for a status ("ThrottlingException"), as x-amzn-errortype says it.
std::string_view bedrock_error_type(int status);

namespace detail {
/// "chatcmpl-", "msg_01", … and letters made from the question's seed and `salt`.
std::string make_id(std::string_view prefix, const Question& question, std::size_t length,
                    uint64_t salt = 0);

std::string openai_whole(const Question& question, const Answer& answer, int64_t created);
StreamPlan openai_stream(const Question& question, const Answer& answer, int64_t created);
std::string responses_whole(const Question& question, const Answer& answer, int64_t created);
StreamPlan responses_stream(const Question& question, const Answer& answer, int64_t created);
std::string anthropic_whole(const Question& question, const Answer& answer);
StreamPlan anthropic_stream(const Question& question, const Answer& answer);
std::string converse_whole(const Question& question, const Answer& answer);
StreamPlan converse_stream(const Question& question, const Answer& answer);
std::string gemini_whole(const Question& question, const Answer& answer);
StreamPlan gemini_stream(const Question& question, const Answer& answer);
/// A unit vector that depends on the text alone, as a JSON array.
std::string embedding(std::string_view text, std::size_t dimensions);
std::string cohere_chat_whole(const Question& question, const Answer& answer);
StreamPlan cohere_chat_stream(const Question& question, const Answer& answer);
/// Embeddings and rankings of Google's and Cohere's kind.
std::string google_embeddings(const Question& question, const Answer& answer);
std::string cohere_whole(const Question& question, const Answer& answer);
/// Embeddings, moderations, lists of models, token counts.
std::string other_whole(const Question& question, const Answer& answer, int64_t created);
}  // namespace detail

}  // namespace weir::mock
