/// Bedrock ConverseStream events: messageStart, contentBlock…, messageStop, metadata.
///
/// The framing (event stream, exceptions) is the caller's. Blocks of text and thinking have no
/// start event, so a part begins where the kind of delta changes. Source: Bedrock API reference,
/// "ConverseStream".
#pragma once
#include <memory>

#include "dialect/open_blocks.h"
#include "dialect/sse.h"
#include "dialect/stream_decoder.h"
#include "dialect/stream_encoder.h"

namespace weir::dialect::bedrock {

class ConverseDecoder final : public StreamDecoder {
public:
    Result<void> on_event(std::string_view name, std::string_view data, EventSink& sink) override;
    Result<void> on_end(EventSink& sink) override;
    EventPattern::Varying varying() const override;

private:
    void on_block_start(const json::Value& event, EventSink& sink);
    void on_delta(const json::Value& event, EventSink& sink);
    void on_reasoning(const json::Value& reasoning, EventSink& sink);
    void on_metadata(const json::Value& event, EventSink& sink);
    void lose_block(const json::Value& event);
    void open(Event::Type type, EventSink& sink);
    void close(EventSink& sink);

    bool open_ = false;
    Event::Type type_ = Event::Type::text;
    int part_ = -1;  // of the open block
    bool stopped_ = false;
};

inline constexpr std::string_view kFrames = "application/vnd.amazon.eventstream";

/// Events → a client's stream: blocks as open_blocks.h says, each event a message of its own.
class ConverseEncoder final : public StreamEncoder {
public:
    explicit ConverseEncoder(Frame frame) : StreamEncoder(std::move(frame)) {}
    void on(const Event& event) override;
    void fail(const StreamError& error) override;
    std::string_view content_type() const override { return kFrames; }

private:
    void on_start(const Event& event);
    OpenBlocks::Block& on_part_start(const Event& event);
    void on_delta(const Event& event);
    void on_signature(const Event& event);
    void on_citation(const Event& event);
    void on_end();
    void begin(const OpenBlocks::Block& block);
    void close(const OpenBlocks::Block& block);
    void write_delta(const OpenBlocks::Block& block, std::string_view opening,
                     std::string_view text, std::string_view closing);

    OpenBlocks blocks_;
    std::string payload_;  // of the message being written
    bool started_ = false;
    bool tools_ = false;    // some were called
    bool stopped_ = false;  // the provider said why
    StopReason stop_ = StopReason::end;
    std::string service_tier_;
    Usage usage_;
};

/// A client's stream of Claude's own events, each as base64 in a message, as InvokeModel sends
/// them.
class InvokeEncoder final : public StreamEncoder {
public:
    /// `inner` writes server-sent events.
    InvokeEncoder(Frame frame, std::unique_ptr<StreamEncoder> inner)
        : StreamEncoder(std::move(frame)), inner_(std::move(inner)) {}
    void on(const Event& event) override;
    void fail(const StreamError& error) override;
    std::string_view content_type() const override { return kFrames; }

private:
    void take();
    std::unique_ptr<StreamEncoder> inner_;
    std::string text_;  // of the inner encoder, not yet in messages
    SseReader reader_;
};

/// Appends one of Claude's events as InvokeModel frames it.
void append_chunk(std::string_view event, std::string& out);
/// Appends an exception message.
void append_exception(const StreamError& error, std::string& out);

}  // namespace weir::dialect::bedrock
