/// Anthropic Messages streams: message_start, content_block_…, message_delta, message_stop, error,
/// ping. Source: docs.anthropic.com, "Streaming messages".
#pragma once
#include "dialect/open_blocks.h"
#include "dialect/stream_decoder.h"
#include "dialect/stream_encoder.h"

namespace weir::dialect::anthropic {

class MessagesDecoder final : public StreamDecoder {
public:
    Result<void> on_event(std::string_view name, std::string_view data, EventSink& sink) override;
    Result<void> on_end(EventSink& sink) override;

private:
    Result<void> on_document(const json::Value& event, EventSink& sink);
    void on_start(const json::Value& event, EventSink& sink);
    void on_block_start(const json::Value& event, EventSink& sink);
    void on_block_delta(const json::Value& event, EventSink& sink);
    Result<void> on_message_delta(const json::Value& event);
    void send_delta(Event::Type type, std::string_view text, EventSink& sink);

    AnthropicUsage counts_;
    bool started_ = false;
    bool open_ = false;  // a block that the model has a word for
    Event::Type open_type_ = Event::Type::text;
    int part_ = -1;  // of the open block
    StopReason stop_ = StopReason::end;
    std::string stop_sequence_;
};

/// Events → a client's stream: blocks as open_blocks.h says.
class MessagesEncoder final : public StreamEncoder {
public:
    explicit MessagesEncoder(Frame frame) : StreamEncoder(std::move(frame)) {}
    void on(const Event& event) override;
    void fail(const StreamError& error) override;

private:
    void on_start(const Event& event);
    OpenBlocks::Block& on_part_start(const Event& event);
    void on_delta(const Event& event);
    void on_signature(const Event& event);
    void on_citation(const Event& event);
    void on_part_end(int part);
    void on_end();
    OpenBlocks::Block& begin(int part, Event::Type type);
    void close(const OpenBlocks::Block& block);
    void open_event(std::string_view name);
    void write_delta(const OpenBlocks::Block& block, std::string_view opening,
                     std::string_view text);

    OpenBlocks blocks_;
    bool started_ = false;
    bool tools_ = false;    // some were called
    bool stopped_ = false;  // the provider said why
    StopReason stop_ = StopReason::end;
    std::string stop_sequence_;
    Usage usage_;
};

}  // namespace weir::dialect::anthropic
