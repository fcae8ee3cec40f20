/// Anthropic Messages streams: message_start, content_block_…, message_delta, message_stop, error,
/// ping. Source: docs.anthropic.com, "Streaming messages".
#pragma once
#include "dialect/stream_decoder.h"

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
};

}  // namespace weir::dialect::anthropic
