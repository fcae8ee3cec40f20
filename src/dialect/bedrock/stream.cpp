#include "dialect/bedrock/stream.h"

#include "dialect/bedrock/converse.h"

namespace weir::dialect::bedrock {

Result<void> ConverseDecoder::on_event(std::string_view name, std::string_view data,
                                       EventSink& sink) {
    if (ended || name.empty()) return {};
    auto event = json::parse(data);
    if (!event) return fail(codes::dialect_response, "an event of the stream is no JSON");
    if (name == "contentBlockDelta") {
        on_delta(*event, sink);
    } else if (name == "contentBlockStart") {
        on_block_start(*event, sink);
    } else if (name == "contentBlockStop") {
        close(sink);
    } else if (name == "messageStart") {
        sink.on({.kind = Event::Kind::start});
    } else if (name == "messageStop") {
        close(sink);
        stopped_ = true;
        sink.on({.kind = Event::Kind::stop, .stop = stop_reason(event->string_at("stopReason"))});
    } else if (name == "metadata") {
        on_metadata(*event, sink);
    }  // events that later versions may add say nothing to us
    return {};
}

// Bedrock pads its events, so that their sizes do not tell what they say.
EventPattern::Varying ConverseDecoder::varying() const {
    static constexpr std::string_view kPadding[] = {"p"};
    return {.padding = kPadding};
}

Result<void> ConverseDecoder::on_end(EventSink& sink) {
    if (!ended && !stopped_)
        return fail(codes::upstream_truncated, "the provider's stream ended without messageStop");
    end(sink);
    return {};
}

void ConverseDecoder::open(Event::Type type, EventSink& sink) {
    if (open_ && type_ == type) return;
    close(sink);
    open_ = true;
    type_ = type;
    sink.on({.kind = Event::Kind::part_start, .type = type, .part = ++part_});
}

void ConverseDecoder::close(EventSink& sink) {
    if (open_) sink.on({.kind = Event::Kind::part_end, .type = type_, .part = part_});
    open_ = false;
}

void ConverseDecoder::on_block_start(const json::Value& event, EventSink& sink) {
    const auto* start = event.find("start");
    const auto* use = start ? start->find("toolUse") : nullptr;
    if (!use) {  // an image, or what a tool of Bedrock's own found
        if (start && !start->members().empty()) lose_block(event);
        return;
    }
    close(sink);
    if (use->string_at("type") == "server_tool_use") return lose_block(event);  // not the client's
    open_ = true;
    type_ = Event::Type::tool_call;
    sink.on({.kind = Event::Kind::part_start,
             .type = type_,
             .part = ++part_,
             .id = use->string_at("toolUseId"),
             .name = use->string_at("name")});
}

void ConverseDecoder::on_delta(const json::Value& event, EventSink& sink) {
    const auto* delta = event.find("delta");
    if (!delta) return;
    if (const auto* text = delta->find("text")) {
        open(Event::Type::text, sink);
        sink.on({.kind = Event::Kind::delta, .type = type_, .part = part_, .text = text->text()});
    } else if (const auto* use = delta->find("toolUse")) {
        if (!open_ || type_ != Event::Type::tool_call) return;  // arguments of no call
        sink.on({.kind = Event::Kind::delta,
                 .type = type_,
                 .part = part_,
                 .text = use->string_at("input")});
    } else if (const auto* reasoning = delta->find("reasoningContent")) {
        on_reasoning(*reasoning, sink);
    } else if (const auto* cited = delta->find("citation")) {
        const Citation citation = decode_citation(*cited);
        open(Event::Type::text, sink);
        sink.on({.kind = Event::Kind::citation, .part = part_, .citation = &citation});
    } else {
        lose_block(event);
    }
}

void ConverseDecoder::lose_block(const json::Value& event) {
    const auto* index = event.find("contentBlockIndex");
    losses.add("/output/message/content/" +
               std::to_string(index ? index->as_int().value_or(0) : 0));
}

void ConverseDecoder::on_reasoning(const json::Value& reasoning, EventSink& sink) {
    if (const auto* text = reasoning.find("text")) {
        open(Event::Type::reasoning, sink);
        sink.on({.kind = Event::Kind::delta, .type = type_, .part = part_, .text = text->text()});
    } else if (const auto* signature = reasoning.find("signature")) {
        open(Event::Type::reasoning, sink);
        sink.on({.kind = Event::Kind::signature,
                 .type = type_,
                 .part = part_,
                 .text = signature->text()});
    } else if (const auto* hidden = reasoning.find("redactedContent")) {
        close(sink);
        sink.on({.kind = Event::Kind::part_start,
                 .type = Event::Type::hidden_reasoning,
                 .part = ++part_,
                 .text = hidden->text(),
                 .base64 = true});
        sink.on(
            {.kind = Event::Kind::part_end, .type = Event::Type::hidden_reasoning, .part = part_});
    }
}

void ConverseDecoder::on_metadata(const json::Value& event, EventSink& sink) {
    const auto* tier = event.find("serviceTier");
    if (const auto* counted = event.find("usage")) {
        usage = decode_usage(Dialect::bedrock, *counted);
        sink.on({.kind = Event::Kind::usage,
                 .service_tier = tier ? tier->string_at("type") : std::string_view(),
                 .usage = &usage});
    }
    if (stopped_) end(sink);
}

}  // namespace weir::dialect::bedrock
