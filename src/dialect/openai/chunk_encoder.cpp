#include "dialect/errors.h"
#include "dialect/openai/chat.h"
#include "dialect/openai/stream.h"
#include "dialect/sse.h"
#include "dialect/writer.h"

namespace weir::dialect::openai {

void ChunkEncoder::on(const Event& event) {
    switch (event.kind) {
        case Event::Kind::start:
            return on_start(event);
        case Event::Kind::part_start:
            return on_part_start(event);
        case Event::Kind::delta:
            return on_delta(event);
        case Event::Kind::signature:
            return write_member(
                event.choice, R"("thinking_blocks":[{"type":"thinking","thinking":"","signature":)",
                event.text, "}]");
        case Event::Kind::citation:
            return on_citation(event);
        case Event::Kind::part_end:
            return on_part_end(event);
        case Event::Kind::logprobs:
            return on_logprobs(event);
        case Event::Kind::unknown:
            return on_unknown(event);
        case Event::Kind::stop:
            return on_stop(event);
        case Event::Kind::usage:
            return on_usage(event);
        case Event::Kind::pause:
            return close_chunk();
        case Event::Kind::end:
            close_chunk();
            out_->append("data: [DONE]\n\n");
            done_ = true;
    }
}

void ChunkEncoder::fail(const StreamError& error) {
    close_chunk();
    append_sse(*out_,
               encode_error(Dialect::openai, error.status, error.type, error.code, error.message));
}

void ChunkEncoder::on_start(const Event& event) {
    if (!event.id.empty()) frame_.id = event.id;
    if (!event.name.empty()) frame_.model = event.name;
    if (event.created > 0) frame_.created = event.created;
    prefix_.clear();
    role_known_ = true;
    if (style_.opening_chunk) write_text(event.choice, {});
}

// The order of members is upstream's, whose streams are compared as text.
void ChunkEncoder::begin_chunk(int choice) {
    close_chunk();
    if (prefix_.empty()) {
        prefix_ = R"(data: {"id":)";
        json::append_string(prefix_, frame_.id);
        prefix_ += R"(,"choices":[)";
        dated_ = R"(],"created":)" + std::to_string(frame_.created) + R"(,"model":)";
        json::append_string(dated_, frame_.model);
        suffix_ = dated_ + R"(,"object":"chat.completion.chunk"})" + "\n\n";
    }
    out_->append(prefix_);
    if (choice < 0) return;
    open_choice_ = choice;
    out_->append(R"({"index":)");
    Writer(*out_).integer(choice);
    out_->append(R"(,"delta":{)");
}

// The delta is complete; the chunk stays open where a stop may belong into it.
void ChunkEncoder::end_chunk() {
    out_->push_back('}');
    if (!style_.stop_in_last_delta) close_chunk();
}

void ChunkEncoder::close_chunk() {
    if (open_choice_ < 0) return;
    open_choice_ = -1;
    out_->append("}").append(suffix_);
}

// Something that stands beside the delta follows: into the chunk that is open, or one of its own.
void ChunkEncoder::beside_delta(int choice) {
    if (open_choice_ == choice && style_.stop_in_last_delta) return;
    begin_chunk(choice);
    if (style_.role_in_every)
        out_->append(role_known_ ? R"("content":"","role":"assistant")" : R"("content":"")");
    out_->push_back('}');
}

bool ChunkEncoder::wants_role() {
    if (style_.role_in_every) return role_known_;
    return !std::exchange(role_sent_, true);
}

void ChunkEncoder::write_text(int choice, std::string_view text) {
    begin_chunk(choice);
    out_->append(R"("content":)");
    json::append_string(*out_, text);
    if (wants_role()) out_->append(R"(,"role":"assistant")");
    end_chunk();
}

// A member that follows the role: `opening` is everything up to the text, `closing` what follows
// it.
void ChunkEncoder::write_member(int choice, std::string_view opening, std::string_view text,
                                std::string_view closing) {
    begin_chunk(choice);
    if (wants_role()) out_->append(R"("role":"assistant",)");
    out_->append(opening);
    json::append_string(*out_, text);
    out_->append(closing);
    end_chunk();
}

int ChunkEncoder::tool_index(int part) const {
    for (size_t i = tools_.size(); i > 0; --i)  // nearly always the last
        if (tools_[i - 1] == part) return static_cast<int>(i - 1);
    return 0;
}

void ChunkEncoder::on_part_start(const Event& event) {
    if (event.type == Event::Type::hidden_reasoning)
        return write_member(event.choice,
                            R"("thinking_blocks":[{"type":"redacted_thinking","data":)", event.text,
                            "}]");
    if (event.type != Event::Type::tool_call) return;
    tools_.push_back(event.part);
    has_arguments_ = false;
    content_started_ = true;
    begin_chunk(event.choice);
    if (wants_role()) out_->append(R"("role":"assistant",)");
    out_->append(R"("tool_calls":[{"index":)")
        .append(std::to_string(tools_.size() - 1))
        .append(R"(,"id":)");
    json::append_string(*out_, event.id);
    out_->append(R"(,"function":{"arguments":"","name":)");
    json::append_string(*out_, event.name);
    out_->append(R"(},"type":"function"}])");
    end_chunk();
}

// The place of what rests on a page is known once all of it is said.
void ChunkEncoder::on_citation(const Event& event) {
    if (!has_address(*event.citation))
        return losses_.add("/citations");  // documents have no word in chat
    if (event.citation->begin < 0)
        waiting_.push_back({event.choice, event.part, *event.citation});
    else
        write_citation(event.choice, event.part, *event.citation);
}

void ChunkEncoder::write_citation(int choice, int part, const Citation& citation) {
    const auto range = said_.of(choice).characters(part, citation);
    if (!range) return losses_.add("/citations");
    begin_chunk(choice);
    if (wants_role()) out_->append(R"("role":"assistant",)");
    out_->append(R"("annotations":[)");
    append_annotation(*out_, citation, range->begin, range->end, true);
    out_->append("]");
    end_chunk();
}

// Those of one part, or of all that the choice has (-1).
void ChunkEncoder::write_waiting(int choice, int part) {
    const auto due = [&](const Waiting& waiting) {
        return waiting.choice == choice && (part < 0 || waiting.part == part);
    };
    for (const auto& waiting : waiting_)
        if (due(waiting)) write_citation(choice, waiting.part, waiting.citation);
    std::erase_if(waiting_, due);
}

// A call without arguments still needs JSON for its client to parse.
void ChunkEncoder::on_part_end(const Event& event) {
    write_waiting(event.choice, event.part);
    if (event.type != Event::Type::tool_call || tools_.empty() || tools_.back() != event.part ||
        has_arguments_)
        return;
    on_delta({.kind = Event::Kind::delta,
              .type = event.type,
              .choice = event.choice,
              .part = event.part,
              .text = "{}"});
}

void ChunkEncoder::on_delta(const Event& event) {
    content_started_ = true;
    has_arguments_ = has_arguments_ || !event.text.empty();
    switch (event.type) {
        case Event::Type::text:
            said_.of(event.choice).say(event.part, event.text);
            return write_text(event.choice, event.text);
        case Event::Type::refusal:
            return write_member(event.choice, R"("refusal":)", event.text, {});
        case Event::Type::reasoning:
            return write_member(event.choice, R"("reasoning_content":)", event.text, {});
        case Event::Type::hidden_reasoning:
            return;
        case Event::Type::tool_call:
            break;
    }
    begin_chunk(event.choice);
    if (wants_role()) out_->append(R"("role":"assistant",)");
    // The null id and the empty name are what upstream sends; clients that join the pieces are not
    // disturbed by them.
    out_->append(R"("tool_calls":[{"index":)");
    Writer(*out_).integer(tool_index(event.part));
    out_->append(R"(,"id":null,"function":{"arguments":)");
    json::append_string(*out_, event.text);
    out_->append(style_.typed_tool_deltas ? R"(,"name":""},"type":"function"}])"
                                          : R"(,"name":""}}])");
    end_chunk();
}

void ChunkEncoder::on_stop(const Event& event) {
    write_waiting(event.choice, -1);
    beside_delta(event.choice);
    const std::string_view reason = finish_reason(event.stop, event.text);
    out_->append(R"(,"finish_reason":)");
    json::append_string(*out_, reason);
    close_chunk();
    finish_reasons_.emplace_back(reason);
}

void ChunkEncoder::on_logprobs(const Event& event) {
    beside_delta(event.choice);
    out_->append(R"(,"logprobs":)");
    append_logprobs(*out_, *event.logprobs);
    if (!style_.stop_in_last_delta) close_chunk();
}

void ChunkEncoder::on_unknown(const Event& event) {
    begin_chunk(event.choice);
    if (wants_role()) out_->append(R"("role":"assistant",)");
    json::append_string(*out_, snake_case(event.name));
    out_->push_back(':');
    json::append(*out_, *event.value);
    end_chunk();
}

void ChunkEncoder::on_usage(const Event& event) {
    begin_chunk(-1);
    out_->append(dated_);
    if (!event.service_tier.empty()) {
        out_->append(R"(,"service_tier":)");
        json::append_string(*out_, event.service_tier);
    }
    out_->append(R"(,"object":"chat.completion.chunk","usage":)");
    append_usage(*out_, *event.usage, style_.usage_details);
    out_->append("}\n\n");
}

}  // namespace weir::dialect::openai
