/// A stream whose events are the client's already: they lose the provider's frames and get the
/// client's, and what they say is noted on the way.
#pragma once
#include <string>

#include "dialect/stream_encoder.h"
#include "dialect/translate.h"

namespace weir::dialect {

class PassingEncoder final : public StreamEncoder {
public:
    PassingEncoder(Frame frame, const Context& context);

    /// One of the provider's events, after the decoder has seen it.
    void pass(std::string_view name, std::string_view data);
    /// Ends the stream as at the provider's token limit.
    void cut();

    void on(const Event& event) override;
    void fail(const StreamError& error) override;
    std::string_view content_type() const override;

private:
    enum class Framing : uint8_t { events, messages, chunks, json_array };
    void write(std::string_view name, std::string_view data);
    void end();

    Dialect client_;
    Dialect dialect_;  // of the events
    Operation operation_;
    Framing framing_;
    size_t elements_ = 0;
    bool tools_ = false;
    std::string last_name_;  // of the last event: cut() sees what it left open
    std::string last_data_;
};

}  // namespace weir::dialect
