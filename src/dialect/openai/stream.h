/// OpenAI chat completion chunks, read from a provider and written for a client.
/// Source: platform.openai.com, API reference, "The chat completion chunk object".
#pragma once
#include <vector>

#include "dialect/citations.h"
#include "dialect/stream_decoder.h"
#include "dialect/stream_encoder.h"

namespace weir::dialect::openai {

/// A provider's chunks → events. Tool calls may interleave by index; each is a part of its own.
class ChunkDecoder final : public StreamDecoder {
public:
    Result<void> on_event(std::string_view name, std::string_view data, EventSink& sink) override;
    Result<void> on_end(EventSink& sink) override;
    EventPattern::Varying varying() const override;
    void repeat(const Event& delta, const json::Value* counts, EventSink& sink) override;

private:
    struct Stop {
        int choice;
        StopReason reason;
    };
    struct Open {
        int choice;
        Event::Type type;
        int64_t call;  // index of a tool call; -1 for other types
        int part;
    };
    void on_choice(const json::Value& choice, EventSink& sink);
    void on_tool_call(int choice, const json::Value& call, EventSink& sink);
    void on_text(int choice, Event::Type type, std::string_view text, EventSink& sink);
    void on_reasoning(int choice, const json::Value& delta, EventSink& sink);
    void on_signature(int choice, std::string_view signature, EventSink& sink);
    void on_annotations(int choice, const json::Value& annotations, EventSink& sink);
    int open_part(int choice, Event::Type type, EventSink& sink);
    void close(int choice, EventSink& sink);
    void finish(EventSink& sink);

    bool started_ = false;
    std::vector<Open> open_;
    std::vector<Stop> stops_;
    SaidTexts said_;
    int parts_ = 0;
};

/// How chunks are dressed; providers differ as upstream's translators do.
struct ChunkStyle {
    bool opening_chunk = true;        ///< the start is a chunk of its own, with empty content
    bool role_in_every = false;       ///< else only in the first chunk
    bool typed_tool_deltas = false;   ///< "type":"function" in each piece of arguments
    bool usage_details = false;       ///< as ReplyStyle
    bool stop_in_last_delta = false;  ///< a stop goes into the chunk of what came with it
};

/// Events → a client's chunks.
class ChunkEncoder final : public StreamEncoder {
public:
    ChunkEncoder(Frame frame, ChunkStyle style) : StreamEncoder(std::move(frame)), style_(style) {}

    void on(const Event& event) override;
    void fail(const StreamError& error) override;

private:
    void on_start(const Event& event);
    void on_part_start(const Event& event);
    void on_part_end(const Event& event);
    void on_delta(const Event& event);
    void on_stop(const Event& event);
    void on_usage(const Event& event);
    void on_unknown(const Event& event);
    void on_logprobs(const Event& event);
    void on_citation(const Event& event);
    void write_citation(int choice, int part, const Citation& citation);
    void write_waiting(int choice, int part);
    void begin_chunk(int choice);
    void end_chunk();
    void close_chunk();
    void beside_delta(int choice);
    bool wants_role();
    void write_text(int choice, std::string_view text);
    void write_member(int choice, std::string_view opening, std::string_view text,
                      std::string_view closing);
    int tool_index(int part) const;

    ChunkStyle style_;
    std::string prefix_;      // what precedes the choices in every chunk
    std::string dated_;       // what follows them: date and model
    std::string suffix_;      // that and the end of the chunk
    std::vector<int> tools_;  // part of each tool call, in order
    SaidTexts said_;
    struct Waiting {
        int choice = 0;
        int part = 0;
        Citation citation;
    };
    std::vector<Waiting> waiting_;  // citations of parts as a whole that have not ended
    int open_choice_ = -1;  // of a chunk whose delta is complete but may take a stop; -1: none
    bool has_arguments_ = false;  // of the last tool call
    bool role_known_ = false;     // the provider's start came
    bool role_sent_ = false;
};

}  // namespace weir::dialect::openai
