#include "dialect/gemini/stream.h"

#include <algorithm>

#include "dialect/gemini/generate.h"

namespace weir::dialect::gemini {

Result<void> GenerateDecoder::on_event(std::string_view, std::string_view data, EventSink& sink) {
    if (ended) return {};
    auto chunk = json::parse(data);
    if (!chunk || !chunk->is_object())
        return fail(codes::dialect_response, "an event of the stream is no JSON object");
    if (const auto* error = chunk->find("error"); error && error->is_object()) {
        const auto* code = error->find("code");
        return report({.status = static_cast<int>(code ? code->as_int().value_or(0) % 1000 : 0),
                       .type = std::string(error->string_at("status")),
                       .message = std::string(error->string_at("message"))});
    }
    if (!ids_) on_start(*chunk, sink);
    on_counts(chunk->find("usageMetadata"));
    if (const auto* candidates = chunk->find("candidates"))
        for (size_t i = 0; i < candidates->items().size(); ++i)
            on_candidate(candidates->items()[i], static_cast<int>(i), sink);
    if (const std::string blocked = blocked_prompt(*chunk); !blocked.empty() && candidates_.empty())
        on_blocked(blocked, sink);
    sink.on({.kind = Event::Kind::pause});
    return {};
}

void GenerateDecoder::on_counts(const json::Value* counts) {
    counted_ = false;
    if (!counts || !counts->is_object()) return;
    const Usage now = decode_usage(Dialect::gemini, *counts);
    usage.update(now);
    counted_ = now.input && now.output;
}

void GenerateDecoder::repeat(const Event& delta, const json::Value* counts, EventSink& sink) {
    on_counts(counts);
    for (auto& candidate : candidates_)
        if (candidate.choice == delta.choice && delta.type == Event::Type::text)
            candidate.said.say(delta.part, delta.text);
    sink.on(delta);
    sink.on({.kind = Event::Kind::pause});
}

Result<void> GenerateDecoder::on_end(EventSink& sink) {
    if (ended) return {};
    if (!all_stopped() && !(counted_ && options_.ends_with_usage))
        return fail(codes::upstream_truncated, "the provider's stream ended without finishReason");
    for (auto& candidate : candidates_)
        close(candidate, sink);
    if (!usage.empty()) sink.on({.kind = Event::Kind::usage, .usage = &usage});
    end(sink);
    return {};
}

bool GenerateDecoder::all_stopped() const {
    return !candidates_.empty() && std::all_of(candidates_.begin(), candidates_.end(),
                                               [](const Candidate& c) { return c.stopped; });
}

void GenerateDecoder::on_start(const json::Value& chunk, EventSink& sink) {
    id = chunk.string_at("responseId");
    model = chunk.string_at("modelVersion");
    ids_.emplace(options_.seed, id);
    sink.on({.kind = Event::Kind::start, .id = id, .name = model, .created = created_of(chunk)});
}

void GenerateDecoder::on_candidate(const json::Value& given, int position, EventSink& sink) {
    const auto* index = given.find("index");
    const int choice =
        static_cast<int>(index ? index->as_int().value_or(0) & 0xFFFF : position & 0xFFFF);
    auto found = std::find_if(candidates_.begin(), candidates_.end(),
                              [&](const Candidate& c) { return c.choice == choice; });
    if (found == candidates_.end()) found = candidates_.insert(found, Candidate{.choice = choice});
    const auto* content = given.find("content");
    if (const auto* parts = content ? content->find("parts") : nullptr)
        for (const auto& part : parts->items())
            on_part(*found, part, sink);
    if (const auto logprobs = decode_logprobs(given); !logprobs.empty())
        sink.on({.kind = Event::Kind::logprobs, .choice = choice, .logprobs = &logprobs});
    for (const auto& member : given.members())
        if (is_shown(member.key) &&
            (!member.value.items().empty() || !member.value.members().empty()))
            on_shown(*found, member, sink);
    const std::string_view reason = given.string_at("finishReason");
    if (reason.empty()) return;
    close(*found, sink);
    found->stopped = true;
    const Finish finish = finish_of(reason, found->called_tools);
    sink.on(
        {.kind = Event::Kind::stop, .choice = choice, .text = finish.word, .stop = finish.stop});
}

void GenerateDecoder::on_part(Candidate& candidate, const json::Value& part, EventSink& sink) {
    const std::string_view signature = part.string_at("thoughtSignature");
    if (const auto* text = part.find("text"); text && text->is_string()) {
        const auto* thought = part.find("thought");
        if (thought && thought->as_bool()) {
            say(candidate, Event::Type::reasoning, text->text(), sink);
            on_signature(candidate, signature, sink);
        } else {
            on_signature(candidate, signature, sink);
            say(candidate, Event::Type::text, text->text(), sink);
        }
    } else if (const auto* call = part.find("functionCall"); call && call->is_object()) {
        on_signature(candidate, signature, sink);
        on_call(candidate, *call, sink);
    } else {  // an image, code that Google ran
        losses.add("/candidates/" + std::to_string(candidate.choice) + "/content/parts");
    }
}

// What a client may be shown as it is, and what is said in citations too.
void GenerateDecoder::on_shown(Candidate& candidate, const json::Member& member, EventSink& sink) {
    const auto citations = decode_citations(member.value, candidate.said);
    sink.on({.kind = Event::Kind::unknown,
             .choice = candidate.choice,
             .name = member.key,
             .value = &member.value,
             .cited = !citations.empty()});
    for (const auto& [part, citation] : citations) {
        std::string key = citation.url;
        key.append("\n").append(citation.title).append("\n");
        key.append(std::to_string(part)).append(" ").append(std::to_string(citation.begin));
        key.append(" ").append(std::to_string(citation.end));
        if (!candidate.cited.insert(std::move(key)).second) continue;
        sink.on({.kind = Event::Kind::citation,
                 .choice = candidate.choice,
                 .part = part,
                 .citation = &citation});
    }
}

void GenerateDecoder::on_call(Candidate& candidate, const json::Value& call, EventSink& sink) {
    close(candidate, sink);
    candidate.called_tools = true;
    candidate.open = true;
    candidate.type = Event::Type::tool_call;
    candidate.part = parts_++;
    const std::string_view given = call.string_at("id");
    const std::string made = given.empty() ? ids_->next() : std::string();
    sink.on({.kind = Event::Kind::part_start,
             .type = Event::Type::tool_call,
             .choice = candidate.choice,
             .part = candidate.part,
             .id = given.empty() ? std::string_view(made) : given,
             .name = call.string_at("name")});
    if (const auto* args = call.find("args"); args && args->is_object()) {
        const std::string text = json::serialize(*args);
        sink.on({.kind = Event::Kind::delta,
                 .type = Event::Type::tool_call,
                 .choice = candidate.choice,
                 .part = candidate.part,
                 .text = text});
    }
    close(candidate, sink);
}

// The proof of what was thought before, in a part of its own where no thinking is open.
void GenerateDecoder::on_signature(Candidate& candidate, std::string_view signature,
                                   EventSink& sink) {
    if (signature.empty()) return;
    open(candidate, Event::Type::reasoning, sink);
    sink.on({.kind = Event::Kind::signature,
             .type = Event::Type::reasoning,
             .choice = candidate.choice,
             .part = candidate.part,
             .text = signature});
    close(candidate, sink);
}

void GenerateDecoder::on_blocked(const std::string& words, EventSink& sink) {
    candidates_.push_back({});
    say(candidates_.back(), Event::Type::refusal, words, sink);
    close(candidates_.back(), sink);
    candidates_.back().stopped = true;
    sink.on({.kind = Event::Kind::stop, .stop = StopReason::content_filter});
}

void GenerateDecoder::say(Candidate& candidate, Event::Type type, std::string_view text,
                          EventSink& sink) {
    if (text.empty()) return;
    open(candidate, type, sink);
    if (type == Event::Type::text) candidate.said.say(candidate.part, text);
    sink.on({.kind = Event::Kind::delta,
             .type = type,
             .choice = candidate.choice,
             .part = candidate.part,
             .text = text});
}

void GenerateDecoder::open(Candidate& candidate, Event::Type type, EventSink& sink) {
    if (candidate.open && candidate.type == type) return;
    close(candidate, sink);
    candidate.open = true;
    candidate.type = type;
    candidate.part = parts_++;
    sink.on({.kind = Event::Kind::part_start,
             .type = type,
             .choice = candidate.choice,
             .part = candidate.part});
}

void GenerateDecoder::close(Candidate& candidate, EventSink& sink) {
    if (candidate.open)
        sink.on({.kind = Event::Kind::part_end,
                 .type = candidate.type,
                 .choice = candidate.choice,
                 .part = candidate.part});
    candidate.open = false;
}

}  // namespace weir::dialect::gemini
