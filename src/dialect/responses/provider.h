/// OpenAI Responses as providers speak it: what their whole answers and their streams share.
///
/// Reasoning is proved by an item's `encrypted_content`, which is good only together with that
/// item's id; a client of another dialect has room for one string, so that both travel in it
/// ("responses:ID:PROOF"). Views are into the values given. Source: platform.openai.com, API
/// reference, "Responses", "Streaming events". Pure functions, any thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/stream_decoder.h"

namespace weir::dialect::responses {

struct Seal {
    std::string id;
    std::string proof;
};
/// Empty if there is no proof.
std::string make_seal(std::string_view id, std::string_view proof);
/// Nothing if this API did not make it.
std::optional<Seal> read_seal(std::string_view signature);

/// Between the pieces of a summary.
inline constexpr std::string_view kBetween = "\n\n";
/// The words of a reasoning item: of its summary, or of itself where that is shown.
std::string reasoning_text(const json::Value& item);
std::vector<TokenProbability> decode_logprobs(const json::Value& list);
/// By which a result refers to a call.
std::string_view call_id(const json::Value& item);

struct Stop {
    StopReason reason = StopReason::end;
    std::string_view word;  ///< of `other`
};
/// Why a response is over; `called`: there is a function call in it.
Stop stop_of(const json::Value& response, bool called);
/// Of an `error` event or of a response that failed.
ProviderError error_of(const json::Value& holder);

/// A provider's events → the model's. Items may be open side by side; what was not said piece by
/// piece is said when its item is done.
class EventDecoder final : public StreamDecoder {
public:
    Result<void> on_event(std::string_view name, std::string_view data, EventSink& sink) override;
    Result<void> on_end(EventSink& sink) override;
    EventPattern::Varying varying() const override;

private:
    /// A part of the answer: of which item, and which of its pieces.
    struct Part {
        int64_t item = 0;
        int64_t piece = 0;
        Event::Type type = Event::Type::text;
        int number = 0;
        bool said = false;    ///< something of it
        int64_t summary = 0;  ///< of reasoning: the piece of the summary that is open
    };
    void start(const json::Value& response, EventSink& sink);
    void on_item(const json::Value& event, EventSink& sink);
    void on_annotation(const json::Value& event, EventSink& sink);
    void on_item_done(const json::Value& event, EventSink& sink);
    void on_message_done(int64_t index, const json::Value& item, EventSink& sink);
    void on_call_done(int64_t index, const json::Value& item, EventSink& sink);
    void on_reasoning_done(int64_t index, const json::Value& item, EventSink& sink);
    bool on_delta(std::string_view type, const json::Value& event, EventSink& sink);
    void on_reasoning(const json::Value& event, std::string_view place, EventSink& sink);
    Result<void> on_response_end(const json::Value& event, EventSink& sink);
    Part* find(int64_t item, int64_t piece, Event::Type type);
    Part& open(int64_t item, int64_t piece, Event::Type type, EventSink& sink,
               const json::Value* call = nullptr);
    void say(Part& part, std::string_view text, EventSink& sink);
    void close_item(int64_t item, EventSink& sink);

    std::vector<Part> open_;
    int parts_ = 0;
    bool started_ = false;
    bool called_ = false;
};

}  // namespace weir::dialect::responses
