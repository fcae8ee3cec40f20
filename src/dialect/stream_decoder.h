/// What the stream decoders of all providers have in common.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "dialect/conversation.h"
#include "dialect/event_pattern.h"
#include "dialect/losses.h"
#include "dialect/stream.h"

namespace weir::dialect {

/// Turns a provider's events (already taken out of their frames) into the model's. One stream, one
/// thread; the base class holds what the stream told so far.
class StreamDecoder {
public:
    virtual ~StreamDecoder() = default;
    /// One event: its name (SSE `event`, `:event-type`; may be empty) and its JSON. Fails with
    /// dialect.invalid_response, or with upstream.error once provider_error is set.
    virtual Result<void> on_event(std::string_view name, std::string_view data,
                                  EventSink& sink) = 0;
    /// The provider closed. Fails with upstream.truncated if that was too early.
    virtual Result<void> on_end(EventSink& sink) = 0;

    /// What differs between events that say alike (see EventPattern).
    virtual EventPattern::Varying varying() const { return {}; }
    /// The last event once more, whose only event was a delta: with other words (not empty) and
    /// counts (null: it has none). Not called where the last event set `once`.
    virtual void repeat(const Event& delta, const json::Value* counts, EventSink& sink);

    Usage usage;
    std::string model;
    std::string id;
    std::string event_type;  ///< of the last event, where its JSON says it (Anthropic)
    std::optional<ProviderError> provider_error;
    bool ended = false;  ///< Event::end was sent
    bool once = false;   ///< the last event did more than it sent; the caller resets it
    Losses losses;       ///< what the model has no word for

protected:
    void end(EventSink& sink);
    std::unexpected<Error> report(ProviderError error);
};

/// Status for the error types that providers name inside a stream; 0 if unknown.
int status_of_error_type(std::string_view type);

}  // namespace weir::dialect
