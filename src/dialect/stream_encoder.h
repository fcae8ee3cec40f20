/// What the stream encoders of all client dialects have in common.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "dialect/conversation.h"
#include "dialect/losses.h"

namespace weir::dialect {

/// An error as a client is told it in the middle of a stream.
struct StreamError {
    int status = 0;
    std::string_view type;
    std::string_view code;
    std::string_view message;
};

/// Turns the model's events into a client's stream. One stream, one thread; text goes straight into
/// the output: nothing is allocated per delta.
class StreamEncoder : public EventSink {
public:
    struct Frame {
        std::string id;     ///< until the provider says one
        std::string model;  ///< likewise
        int64_t created = 0;
    };
    explicit StreamEncoder(Frame frame) : frame_(std::move(frame)) {}

    /// Where events are appended; set before each feed.
    void write_to(std::string& out) { out_ = &out; }
    /// Appends the dialect's error event. The caller sees to it that it comes once, and last.
    virtual void fail(const StreamError& error) = 0;
    virtual std::string_view content_type() const { return "text/event-stream"; }

    bool done() const { return done_; }  ///< the dialect's terminal event was written
    /// At least one token of content, reasoning or a tool call was written.
    bool content_started() const { return content_started_; }
    const Frame& frame() const { return frame_; }
    /// In the client dialect's words.
    const std::vector<std::string>& finish_reasons() const { return finish_reasons_; }
    const Losses& losses() const { return losses_; }  ///< what the client's dialect has no word for

protected:
    /// What only its provider has a word for.
    void lose(const Event& unknown) {
        if (!unknown.cited)
            losses_.add("/candidates/" + std::to_string(unknown.choice) + "/" +
                        std::string(unknown.name));
    }

    Frame frame_;
    std::string* out_ = nullptr;
    std::vector<std::string> finish_reasons_;
    Losses losses_;
    bool content_started_ = false;
    bool done_ = false;
};

}  // namespace weir::dialect
