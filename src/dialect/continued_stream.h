/// A client's stream that goes on with another provider where the first one broke off.
///
/// The client's events pass through here, whole ones, in its own dialect, whoever made them. Of the
/// first provider they pass unchanged and what they say is remembered: the text, the ids, which
/// block is open. After resume() those of the next one are rewritten so that the client sees one
/// stream: one start, its first id and model, text that goes on in the block that is open, indexes
/// that count on, one stop, and in the usage the tokens of both.
///
///     ContinuedStream stream({Dialect::openai, Operation::chat});
///     stream.feed(events, out);                         // … until the provider breaks off, then
///     if (stream.obstacle() == Obstacle::none) …        // ask another one: continued_request.h
///     stream.resume({.spent = usage, .trimmed = tail}); // its answer goes through feed() again
///
/// An error event of a provider does not pass: it waits in error_event() until it is known whether
/// somebody else goes on. Formats: OpenAI "Chat streaming", "Responses streaming", Anthropic
/// "Streaming Messages", Gemini "streamGenerateContent" as events (alt=sse), Cohere "Chat with
/// streaming" (v2), Bedrock "ConverseStream" in AWS event stream frames. Memory: the text, up to
/// `max_text`, and one event. Threads: one stream, one thread.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "dialect/names.h"
#include "dialect/usage.h"
#include "json/value.h"

namespace weir::dialect {

class StreamSplicer;

/// Why a stream cannot be continued.
enum class Obstacle : uint8_t {
    none,
    nothing_said,  ///< no text yet
    ended,         ///< the provider gave its reason to stop
    tool_call,     ///< one has begun: half of one cannot be given to another model
    reasoning,     ///< it broke off while the model was thinking
    several,       ///< more than one answer
    too_long,      ///< more text than may be held
    opaque,        ///< something that is not understood
};
std::string_view to_string(Obstacle obstacle);

class ContinuedStream {
public:
    struct Options {
        Dialect dialect = Dialect::openai;  ///< the client's
        Operation operation = Operation::chat;
        size_t max_text = 64 * 1024;
    };
    struct Resumption {
        Usage spent;            ///< by all providers so far
        std::string_view tail;  ///< white space at the end of text() that the next one was not told
    };
    /// The operations whose streams can be continued.
    static bool serves(Dialect dialect, Operation operation);

    explicit ContinuedStream(Options options);
    ~ContinuedStream();
    ContinuedStream(const ContinuedStream&) = delete;
    ContinuedStream& operator=(const ContinuedStream&) = delete;

    /// Appends what the client gets of `bytes`: whole events only.
    void feed(std::string_view bytes, std::string& out);
    Obstacle obstacle() const;
    /// What the client was told so far, without reasoning.
    std::string_view text() const;
    /// From here on another provider speaks. What was begun of an event is forgotten.
    void resume(const Resumption& resumption);

    /// The provider reported an error; nothing of it passes from there on.
    bool failed() const { return !error_event_.empty(); }
    std::string_view error_event() const { return error_event_; }

private:
    void on_event(std::string_view event, std::string& out);
    void on_frame(std::string_view frame, std::string& out);
    void on_parsed(json::Value& value, std::string_view event, std::string& out);
    void not_understood(std::string_view event, std::string& out);

    Options options_;
    std::unique_ptr<StreamSplicer> splicer_;
    std::string pending_;
    std::string error_event_;
    bool resumed_ = false;
    bool opaque_ = false;
};

}  // namespace weir::dialect
