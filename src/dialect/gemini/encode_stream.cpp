#include <algorithm>

#include "dialect/errors.h"
#include "dialect/gemini/generate.h"
#include "dialect/gemini/stream.h"
#include "dialect/writer.h"

namespace weir::dialect::gemini {

void GenerateEncoder::on(const Event& event) {
    if (done_) return;
    switch (event.kind) {
        case Event::Kind::start:
            if (!event.id.empty()) frame_.id = event.id;
            if (!event.name.empty()) frame_.model = event.name;
            return;
        case Event::Kind::part_start:
            return on_part_start(event);
        case Event::Kind::delta:
            return on_delta(event);
        case Event::Kind::signature:
            return write_thought(event.choice, {}, wrap_signature(event.text));
        case Event::Kind::citation:
            return candidate_of(event.choice).citations.push_back({event.part, *event.citation});
        case Event::Kind::part_end:
            return on_part_end(event);
        case Event::Kind::logprobs:
            begin_chunk(event.choice);
            out_->append(R"(,"logprobsResult":)");
            append_logprobs(*out_, *event.logprobs);
            return end_chunk(false);
        case Event::Kind::stop: {
            Candidate& candidate = candidate_of(event.choice);
            candidate.finish = finish_reason(event.stop, event.text);
            return;
        }
        case Event::Kind::usage:
            usage_ = *event.usage;
            return;
        case Event::Kind::unknown:
            return lose(event);
        case Event::Kind::pause:
            return;
        case Event::Kind::end:
            return on_end();
    }
}

GenerateEncoder::Candidate& GenerateEncoder::candidate_of(int choice) {
    for (auto& candidate : candidates_)
        if (candidate.choice == choice) return candidate;
    return candidates_.emplace_back(Candidate{.choice = choice, .finish = {}});
}

void GenerateEncoder::fail(const StreamError& error) {
    const std::string body =
        encode_error(Dialect::gemini, error.status ? error.status : 502,
                     google_status(error.type, error.status), error.code, error.message);
    append_element(framing_, body, elements_++ == 0, *out_);
    if (framing_ == Framing::json_array) out_->append("]");
}

// A chunk of one candidate, to be continued with members of it.
void GenerateEncoder::begin_chunk(int choice) {
    chunk_.assign(R"({"candidates":[{"index":)");
    Writer(chunk_).integer(choice);
    target_ = std::exchange(out_, &chunk_);
}

void GenerateEncoder::end_chunk(bool with_usage) {
    out_->append("}]");
    if (with_usage && !usage_.empty()) {
        out_->append(R"(,"usageMetadata":)");
        append_usage(*out_, usage_);
    }
    out_->append(R"(,"modelVersion":)");
    json::append_string(*out_, frame_.model);
    if (!frame_.id.empty()) {
        out_->append(R"(,"responseId":)");
        json::append_string(*out_, frame_.id);
    }
    out_->append("}");
    out_ = target_;
    append_element(framing_, chunk_, elements_++ == 0, *out_);
}

void GenerateEncoder::write_text(int choice, std::string_view text) {
    candidate_of(choice);
    content_started_ = true;
    begin_chunk(choice);
    out_->append(R"(,"content":{"parts":[{"text":)");
    json::append_string(*out_, text);
    out_->append(R"(}],"role":"model"})");
    end_chunk(false);
}

void GenerateEncoder::write_thought(int choice, std::string_view text, std::string_view proof) {
    candidate_of(choice);
    content_started_ = true;
    begin_chunk(choice);
    out_->append(R"(,"content":{"parts":[{"text":)");
    json::append_string(*out_, text);
    out_->append(R"(,"thought":true)");
    if (!proof.empty()) {
        out_->append(R"(,"thoughtSignature":)");
        json::append_string(*out_, proof);
    }
    out_->append(R"(}],"role":"model"})");
    end_chunk(false);
}

void GenerateEncoder::on_part_start(const Event& event) {
    candidate_of(event.choice);
    content_started_ = true;
    if (event.type == Event::Type::hidden_reasoning)
        return write_thought(event.choice, {}, wrap_hidden(event.text, event.base64));
    if (event.type != Event::Type::tool_call) return;
    calls_.push_back({event.part, std::string(event.id), std::string(event.name), {}});
}

void GenerateEncoder::on_delta(const Event& event) {
    switch (event.type) {
        case Event::Type::text:
        case Event::Type::refusal:
            candidate_of(event.choice).said.say(event.part, event.text);
            return write_text(event.choice, event.text);
        case Event::Type::reasoning:
            return write_thought(event.choice, event.text, {});
        case Event::Type::tool_call:
            for (auto& call : calls_)
                if (call.part == event.part) call.arguments.append(event.text);
            return;
        case Event::Type::hidden_reasoning:
            return;
    }
}

// Google's clients get a call whole.
void GenerateEncoder::on_part_end(const Event& event) {
    const auto found = std::ranges::find(calls_, event.part, &Call::part);
    if (found == calls_.end()) return;
    const Call call = std::move(*found);
    calls_.erase(found);
    auto args = call.arguments.empty() ? json::Value::object()
                                       : json::parse(call.arguments).value_or(json::Value());
    if (!args.is_object()) {
        broken_call_ = true;  // unless it was cut by the limit, which the stop will tell
        return;
    }
    begin_chunk(event.choice);
    out_->append(R"(,"content":{"parts":[{"functionCall":{)");
    Writer w(*out_);
    if (!call.id.empty()) w.key("id").string(call.id);
    w.key("name").string(call.name).key("args").value(args);
    out_->append(R"(}}],"role":"model"})");
    end_chunk(false);
}

// As Google does: in the last chunk, places counted over all that was said.
void GenerateEncoder::write_grounding(const Candidate& candidate) {
    Grounding grounding;
    for (const auto& [part, citation] : candidate.citations) {
        const auto range = candidate.said.bytes(part, citation);
        if (range)
            grounding.add(citation, {.bytes = *range});
        else
            losses_.add("/citations");
    }
    if (grounding.empty()) return;
    out_->append(R"(,"groundingMetadata":)");
    grounding.append(*out_);
}

void GenerateEncoder::on_end() {
    if (candidates_.empty()) candidate_of(0);
    for (size_t i = 0; i < candidates_.size(); ++i) {
        const Candidate& candidate = candidates_[i];
        const bool malformed = broken_call_ && candidate.finish == "STOP";
        const std::string_view word =
            malformed ? std::string_view("MALFORMED_FUNCTION_CALL") : candidate.finish;
        if (!word.empty()) finish_reasons_.emplace_back(word);
        begin_chunk(candidate.choice);
        if (!word.empty()) {
            out_->append(R"(,"finishReason":)");
            json::append_string(*out_, word);
        }
        write_grounding(candidate);
        end_chunk(i + 1 == candidates_.size());
    }
    if (framing_ == Framing::json_array) out_->append("]");
    done_ = true;
}

void append_element(Framing framing, std::string_view json, bool first, std::string& out) {
    if (framing == Framing::sse) {
        out.append("data: ").append(json).append("\n\n");
        return;
    }
    // A blank line behind each, as between events: JSON does not mind.
    out.append(first ? "[" : ",").append(json).append("\n\n");
}

}  // namespace weir::dialect::gemini
