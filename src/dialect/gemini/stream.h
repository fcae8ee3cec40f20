/// Gemini streamGenerateContent chunks (alt=sse): each is a whole answer's shape with what is new.
///
/// There is no terminal event: an answer has ended when it said why (finishReason), and the stream
/// when the provider closes it. Vertex AI counts tokens in the last chunk only, and that is taken
/// for an end too; AI Studio counts in every chunk. Source: as generate.h.
#pragma once
#include "dialect/gemini/tool_ids.h"
#include "dialect/stream_decoder.h"

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

private:
    struct Candidate {
        int choice = 0;
        bool open = false;  // a part of it is
        Event::Type type = Event::Type::text;
        int part = -1;
        bool called_tools = false;
        bool stopped = false;
    };
    void on_start(const json::Value& chunk, EventSink& sink);
    void on_candidate(const json::Value& given, int position, EventSink& sink);
    void on_part(Candidate& candidate, const json::Value& part, EventSink& sink);
    void on_call(Candidate& candidate, const json::Value& call, EventSink& sink);
    void on_signature(Candidate& candidate, std::string_view signature, EventSink& sink);
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

}  // namespace weir::dialect::gemini
