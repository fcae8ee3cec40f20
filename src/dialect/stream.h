/// A provider's stream, translated while it arrives.
///
///     StreamTranslator stream(context);                     // one per attempt
///     while (… a buffer arrived …) {
///         if (auto ok = stream.feed(bytes, out); !ok) {     // provider error or garbage
///             // nothing sent to the client yet: answer plainly or try the next backend; else:
///             stream.encode_error(ok.error(), out); send(out); close; return;
///         }
///         send(out); out.clear();
///     }
///     auto end = stream.finish(out);                        // provider closed; fails if it was
///     too early
///
/// Whatever feed() appended before it failed is valid and should be sent. An error event is never
/// followed by a finish reason or a terminal event. Same result for any split of the bytes.
/// Ownership: copies its Context. Threads: one stream, one thread. Memory: one partial event,
/// bounded.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/translate.h"
#include "dialect/usage.h"

namespace weir::dialect {

/// What a provider said about its own failure.
struct ProviderError {
    int status = 0;  ///< HTTP status it would have had; 0 if unknown
    std::string type;
    std::string message;
};

class StreamTranslator {
public:
    /// The pair of dialects must have a codec (translate_request() succeeded for it).
    explicit StreamTranslator(Context context);
    StreamTranslator(StreamTranslator&&) noexcept;
    StreamTranslator& operator=(StreamTranslator&&) noexcept;
    ~StreamTranslator();

    /// Appends client bytes. Fails with upstream.error if the provider reported an error inside its
    /// stream (then provider_error() is set), with dialect.invalid_response or upstream.too_large
    /// for garbage. After a failure it fails with the same error for ever.
    Result<void> feed(std::string_view bytes, std::string& out);
    /// The provider closed its stream. Appends what is still due (such as [DONE]); fails with
    /// upstream.truncated if the terminal event never came.
    Result<void> finish(std::string& out);
    /// Appends the client dialect's error event; at most once, and never after the terminal event.
    void encode_error(const Error& error, std::string& out);

    /// Ends the stream as its provider would at its token limit; nothing works after it.
    void cut(std::string& out);

    const Usage& usage() const;
    std::string_view response_model() const;
    std::string_view response_id() const;
    const std::vector<std::string>& finish_reasons() const;  ///< in the client dialect's words
    const std::optional<ProviderError>& provider_error() const;
    /// What the client was not told so far: pointers as into the provider's whole answer, or names
    /// of what stands in its events. Bounded.
    std::vector<std::string> dropped() const;
    /// The client's terminal event was written; anything the provider still sends is ignored.
    bool done() const;
    /// At least one token of content, reasoning or a tool call was written (time to first token).
    bool content_started() const;

    /// What the client must be told about the body: "text/event-stream", AWS's frames for clients
    /// of Bedrock, "application/json" for Gemini's without alt=sse.
    std::string_view content_type() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The error event of a client dialect, for streams without a StreamTranslator (pass-through,
/// mock).
void append_stream_error(Dialect dialect, const Error& error, std::string& out);
/// The same, where an operation has an event of its own (response.failed of Responses).
void append_stream_error(Dialect dialect, Operation operation, const Error& error,
                         std::string& out);

}  // namespace weir::dialect
