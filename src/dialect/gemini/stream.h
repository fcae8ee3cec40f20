/// Gemini streamGenerateContent chunks (alt=sse): each is a whole answer's shape with what is new.
///
/// There is no terminal event: an answer has ended when it said why (finishReason), and the stream
/// when the provider closes it. Vertex AI counts tokens in the last chunk only, and that is taken
/// for an end too; AI Studio counts in every chunk. Source: as generate.h.
#pragma once
#include <unordered_set>

#include "dialect/gemini/citations.h"
#include "dialect/gemini/tool_ids.h"
#include "dialect/stream_decoder.h"
#include "dialect/stream_encoder.h"

namespace weir::dialect::gemini {

class GenerateDecoder final : public StreamDecoder {
public:
    struct Options {
        uint64_t seed = 0;             ///< as decode_reply()
        bool ends_with_usage = false;  ///< counts come with the last chunk only
    };
    explicit GenerateDecoder(Options options) : options_(options) {}

    Result<void> on_event(std::string_view name, std::string_view data, EventSink& sink) override;
    Result<void> on_end(EventSink& sink) override;
    EventPattern::Varying varying() const override { return {.counts = "usageMetadata"}; }
    void repeat(const Event& delta, const json::Value* counts, EventSink& sink) override;

private:
    struct Candidate {
        int choice = 0;
        bool open = false;  // a part of it is
        Event::Type type = Event::Type::text;
        int part = -1;
        bool called_tools = false;
        bool stopped = false;
        SaidText said{true};
        std::unordered_set<std::string> cited = {};  // what was told: chunks repeat it
    };
    void on_start(const json::Value& chunk, EventSink& sink);
    void on_counts(const json::Value* counts);
    void on_candidate(const json::Value& given, int position, EventSink& sink);
    void on_part(Candidate& candidate, const json::Value& part, EventSink& sink);
    void on_call(Candidate& candidate, const json::Value& call, EventSink& sink);
    void on_signature(Candidate& candidate, std::string_view signature, EventSink& sink);
    void on_shown(Candidate& candidate, const json::Member& member, EventSink& sink);
    void on_blocked(const std::string& words, EventSink& sink);
    void say(Candidate& candidate, Event::Type type, std::string_view text, EventSink& sink);
    void open(Candidate& candidate, Event::Type type, EventSink& sink);
    void close(Candidate& candidate, EventSink& sink);
    bool all_stopped() const;

    Options options_;
    std::optional<ToolIds> ids_;  // from the first chunk on
    std::vector<Candidate> candidates_;
    int parts_ = 0;
    bool counted_ = false;  // the last chunk did
};

/// How a client wants its chunks: with alt=sse as events, else as the elements of one array.
enum class Framing : uint8_t { sse, json_array };

/// Appends a chunk; who ends the stream adds the array's bracket.
void append_element(Framing framing, std::string_view json, bool first, std::string& out);

/// Events → a client's stream. A call is sent when it is whole: Google's clients know no pieces.
class GenerateEncoder final : public StreamEncoder {
public:
    GenerateEncoder(Frame frame, Framing framing)
        : StreamEncoder(std::move(frame)), framing_(framing) {}
    void on(const Event& event) override;
    void fail(const StreamError& error) override;
    std::string_view content_type() const override {
        return framing_ == Framing::sse ? "text/event-stream" : "application/json";
    }

private:
    struct Candidate {
        int choice;
        std::string finish;  // empty until the provider says why
        SaidText said{true};
        std::vector<PlacedCitation> citations = {};
    };
    struct Call {
        int part;
        std::string id;
        std::string name;
        std::string arguments;
    };
    void on_part_start(const Event& event);
    void on_delta(const Event& event);
    void on_part_end(const Event& event);
    void on_end();
    void write_text(int choice, std::string_view text);
    void write_thought(int choice, std::string_view text, std::string_view proof);
    void write_grounding(const Candidate& candidate);
    void begin_chunk(int choice);
    void end_chunk(bool with_usage);
    Candidate& candidate_of(int choice);

    Framing framing_;
    std::vector<Candidate> candidates_;
    std::vector<Call> calls_;  // that are not whole
    std::string chunk_;        // being written
    std::string* target_ = nullptr;
    size_t elements_ = 0;
    bool broken_call_ = false;
    Usage usage_;
};

}  // namespace weir::dialect::gemini
