#include "dialect/openai/chat.h"
#include "dialect/openai/stream.h"

namespace weir::dialect::openai {

Result<void> ChunkDecoder::on_event(std::string_view, std::string_view data, EventSink& sink) {
    if (ended) return {};
    if (data == "[DONE]") {
        finish(sink);
        return {};
    }
    auto chunk = json::parse(data);
    if (!chunk) return fail(codes::dialect_response, "an event of the stream is no JSON");
    if (const auto* error = chunk->find("error"); error && !error->is_null())
        return report({.type = std::string(error->string_at("type")),
                       .message = std::string(error->is_string() ? error->text()
                                                                 : error->string_at("message"))});
    const auto* choices = chunk->find("choices");
    // Azure sends its verdict on the prompt first, in a chunk without id, model and choices.
    if (!started_ && (!chunk->string_at("id").empty() || (choices && !choices->items().empty()))) {
        started_ = true;
        id = chunk->string_at("id");
        model = chunk->string_at("model");
        sink.on({.kind = Event::Kind::start, .id = id, .name = model});
    }
    if (choices)
        for (const auto& choice : choices->items())
            on_choice(choice, sink);
    if (const auto* counted = chunk->find("usage"); counted && counted->is_object())
        usage = decode_usage(Dialect::openai, *counted);
    return {};
}

// OpenAI pads its chunks, so that their sizes do not tell what they say; so does Mistral.
EventPattern::Varying ChunkDecoder::varying() const {
    static constexpr std::string_view kPadding[] = {"obfuscation", "p"};
    return {.padding = kPadding, .counts = "usage"};
}

void ChunkDecoder::repeat(const Event& delta, const json::Value* counts, EventSink& sink) {
    if (delta.type == Event::Type::text) said_.of(delta.choice).say(delta.part, delta.text);
    sink.on(delta);
    if (counts) usage = decode_usage(Dialect::openai, *counts);
}

Result<void> ChunkDecoder::on_end(EventSink&) {
    if (ended) return {};
    return fail(codes::upstream_truncated, "the provider's stream ended without [DONE]");
}

void ChunkDecoder::on_choice(const json::Value& choice, EventSink& sink) {
    const auto* index = choice.find("index");
    const int number = static_cast<int>(index ? index->as_int().value_or(0) & 0xFFFF : 0);
    if (const auto* delta = choice.find("delta")) {
        on_reasoning(number, *delta, sink);
        on_text(number, Event::Type::text, delta->string_at("content"), sink);
        if (const auto* annotations = delta->find("annotations"))
            on_annotations(number, *annotations, sink);
        on_text(number, Event::Type::refusal, delta->string_at("refusal"), sink);
        if (const auto* calls = delta->find("tool_calls"))
            for (const auto& call : calls->items())
                on_tool_call(number, call, sink);
    }
    const std::string_view reason = choice.string_at("finish_reason");
    if (reason.empty()) return;
    stops_.push_back({number, stop_reason(reason)});
    once = true;
}

// Words, and Anthropic's blocks where a gateway speaks OpenAI for Claude: their words repeat the
// others unless they stand alone, their signatures and hidden thinking do not.
void ChunkDecoder::on_reasoning(int choice, const json::Value& delta, EventSink& sink) {
    constexpr auto kType = Event::Type::reasoning;
    const Spoken spoken = spoken_reasoning(delta);
    on_text(choice, kType, spoken.text, sink);
    if (!spoken.signature.empty()) on_signature(choice, spoken.signature, sink);
    const auto* blocks = delta.find("thinking_blocks");
    if (!blocks) return;
    for (const auto& block : blocks->items()) {
        if (block.string_at("type") == "redacted_thinking") {
            close(choice, sink);
            const Event hidden{.type = Event::Type::hidden_reasoning,
                               .choice = choice,
                               .part = parts_++,
                               .text = block.string_at("data")};
            Event step = hidden;
            step.kind = Event::Kind::part_start;
            sink.on(step);
            step.kind = Event::Kind::part_end;
            sink.on(step);
            continue;
        }
        if (spoken.text.empty()) on_text(choice, kType, block.string_at("thinking"), sink);
        if (const auto signature = block.string_at("signature"); !signature.empty())
            on_signature(choice, signature, sink);
    }
}

void ChunkDecoder::on_signature(int choice, std::string_view signature, EventSink& sink) {
    const int part = open_part(choice, Event::Type::reasoning, sink);
    sink.on({.kind = Event::Kind::signature,
             .type = Event::Type::reasoning,
             .choice = choice,
             .part = part,
             .text = signature});
}

// The part of that type that is open, or a new one.
int ChunkDecoder::open_part(int choice, Event::Type type, EventSink& sink) {
    for (const auto& open : open_)
        if (open.choice == choice && open.type == type) return open.part;
    close(choice, sink);
    open_.push_back({choice, type, -1, parts_++});
    sink.on({.kind = Event::Kind::part_start,
             .type = type,
             .choice = choice,
             .part = open_.back().part});
    return open_.back().part;
}

void ChunkDecoder::on_text(int choice, Event::Type type, std::string_view text, EventSink& sink) {
    if (text.empty()) return;
    const int part = open_part(choice, type, sink);
    if (type == Event::Type::text) said_.of(choice).say(part, text);
    sink.on(
        {.kind = Event::Kind::delta, .type = type, .choice = choice, .part = part, .text = text});
}

// Their places count the characters of all that was said.
void ChunkDecoder::on_annotations(int choice, const json::Value& annotations, EventSink& sink) {
    for (const auto& annotation : annotations.items()) {
        auto citation = decode_annotation(annotation);
        const auto place = citation
                               ? said_.of(choice).find_characters({citation->begin, citation->end})
                               : std::optional<SaidText::Place>();
        once = true;
        if (!place) {
            losses.add("/choices/" + std::to_string(choice) + "/message/annotations");
            continue;
        }
        if (citation->begin >= 0) {
            citation->begin = place->characters.begin;
            citation->end = place->characters.end;
        }
        sink.on({.kind = Event::Kind::citation,
                 .choice = choice,
                 .part = place->part,
                 .citation = &*citation});
    }
}

void ChunkDecoder::on_tool_call(int choice, const json::Value& call, EventSink& sink) {
    constexpr auto kType = Event::Type::tool_call;
    const auto* function = call.find("function");
    const auto* index = call.find("index");
    const int64_t number = index ? index->as_int().value_or(0) : 0;
    auto same = [&](const Open& open) {
        return open.choice == choice && open.type == kType && open.call == number;
    };
    auto found = std::find_if(open_.begin(), open_.end(), same);
    if (found == open_.end()) {
        open_.push_back({choice, kType, number, parts_++});
        found = open_.end() - 1;
        sink.on({.kind = Event::Kind::part_start,
                 .type = kType,
                 .choice = choice,
                 .part = found->part,
                 .id = call.string_at("id"),
                 .name = function ? function->string_at("name") : std::string_view()});
    }
    const std::string_view arguments =
        function ? function->string_at("arguments") : std::string_view();
    if (!arguments.empty())
        sink.on({.kind = Event::Kind::delta,
                 .type = kType,
                 .choice = choice,
                 .part = found->part,
                 .text = arguments});
}

void ChunkDecoder::close(int choice, EventSink& sink) {
    std::erase_if(open_, [&](const Open& open) {
        if (open.choice != choice) return false;
        sink.on({.kind = Event::Kind::part_end,
                 .type = open.type,
                 .choice = choice,
                 .part = open.part});
        return true;
    });
}

void ChunkDecoder::finish(EventSink& sink) {
    while (!open_.empty())
        close(open_.front().choice, sink);
    for (const auto& stop : stops_)
        sink.on({.kind = Event::Kind::stop, .choice = stop.choice, .stop = stop.reason});
    if (!usage.empty()) sink.on({.kind = Event::Kind::usage, .usage = &usage});
    end(sink);
}

}  // namespace weir::dialect::openai
