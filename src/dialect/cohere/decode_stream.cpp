#include "dialect/cohere/chat.h"
#include "dialect/cohere/stream.h"

namespace weir::dialect::cohere {

Result<void> ChatDecoder::on_event(std::string_view, std::string_view data, EventSink& sink) {
    if (ended || data.empty() || data == "[DONE]") return {};
    const auto event = json::parse(data);
    if (!event) return fail(codes::dialect_response, "an event of the stream is no JSON");
    event_type = event->string_at("type");
    const std::string_view type = event_type;
    const auto* delta = event->find("delta");
    const auto* message = delta ? delta->find("message") : nullptr;
    if (type == "message-start") {
        on_start(*event, sink);
    } else if (type == "message-end") {
        return on_message_end(*event, sink);
    } else if (type == "content-end" || type == "tool-call-end") {
        close(sink);
    } else if (type == "tool-plan-delta") {
        if (message) say(Event::Type::reasoning, message->string_at("tool_plan"), sink);
    } else if (type == "content-start" || type == "content-delta") {
        if (const auto* content = message ? message->find("content") : nullptr)
            on_content(*content, sink);
    } else if (type == "tool-call-start" || type == "tool-call-delta") {
        if (const auto* calls = message ? message->find("tool_calls") : nullptr)
            on_call(*calls, type == "tool-call-start", sink);
    } else if (type == "citation-start") {
        if (const auto* citation = message ? message->find("citations") : nullptr)
            on_citation(*citation, sink);
    } else if (type.empty() && !event->string_at("message").empty()) {
        // As Cohere's errors look before a stream.
        return report({.message = std::string(event->string_at("message"))});
    }  // what later versions add
    return {};
}

Result<void> ChatDecoder::on_end(EventSink&) {
    if (ended) return {};
    return fail(codes::upstream_truncated, "the provider's stream ended without message-end");
}

void ChatDecoder::on_start(const json::Value& event, EventSink& sink) {
    if (started_) return;
    started_ = true;
    id = event.string_at("id");
    sink.on({.kind = Event::Kind::start, .id = id, .name = model});
}

void ChatDecoder::on_content(const json::Value& content, EventSink& sink) {
    say(Event::Type::reasoning, content.string_at("thinking"), sink);
    say(Event::Type::text, content.string_at("text"), sink);
}

// It may come while its text is still being said, or behind it.
void ChatDecoder::on_citation(const json::Value& citation, EventSink& sink) {
    const auto type = citation.string_at("type");
    const auto decoded = decode_citations(citation);
    if (text_part_ < 0 || decoded.empty() || (!type.empty() && type != "TEXT_CONTENT"))
        return losses.add("/message/citations");
    for (const Citation& each : decoded)
        sink.on({.kind = Event::Kind::citation, .part = text_part_, .citation = &each});
}

void ChatDecoder::on_call(const json::Value& call, bool begins, EventSink& sink) {
    const auto* function = call.find("function");
    if (begins) {
        close(sink);
        open_ = true;
        type_ = Event::Type::tool_call;
        sink.on({.kind = Event::Kind::part_start,
                 .type = type_,
                 .part = ++part_,
                 .id = call.string_at("id"),
                 .name = function ? function->string_at("name") : std::string_view()});
    }
    const std::string_view text = function ? function->string_at("arguments") : std::string_view();
    if (text.empty() || !open_ || type_ != Event::Type::tool_call) return;  // arguments of no call
    sink.on({.kind = Event::Kind::delta, .type = type_, .part = part_, .text = text});
}

Result<void> ChatDecoder::on_message_end(const json::Value& event, EventSink& sink) {
    close(sink);
    const auto* delta = event.find("delta");
    if (const auto* counted = delta ? delta->find("usage") : nullptr)
        usage = decode_usage(Dialect::cohere, *counted);
    const std::string_view word = delta ? delta->string_at("finish_reason") : std::string_view();
    const auto stop = stop_reason(word);
    if (!stop)
        return report({.status = word == "TIMEOUT" ? 504 : 500,
                       .type = std::string(word),
                       .message = std::string(delta ? delta->string_at("error") : "")});
    sink.on({.kind = Event::Kind::stop, .stop = *stop});
    if (!usage.empty()) sink.on({.kind = Event::Kind::usage, .usage = &usage});
    end(sink);
    return {};
}

void ChatDecoder::say(Event::Type type, std::string_view text, EventSink& sink) {
    if (text.empty()) return;
    open(type, sink);
    sink.on({.kind = Event::Kind::delta, .type = type, .part = part_, .text = text});
}

void ChatDecoder::open(Event::Type type, EventSink& sink) {
    if (open_ && type_ == type) return;
    close(sink);
    open_ = true;
    type_ = type;
    sink.on({.kind = Event::Kind::part_start, .type = type, .part = ++part_});
    if (type == Event::Type::text) text_part_ = part_;
}

void ChatDecoder::close(EventSink& sink) {
    if (open_) sink.on({.kind = Event::Kind::part_end, .type = type_, .part = part_});
    open_ = false;
}

}  // namespace weir::dialect::cohere
