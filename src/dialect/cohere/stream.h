/// Cohere chat streams, version 2: message-start, content-…, tool-plan-delta, tool-call-…,
/// citation-…, message-end. Source: docs.cohere.com, "Streaming responses", API reference "Chat
/// with streaming (v2)".
#pragma once
#include "dialect/open_blocks.h"
#include "dialect/stream_decoder.h"
#include "dialect/stream_encoder.h"

namespace weir::dialect::cohere {

/// A provider's events → the model's. Contents and calls are counted apart there, and follow one
/// another.
class ChatDecoder final : public StreamDecoder {
public:
    Result<void> on_event(std::string_view name, std::string_view data, EventSink& sink) override;
    Result<void> on_end(EventSink& sink) override;

private:
    void on_start(const json::Value& event, EventSink& sink);
    void on_content(const json::Value& content, EventSink& sink);
    void on_call(const json::Value& calls, bool begins, EventSink& sink);
    void on_citation(const json::Value& citation, EventSink& sink);
    Result<void> on_message_end(const json::Value& event, EventSink& sink);
    void say(Event::Type type, std::string_view text, EventSink& sink);
    void open(Event::Type type, EventSink& sink);
    void close(EventSink& sink);

    bool started_ = false;
    bool open_ = false;
    Event::Type type_ = Event::Type::text;
    int part_ = -1;       // of what is open
    int text_part_ = -1;  // of the last text, open or not
};

/// Events → a client's stream: blocks as open_blocks.h says; contents and calls are counted apart.
class ChatEncoder final : public StreamEncoder {
public:
    explicit ChatEncoder(Frame frame) : StreamEncoder(std::move(frame)) {}
    void on(const Event& event) override;
    void fail(const StreamError& error) override;

private:
    void on_start(const Event& event);
    OpenBlocks::Block& on_part_start(const Event& event);
    void on_delta(const Event& event);
    void on_citation(const Event& event);
    void on_end();
    void close(const OpenBlocks::Block& block);
    void begin(std::string_view type);
    void begin_of(std::string_view type, const OpenBlocks::Block& block);
    int number_of(const OpenBlocks::Block& block) const;

    OpenBlocks blocks_;
    std::vector<int> numbers_;  // of the blocks: among contents, or among calls
    struct Told {
        int part;
        int number;         // among contents
        std::string words;  // a citation repeats what it is about
        std::vector<Citation> waiting;
    };
    Told& told(int part, int number);
    void write_citation(const Told& text, const Citation& citation);
    std::vector<Told> texts_;
    int contents_ = 0;
    int calls_ = 0;
    int citations_ = 0;
    bool started_ = false;
    bool stopped_ = false;
    StopReason stop_ = StopReason::end;
    Usage usage_;
};

/// A client's last event where there is no encoder: why the stream ended, and what went wrong.
void append_message_end(std::string_view reason, std::string_view error, const Usage* usage,
                        std::string& out);

}  // namespace weir::dialect::cohere
