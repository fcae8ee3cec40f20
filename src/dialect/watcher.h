/// Watches a stream that passes through unchanged, beside the bytes and not in their way.
///
/// The relay sends every buffer on as it came and lets the watcher look at it. The watcher finds
/// the usage, the model that answered, an error inside the stream and the terminal event, without
/// splitting the stream into events: it scans for the few places where such a thing can start and
/// parses only there. With `withhold_usage` it also takes out the usage-only chunk (`"choices":[]`
/// with `usage`) that Weir asked for and the client did not; then the relay sends what feed()
/// returns instead of the buffer.
///
///     PassthroughWatcher watcher({.dialect = Dialect::openai, .withhold_usage = true});
///     for (auto piece : watcher.feed(buffer)) send(piece);
///     for (auto piece : watcher.finish()) send(piece);      // provider closed
///     if (!watcher.terminated()) …                           // upstream.truncated
///
/// Same findings and same bytes for any split. Memory: at most `hold_limit` of a partial event
/// (only when withholding) and a few KiB of a captured usage object. One thread.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/names.h"
#include "dialect/stream.h"
#include "dialect/usage.h"

namespace weir::dialect {

class PassthroughWatcher {
public:
    struct Options {
        Dialect dialect = Dialect::openai;  ///< openai or anthropic
        Operation operation = Operation::chat;
        bool withhold_usage = false;
        /// Events are sent on whole only, so that an error event can follow a stream that breaks.
        bool whole_events = false;
        size_t hold_limit =
            16 * 1024;  ///< a longer event cannot be a usage-only chunk and is sent on
    };

    explicit PassthroughWatcher(Options options);

    /// Looks at the next bytes. Returns what to send on, in order: views into `bytes` and into the
    /// watcher, valid until the next call. Without withholding that is always `bytes` itself.
    std::span<const std::string_view> feed(std::string_view bytes);
    /// The provider closed: what was still held back.
    std::span<const std::string_view> finish();

    const Usage& usage() const { return usage_; }
    std::string_view response_model() const { return model_; }
    /// The dialect's terminal event passed: [DONE], message_stop,
    /// response.completed/incomplete/failed.
    bool terminated() const { return terminated_; }
    /// The provider reported an error inside the stream (it passed through to the client like the
    /// rest).
    const std::optional<ProviderError>& provider_error() const { return error_; }
    /// The position in the stream is between two events, so that an error event may be appended.
    bool at_event_boundary() const;

private:
    bool holds() const { return options_.withhold_usage || options_.whole_events; }
    enum class Capture : uint8_t { none, usage, error, model };

    void scan(std::string_view bytes);
    void scan_buffer(std::string_view bytes);
    size_t inspect_key(std::string_view bytes, size_t at);
    size_t inspect_line(std::string_view bytes, size_t at);
    bool inspect_event_name(std::string_view line, size_t value);
    void begin_capture(Capture capture, char first);
    size_t continue_capture(std::string_view bytes, size_t from);
    void follow(char c);
    void finish_capture();
    void note_tail(std::string_view bytes);
    size_t broken_event_end(std::string_view bytes) const;
    std::string_view complete_held(std::string_view bytes);
    void forward(std::string_view events);
    std::string_view pass_oversized(std::string_view bytes);
    void withhold(std::string_view bytes);
    void forward_events(std::string_view events);
    bool is_usage_only(std::string_view event) const;

    Options options_;
    Usage usage_;
    AnthropicUsage anthropic_usage_;
    std::string model_;
    std::optional<ProviderError> error_;
    bool terminated_ = false;
    bool in_error_event_ = false;  ///< the last event name seen says so
    // A key or line start that the end of a buffer cut in two.
    std::string carry_;
    // The object or string being captured across buffers.
    Capture capture_ = Capture::none;
    std::string captured_;
    int depth_ = 0;
    bool in_string_ = false;
    bool escaped_ = false;
    // The last bytes seen, for at_event_boundary().
    char tail_[4] = {'\n', '\n', '\n', '\n'};
    // Withholding.
    std::string held_;
    std::string released_;  ///< keeps held bytes alive for the views returned
    bool oversized_ = false;
    bool usage_near_ = false;  ///< a usage object began in what is held or was just fed
    std::vector<std::string_view> pieces_;
};

}  // namespace weir::dialect
