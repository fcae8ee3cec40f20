#include "dialect/passing_encoder.h"

#include "dialect/anthropic/messages.h"
#include "dialect/bedrock/converse.h"
#include "dialect/bedrock/stream.h"
#include "dialect/cohere/chat.h"
#include "dialect/cohere/stream.h"
#include "dialect/errors.h"
#include "dialect/eventstream.h"
#include "dialect/gemini/generate.h"
#include "dialect/gemini/stream.h"
#include "dialect/sse.h"
#include "dialect/stream_cut.h"

namespace weir::dialect {

PassingEncoder::PassingEncoder(Frame frame, const Context& context)
    : StreamEncoder(std::move(frame)),
      client_(context.dialect),
      dialect_(body_dialect(context.operation, context.dialect)),
      operation_(context.operation),
      framing_(context.dialect != Dialect::bedrock
                   ? (context.json_array ? Framing::json_array : Framing::events)
               : dialect_ == Dialect::anthropic ? Framing::chunks
                                                : Framing::messages) {}

void PassingEncoder::pass(std::string_view name, std::string_view data) {
    write(dialect_ == Dialect::gemini ? std::string_view() : name, data);
    last_name_.assign(name);
    last_data_.assign(data);
}

void PassingEncoder::write(std::string_view name, std::string_view data) {
    switch (framing_) {
        case Framing::events:
            return append_sse(*out_, name, data);
        case Framing::messages:
            return append_eventstream_event(*out_, name, data);
        case Framing::chunks:
            return bedrock::append_chunk(data, *out_);
        case Framing::json_array:
            return gemini::append_element(gemini::Framing::json_array, data, elements_++ == 0,
                                          *out_);
    }
}

void PassingEncoder::end() {
    if (framing_ == Framing::json_array) out_->append(elements_ ? "]" : "[]");
    done_ = true;
}

void PassingEncoder::cut() {
    if (framing_ == Framing::events) {
        std::string last = last_data_;
        append_stream_cut({.dialect = dialect_,
                           .operation = operation_,
                           .id = frame_.id,
                           .model = frame_.model,
                           .created = frame_.created,
                           .last = last},
                          *out_);
    } else {
        for (const auto& [name, data] : cut_events(dialect_, last_name_, last_data_))
            write(name, data);
    }
    end();
}

void PassingEncoder::on(const Event& event) {
    switch (event.kind) {
        case Event::Kind::start:
            if (!event.id.empty()) frame_.id = event.id;
            if (!event.name.empty()) frame_.model = event.name;
            break;
        case Event::Kind::stop:
            finish_reasons_.emplace_back(
                dialect_ == Dialect::bedrock ? std::string(bedrock::stop_word(event.stop, false))
                : dialect_ == Dialect::cohere
                    ? std::string(cohere::finish_reason(event.stop, false))
                : dialect_ == Dialect::gemini
                    ? gemini::finish_reason(event.stop, event.text)
                    : std::string(anthropic::stop_word(event.stop, false)));
            break;
        case Event::Kind::end:
            // Google's streams end where nothing more comes; other dialects say so in an event
            // that is still to pass.
            if (dialect_ == Dialect::gemini) return end();
            done_ = true;
            break;
        case Event::Kind::part_start:
        case Event::Kind::delta:
            content_started_ = true;
            break;
        default:
            break;
    }
}

void PassingEncoder::fail(const StreamError& error) {
    switch (framing_) {
        case Framing::messages:
        case Framing::chunks:
            return bedrock::append_exception(error, *out_);
        case Framing::json_array:
            write({},
                  encode_error(client_, error.status ? error.status : 502,
                               google_status(error.type, error.status), error.code, error.message));
            return out_->append("]"), void();
        case Framing::events:
            break;
    }
    if (dialect_ == Dialect::cohere)
        return cohere::append_message_end("ERROR", error.message, nullptr, *out_);
    if (dialect_ == Dialect::gemini)
        return append_sse(*out_, encode_error(client_, error.status ? error.status : 502,
                                              google_status(error.type, error.status), error.code,
                                              error.message));
    append_sse(
        *out_, "error",
        encode_error(Dialect::anthropic, error.status, error.type, error.code, error.message));
}

std::string_view PassingEncoder::content_type() const {
    return framing_ == Framing::events       ? "text/event-stream"
           : framing_ == Framing::json_array ? "application/json"
                                             : bedrock::kFrames;
}

}  // namespace weir::dialect
