/// Bedrock ConverseStream events: messageStart, contentBlock…, messageStop, metadata.
///
/// The framing (event stream, exceptions) is the caller's. Blocks of text and thinking have no
/// start event, so a part begins where the kind of delta changes. Source: Bedrock API reference,
/// "ConverseStream".
#pragma once
#include "dialect/stream_decoder.h"

namespace weir::dialect::bedrock {

class ConverseDecoder final : public StreamDecoder {
public:
    Result<void> on_event(std::string_view name, std::string_view data, EventSink& sink) override;
    Result<void> on_end(EventSink& sink) override;

private:
    void on_block_start(const json::Value& event, EventSink& sink);
    void on_delta(const json::Value& event, EventSink& sink);
    void on_reasoning(const json::Value& reasoning, EventSink& sink);
    void on_metadata(const json::Value& event, EventSink& sink);
    void open(Event::Type type, EventSink& sink);
    void close(EventSink& sink);

    bool open_ = false;
    Event::Type type_ = Event::Type::text;
    int part_ = -1;  // of the open block
    bool stopped_ = false;
};

}  // namespace weir::dialect::bedrock
