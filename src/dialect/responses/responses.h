/// OpenAI Responses: the codec. What providers say in streams is in provider.h.
///
/// A request's items become messages: what stands between two user turns is one assistant message,
/// as the other dialects want it. Reasoning items carry a provider's proof in `encrypted_content`,
/// so that thinking survives a client that keeps its own history. Nothing is stored here: what
/// refers to a stored response is refused. Source: platform.openai.com, API reference, "Responses",
/// "Streaming events". Pure functions, any thread.
#pragma once
#include "base/error.h"
#include "dialect/conversation.h"
#include "dialect/stream_encoder.h"

namespace weir::dialect::responses {

/// Consumes the body. Fails with dialect.invalid_request, or with dialect.unsupported for what
/// needs a store (previous_response_id, conversation, background, item_reference, store: true).
Result<Conversation> decode_request(json::Value body);

/// Client requests of any dialect for a provider that is spoken to through Responses. Nothing is
/// stored there unless the client asked for it. Fails with dialect.unsupported.
Result<Encoded> encode_request(const Conversation& conversation, std::string_view model);

/// The same for `/responses/input_tokens`: what is read, without how it is to be answered.
Result<Encoded> encode_count(const Conversation& conversation, std::string_view model);

/// A provider's whole answer. Fails with dialect.invalid_response, with upstream.error if it says
/// that it failed.
Result<Reply> decode_reply(json::Value body);

/// The client's whole answer; appends what it could not say to `dropped`.
std::string encode_reply(const Reply& reply, const ReplyFrame& frame,
                         std::vector<std::string>& dropped);

/// "completed", or "incomplete" for a stop that cut the answer.
std::string_view status(StopReason stop);
/// Why it is incomplete; empty if it is not.
std::string_view incomplete_reason(StopReason stop);

/// One entry of `output`, as far as it is known: the kind decides which members count.
struct Item {
    enum class Kind : uint8_t { message, function_call, reasoning, hidden_reasoning };
    Kind kind = Kind::message;
    std::string id;
    std::string text;                      ///< of a message, or the summary of reasoning
    std::string refusal;                   ///< of a message
    std::string call_id;                   ///< of a call
    std::string name;                      ///< of a call
    std::string arguments;                 ///< of a call
    std::string proof;                     ///< of reasoning
    std::string annotations = {};          ///< of a message: the elements of their list, as JSON
    std::vector<Citation> citations = {};  ///< of a message: what is not yet among them
};
/// Appends an annotation to those of a message: `before` characters precede the text of `size`
/// that it is about. A view of what was appended.
std::string_view append_citation(Item& item, const Citation& citation, int64_t before,
                                 int64_t size);
/// Appends the item's JSON; `done`: its status is completed, else in_progress and it is empty.
void append_item(std::string& out, const Item& item, bool done);
/// Appends the whole response object.
struct Summary {
    std::string_view id;
    std::string_view model;
    int64_t created = 0;
    std::string_view status;
    std::string_view incomplete;  ///< reason; empty if none
    const StreamError* error = nullptr;
    const Usage* usage = nullptr;  ///< null while nothing is known
};
void append_response(std::string& out, const Summary& summary, const std::vector<Item>& items);

/// A response.failed event that says no more than the error, for a stream that passed unread.
void append_failed(const StreamError& error, std::string& out);

/// "resp_…" for any id.
std::string response_id(std::string_view id);

/// Events → a client's stream. Items may be open side by side; each event names its own. The text
/// of all items is kept to the end, as the last event repeats it.
class EventEncoder final : public StreamEncoder {
public:
    explicit EventEncoder(Frame frame) : StreamEncoder(std::move(frame)) {}
    void on(const Event& event) override;
    void fail(const StreamError& error) override;

private:
    struct Open {
        int part;
        size_t item;
        Event::Type type;
    };
    void on_start(const Event& event);
    void on_part_start(const Event& event);
    void on_delta(const Event& event);
    void on_part_end(int part);
    void on_end();
    Open& open(const Event& event);
    Open* find(int part);
    void close(const Open& open);
    void on_citation(const Event& event);
    void close_text(Item& item, size_t index, bool refusal);
    void close_summary(const Item& item, size_t index);
    void begin(std::string_view type);
    void begin_of_item(std::string_view type, size_t index);
    void end_event() { out_->append("}\n\n"); }
    void whole(std::string_view type, std::string_view status, std::string_view incomplete,
               const StreamError* error);

    std::vector<Item> items_;
    std::vector<Open> open_;
    int64_t sequence_ = 0;
    bool started_ = false;
    StopReason stop_ = StopReason::end;
    std::optional<Usage> usage_;
};

}  // namespace weir::dialect::responses
