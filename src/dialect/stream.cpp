#include "dialect/stream.h"

#include "base/encoding.h"
#include "dialect/anthropic/messages.h"
#include "dialect/anthropic/stream.h"
#include "dialect/bedrock/stream.h"
#include "dialect/cohere/stream.h"
#include "dialect/errors.h"
#include "dialect/eventstream.h"
#include "dialect/gemini/stream.h"
#include "dialect/openai/stream.h"
#include "dialect/passing_encoder.h"
#include "dialect/responses/provider.h"
#include "dialect/responses/responses.h"
#include "dialect/sse.h"
#include "dialect/styles.h"

namespace weir::dialect {
namespace {

enum class Framing : uint8_t {
    sse,
    eventstream,         ///< each message is an event
    eventstream_chunks,  ///< each message wraps an event: {"bytes": base64}
};

Framing framing_of(Schema schema) {
    if (schema == Schema::AWSBedrock) return Framing::eventstream;
    if (schema == Schema::AWSAnthropic) return Framing::eventstream_chunks;
    return Framing::sse;
}

std::unique_ptr<StreamDecoder> make_decoder(const Context& context) {
    switch (dialect_of(context.schema)) {
        case Dialect::openai:
            if (context.api == ConversationApi::responses)
                return std::make_unique<responses::EventDecoder>();
            return std::make_unique<openai::ChunkDecoder>();
        case Dialect::anthropic:
            return std::make_unique<anthropic::MessagesDecoder>();
        case Dialect::bedrock:
            return std::make_unique<bedrock::ConverseDecoder>();
        case Dialect::gemini:
            return std::make_unique<gemini::GenerateDecoder>(gemini::GenerateDecoder::Options{
                .seed = context.seed, .ends_with_usage = context.schema == Schema::GCPVertexAI});
        case Dialect::cohere:
            return std::make_unique<cohere::ChatDecoder>();
    }
    return nullptr;
}

// The client's dialect is the provider's: its events pass.
bool events_pass(const Context& context) {
    const Dialect client = body_dialect(context.operation, context.dialect);
    return client == dialect_of(context.schema) && client != Dialect::openai;
}

gemini::Framing google_framing(const Context& context) {
    return context.json_array ? gemini::Framing::json_array : gemini::Framing::sse;
}

std::unique_ptr<StreamEncoder> make_encoder(const Context& context) {
    StreamEncoder::Frame frame{answer_id(context), context.model, context.created};
    if (events_pass(context)) return std::make_unique<PassingEncoder>(std::move(frame), context);
    switch (context.dialect) {
        case Dialect::openai:
            if (context.operation == Operation::responses)
                return std::make_unique<responses::EventEncoder>(std::move(frame));
            return std::make_unique<openai::ChunkEncoder>(std::move(frame),
                                                          chunk_style(context.schema));
        case Dialect::anthropic:
            return std::make_unique<anthropic::MessagesEncoder>(std::move(frame));
        case Dialect::bedrock:
            if (context.operation == Operation::messages) {
                auto inner = std::make_unique<anthropic::MessagesEncoder>(frame);
                return std::make_unique<bedrock::InvokeEncoder>(std::move(frame), std::move(inner));
            }
            return std::make_unique<bedrock::ConverseEncoder>(std::move(frame));
        case Dialect::gemini:
            return std::make_unique<gemini::GenerateEncoder>(std::move(frame),
                                                             google_framing(context));
        case Dialect::cohere:
            return std::make_unique<cohere::ChatEncoder>(std::move(frame));
    }
    return nullptr;
}

// Passes a decoder's events on and notes whether they were no more than a few words.
class Listener final : public EventSink {
public:
    explicit Listener(EventSink& sink) : sink_(sink) {}
    void on(const Event& event) override {
        if (event.kind == Event::Kind::delta) {
            more_ = more_ || delta_ || event.text.size() > EventPattern::kMaxEvent;
            if (!more_) {
                delta_ = event;
                text_ = event.text;
                delta_->text = text_;
            }
        } else if (event.kind != Event::Kind::pause) {
            more_ = true;
        }
        sink_.on(event);
    }
    /// The one delta, if there was nothing else; its text lives as long as this.
    const Event* only_delta() const { return delta_ && !more_ ? &*delta_ : nullptr; }

private:
    EventSink& sink_;
    std::optional<Event> delta_;
    std::string text_;
    bool more_ = false;
};

std::string message_of(std::string_view payload) {
    const auto parsed = json::parse(payload);
    if (!parsed) return {};
    std::string_view message = parsed->string_at("message");
    if (message.empty()) message = parsed->string_at("Message");
    if (message.empty()) message = parsed->string_at("originalMessage");
    return std::string(message);
}

}  // namespace

struct StreamTranslator::State {
    explicit State(Context given)
        : context(std::move(given)),
          framing(framing_of(context.schema)),
          decoder(make_decoder(context)),
          encoder(make_encoder(context)),
          pattern(decoder ? decoder->varying() : EventPattern::Varying()),
          passing(events_pass(context) ? dynamic_cast<PassingEncoder*>(encoder.get()) : nullptr) {
        if (!decoder || !encoder)
            error.emplace(codes::dialect_no_translation,
                          "streams of this provider have no translation");
    }

    Result<void> feed(std::string_view bytes, std::string& out);
    Result<void> feed_sse(std::string_view bytes);
    Result<void> feed_frames(std::string_view bytes);
    Result<void> on_message(const EventStreamMessage& message);
    Result<void> on_chunk(std::string_view payload);
    Result<void> on_event(std::string_view name, std::string_view data);
    Result<void> decode(std::string_view name, std::string_view data);
    Result<void> keep(Result<void> result) {
        if (!result) error = result.error();
        return result;
    }

    Context context;
    Framing framing;
    SseReader sse;
    EventStreamReader frames;
    std::unique_ptr<StreamDecoder> decoder;
    std::unique_ptr<StreamEncoder> encoder;
    EventPattern pattern;        ///< of the last event, if it was no more than a few words
    Event delta;                 ///< what that event sent, without its text
    PassingEncoder* passing;     ///< the encoder, where the events themselves pass; else null
    std::optional<Error> error;  ///< the first failure; nothing works after it
    bool error_sent = false;
};

Result<void> StreamTranslator::State::feed(std::string_view bytes, std::string& out) {
    if (error) return std::unexpected(*error);
    if (encoder->done()) return {};
    encoder->write_to(out);
    return keep(framing == Framing::sse ? feed_sse(bytes) : feed_frames(bytes));
}

Result<void> StreamTranslator::State::feed_sse(std::string_view bytes) {
    SseEvent event;
    while (true) {
        WEIR_TRY(const bool complete, sse.next(bytes, event));
        if (!complete) return {};
        WEIR_CHECK(on_event(event.event, event.data));
    }
}

Result<void> StreamTranslator::State::feed_frames(std::string_view bytes) {
    EventStreamMessage message;
    while (true) {
        WEIR_TRY(const bool complete, frames.next(bytes, message));
        if (!complete) return {};
        WEIR_CHECK(on_message(message));
        if (encoder->done()) return {};
    }
}

Result<void> StreamTranslator::State::on_message(const EventStreamMessage& message) {
    if (message.message_type == "exception" || message.message_type == "error") {
        ProviderError reported{.type = std::string(message.exception_type),
                               .message = message.error_message.empty()
                                              ? message_of(message.payload)
                                              : std::string(message.error_message)};
        reported.status = status_of_error_type(reported.type);
        decoder->provider_error = std::move(reported);
        return fail(codes::upstream_error,
                    "the provider reported " + std::string(message.exception_type));
    }
    if (framing == Framing::eventstream_chunks) {
        // Some imitations of Bedrock leave the type out.
        const bool wraps =
            message.event_type == "chunk" ||
            (message.event_type.empty() && message.payload.starts_with(R"({"bytes")"));
        return wraps ? on_chunk(message.payload) : Result<void>();
    }
    return on_event(message.event_type, message.payload);
}

Result<void> StreamTranslator::State::on_chunk(std::string_view payload) {
    const auto wrapper = json::parse(payload);
    const auto event = wrapper ? base64_decode(wrapper->string_at("bytes")) : std::nullopt;
    if (!event) return fail(codes::dialect_response, "a chunk of the stream is no base64 in JSON");
    return on_event({}, *event);
}

// An event that passes need not be understood, unless it is an error.
Result<void> StreamTranslator::State::on_event(std::string_view name, std::string_view data) {
    if (passing && passing->done()) return {};  // such as [DONE] behind the end
    auto result = decode(name, data);
    if (!passing || decoder->provider_error) return result;
    passing->pass(name.empty() ? std::string_view(decoder->event_type) : name, data);
    return {};
}

// An event that repeats the one before it in other words is not read as JSON. Whatever else comes
// between may change what a decoder makes of it, so that a pattern is good for the next event only.
Result<void> StreamTranslator::State::decode(std::string_view name, std::string_view data) {
    if (const auto again = pattern.match(name, data)) {
        delta.text = again->text;
        decoder->repeat(delta, again->counts, *encoder);
        return {};
    }
    Listener listener(*encoder);
    decoder->once = false;
    const auto result = decoder->on_event(name, data, listener);
    if (const Event* said = listener.only_delta(); said && result && !decoder->once) {
        pattern.learn(name, data, said->text);
        delta = *said;
        delta.text = {};
    } else {
        pattern.forget();
    }
    return result;
}

StreamTranslator::StreamTranslator(Context context)
    : state_(std::make_unique<State>(std::move(context))) {}
StreamTranslator::StreamTranslator(StreamTranslator&&) noexcept = default;
StreamTranslator& StreamTranslator::operator=(StreamTranslator&&) noexcept = default;
StreamTranslator::~StreamTranslator() = default;

Result<void> StreamTranslator::feed(std::string_view bytes, std::string& out) {
    return state_->feed(bytes, out);
}

Result<void> StreamTranslator::finish(std::string& out) {
    State& s = *state_;
    if (s.error) return std::unexpected(*s.error);
    s.encoder->write_to(out);
    if (SseEvent event; s.framing == Framing::sse && s.sse.finish(event))
        WEIR_CHECK(s.keep(s.on_event(event.event, event.data)));
    // A message cut in two is a truncation, even behind the stop.
    if (!s.encoder->done() && !s.frames.idle())
        return s.keep(
            fail(codes::upstream_truncated, "the provider's stream ended inside a message"));
    return s.keep(s.decoder->on_end(*s.encoder));
}

void StreamTranslator::cut(std::string& out) {
    State& s = *state_;
    if (!s.encoder || s.encoder->done()) return;
    s.encoder->write_to(out);
    if (!s.error) s.error.emplace(codes::quota_exhausted, "a limit ended the stream");
    if (s.passing) return s.passing->cut();
    s.encoder->on({.kind = Event::Kind::stop, .stop = StopReason::length});
    if (!s.decoder->usage.empty())
        s.encoder->on({.kind = Event::Kind::usage, .usage = &s.decoder->usage});
    s.encoder->on({.kind = Event::Kind::end});
}

void StreamTranslator::encode_error(const Error& error, std::string& out) {
    State& s = *state_;
    if (s.error_sent || (s.encoder && s.encoder->done())) return;
    s.error_sent = true;
    if (!s.error) s.error = error;
    if (!s.encoder) return append_stream_error(s.context.dialect, error, out);
    s.encoder->write_to(out);
    const ErrorWords words = error_words(s.context.dialect, error.code());
    if (!s.decoder || !s.decoder->provider_error) {
        const std::string message = public_message(error);
        return s.encoder->fail({error.status(), words.type, words.code, message});
    }
    const ProviderError& reported = *s.decoder->provider_error;
    const std::string code =
        reported.status ? std::to_string(reported.status) : std::string(words.code);
    s.encoder->fail(
        {.status = reported.status,
         .type = reported.type.empty() ? words.type : std::string_view(reported.type),
         .code = code,
         .message = reported.message.empty() ? words.message : std::string_view(reported.message)});
}

const Usage& StreamTranslator::usage() const {
    static const Usage kNone;
    return state_->decoder ? state_->decoder->usage : kNone;
}
std::string_view StreamTranslator::response_model() const {
    return state_->encoder ? state_->encoder->frame().model : std::string_view();
}
std::string_view StreamTranslator::response_id() const {
    return state_->encoder ? state_->encoder->frame().id : std::string_view();
}
const std::vector<std::string>& StreamTranslator::finish_reasons() const {
    static const std::vector<std::string> kNone;
    return state_->encoder ? state_->encoder->finish_reasons() : kNone;
}
const std::optional<ProviderError>& StreamTranslator::provider_error() const {
    static const std::optional<ProviderError> kNone;
    return state_->decoder ? state_->decoder->provider_error : kNone;
}
std::vector<std::string> StreamTranslator::dropped() const {
    std::vector<std::string> out;
    if (state_->passing || !state_->decoder || !state_->encoder) return out;
    out = state_->decoder->losses.list();
    for (const auto& lost : state_->encoder->losses().list())
        out.push_back(lost);
    return out;
}
bool StreamTranslator::done() const {
    return state_->encoder && state_->encoder->done();
}
bool StreamTranslator::content_started() const {
    return state_->encoder && state_->encoder->content_started();
}
std::string_view StreamTranslator::content_type() const {
    return state_->encoder ? state_->encoder->content_type() : "text/event-stream";
}

void append_stream_error(Dialect dialect, Operation operation, const Error& error,
                         std::string& out) {
    if (dialect == Dialect::openai && operation == Operation::responses) {
        const ErrorWords words = error_words(dialect, error.code());
        const std::string message = public_message(error);
        return responses::append_failed({error.status(), words.type, words.code, message}, out);
    }
    append_stream_error(dialect, error, out);
}

void append_stream_error(Dialect dialect, const Error& error, std::string& out) {
    const std::string body = encode_error(dialect, error);
    switch (dialect) {
        case Dialect::anthropic:
            return append_sse(out, "error", body);
        case Dialect::bedrock: {
            // Exception names start with a lower-case letter in a stream.
            std::string type(error_words(dialect, error.code()).type);
            if (!type.empty()) type[0] = static_cast<char>(type[0] | 0x20);
            return append_eventstream_exception(out, type, body);
        }
        case Dialect::cohere:
            return cohere::append_message_end("ERROR", public_message(error), nullptr, out);
        case Dialect::openai:
        case Dialect::gemini:
            return append_sse(out, body);
    }
}

}  // namespace weir::dialect
