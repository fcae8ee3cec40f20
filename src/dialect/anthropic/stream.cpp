#include "dialect/anthropic/stream.h"

#include "dialect/anthropic/decode.h"
#include "dialect/anthropic/messages.h"

namespace weir::dialect::anthropic {

Result<void> MessagesDecoder::on_event(std::string_view, std::string_view data, EventSink& sink) {
    if (ended || data.empty()) return {};
    event_type.clear();
    auto event = json::parse(data);
    if (!event) return fail(codes::dialect_response, "an event of the stream is no JSON");
    event_type = event->string_at("type");
    return on_document(*event, sink);
}

Result<void> MessagesDecoder::on_document(const json::Value& event, EventSink& sink) {
    const std::string_view type = event.string_at("type");
    if (type == "content_block_delta") {
        on_block_delta(event, sink);
    } else if (type == "content_block_start") {
        on_block_start(event, sink);
    } else if (type == "content_block_stop") {
        if (open_) sink.on({.kind = Event::Kind::part_end, .type = open_type_, .part = part_});
        open_ = false;
    } else if (type == "message_start") {
        on_start(event, sink);
    } else if (type == "message_delta") {
        return on_message_delta(event);
    } else if (type == "message_stop") {
        sink.on({.kind = Event::Kind::stop, .text = stop_sequence_, .stop = stop_});
        if (!usage.empty()) sink.on({.kind = Event::Kind::usage, .usage = &usage});
        end(sink);
    } else if (type == "error") {
        const auto* error = event.find("error");
        if (!error) return report({});
        return report({.type = std::string(error->string_at("type")),
                       .message = std::string(error->string_at("message"))});
    }  // ping, and events that later versions may add (documentation: ignore them)
    return {};
}

Result<void> MessagesDecoder::on_end(EventSink&) {
    if (ended) return {};
    return fail(codes::upstream_truncated, "the provider's stream ended without message_stop");
}

void MessagesDecoder::on_start(const json::Value& event, EventSink& sink) {
    const auto* message = event.find("message");
    if (!message || started_) return;
    started_ = true;
    id = message->string_at("id");
    model = message->string_at("model");
    if (const auto* counted = message->find("usage")) {
        counts_.read(*counted);
        usage = counts_.usage();
    }
    sink.on({.kind = Event::Kind::start, .id = id, .name = model});
}

void MessagesDecoder::on_block_start(const json::Value& event, EventSink& sink) {
    const auto* block = event.find("content_block");
    if (!block) return;
    const std::string_view type = block->string_at("type");
    open_ = true;
    if (type == "text")
        open_type_ = Event::Type::text;
    else if (type == "thinking")
        open_type_ = Event::Type::reasoning;
    else if (type == "redacted_thinking")
        open_type_ = Event::Type::hidden_reasoning;
    else if (type == "tool_use")
        open_type_ = Event::Type::tool_call;
    else
        open_ = false;
    if (!open_) {  // what Anthropic does by itself: searches, code, and what they find
        const auto* index = event.find("index");
        return losses.add("/content/" +
                          std::to_string(index ? index->as_int().value_or(part_ + 1) : part_ + 1));
    }
    ++part_;
    sink.on({.kind = Event::Kind::part_start,
             .type = open_type_,
             .part = part_,
             .text = block->string_at("data"),
             .id = block->string_at("id"),
             .name = block->string_at("name")});
    // Usually empty, but nothing says that it must be.
    send_delta(Event::Type::text, block->string_at("text"), sink);
    send_delta(Event::Type::reasoning, block->string_at("thinking"), sink);
    const auto* input = block->find("input");
    if (open_type_ == Event::Type::tool_call && input && !input->members().empty())
        send_delta(Event::Type::tool_call, json::serialize(*input), sink);
}

void MessagesDecoder::on_block_delta(const json::Value& event, EventSink& sink) {
    const auto* delta = event.find("delta");
    if (!delta || !open_) return;
    const std::string_view type = delta->string_at("type");
    if (type == "text_delta") {
        send_delta(Event::Type::text, delta->string_at("text"), sink);
    } else if (type == "input_json_delta") {
        send_delta(Event::Type::tool_call, delta->string_at("partial_json"), sink);
    } else if (type == "thinking_delta") {
        send_delta(Event::Type::reasoning, delta->string_at("thinking"), sink);
    } else if (type == "signature_delta") {
        sink.on({.kind = Event::Kind::signature,
                 .type = Event::Type::reasoning,
                 .part = part_,
                 .text = delta->string_at("signature")});
    } else if (const auto* cited = delta->find("citation"); cited && type == "citations_delta") {
        const Citation citation = decode_citation(*cited);
        sink.on({.kind = Event::Kind::citation, .part = part_, .citation = &citation});
    }
}

void MessagesDecoder::send_delta(Event::Type type, std::string_view text, EventSink& sink) {
    if (!text.empty())
        sink.on({.kind = Event::Kind::delta, .type = type, .part = part_, .text = text});
}

Result<void> MessagesDecoder::on_message_delta(const json::Value& event) {
    if (const auto* counted = event.find("usage")) {
        counts_.read(*counted);
        usage = counts_.usage();
    }
    const auto* delta = event.find("delta");
    const std::string_view word = delta ? delta->string_at("stop_reason") : std::string_view();
    if (word.empty()) return {};
    stop_sequence_ = delta->string_at("stop_sequence");
    WEIR_TRY(stop_, stop_reason(word));
    return {};
}

}  // namespace weir::dialect::anthropic
