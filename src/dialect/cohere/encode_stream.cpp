#include <utility>

#include "dialect/citations.h"
#include "dialect/cohere/chat.h"
#include "dialect/cohere/stream.h"
#include "dialect/sse.h"
#include "dialect/writer.h"

namespace weir::dialect::cohere {

void ChatEncoder::on(const Event& event) {
    if (event.choice != 0 || done_) return;  // one message is all there is room for
    switch (event.kind) {
        case Event::Kind::start:
            return on_start(event);
        case Event::Kind::part_start:
            on_part_start(event);
            return;
        case Event::Kind::delta:
            return on_delta(event);
        case Event::Kind::part_end:
            return blocks_.end(event.part, [this](const auto& block) { close(block); });
        case Event::Kind::stop:
            stopped_ = true;
            stop_ = event.stop;
            return;
        case Event::Kind::usage:
            usage_ = *event.usage;
            return;
        case Event::Kind::citation:
            return on_citation(event);
        case Event::Kind::unknown:
            return lose(event);
        case Event::Kind::signature:
            return losses_.add("/signature");
        case Event::Kind::logprobs:
        case Event::Kind::pause:
            return;
        case Event::Kind::end:
            return on_end();
    }
}

void ChatEncoder::fail(const StreamError& error) {
    append_message_end("ERROR", error.message, usage_.empty() ? nullptr : &usage_, *out_);
}

// "event: TYPE\ndata: {"type":"TYPE"", to be continued with members.
void ChatEncoder::begin(std::string_view type) {
    out_->append("event: ").append(type).append("\ndata: {\"type\":\"").append(type).append("\"");
}

int ChatEncoder::number_of(const OpenBlocks::Block& block) const {
    return numbers_[static_cast<size_t>(block.index)];
}

void ChatEncoder::begin_of(std::string_view type, const OpenBlocks::Block& block) {
    begin(type);
    out_->append(R"(,"index":)");
    Writer(*out_).integer(number_of(block));
}

void ChatEncoder::on_start(const Event& event) {
    if (started_) return;
    started_ = true;
    if (!event.id.empty()) frame_.id = event.id;
    if (!event.name.empty()) frame_.model = event.name;
    begin("message-start");
    out_->append(R"(,"id":)");
    json::append_string(*out_, frame_.id);
    out_->append(R"(,"delta":{"message":{"role":"assistant","content":[],"tool_plan":"",)");
    out_->append(R"("tool_calls":[],"citations":[]}}})");
    out_->append("\n\n");
}

OpenBlocks::Block& ChatEncoder::on_part_start(const Event& event) {
    if (!started_) on_start({});
    auto& block =
        blocks_.begin(event.part, event.type, [this](const auto& ended) { close(ended); });
    content_started_ = true;
    const bool call = event.type == Event::Type::tool_call;
    const bool hidden = event.type == Event::Type::hidden_reasoning;
    numbers_.push_back(call ? calls_++ : hidden ? 0 : contents_++);
    if (hidden) {  // useful to its own provider only
        losses_.add("/hidden_reasoning");
        return block;
    }
    if (call) {
        begin_of("tool-call-start", block);
        out_->append(R"(,"delta":{"message":{"tool_calls":{"id":)");
        json::append_string(*out_, event.id);
        out_->append(R"(,"type":"function","function":{"name":)");
        json::append_string(*out_, event.name);
        out_->append(R"(,"arguments":""}}}}})");
    } else {
        begin_of("content-start", block);
        out_->append(event.type == Event::Type::reasoning
                         ? R"(,"delta":{"message":{"content":{"type":"thinking","thinking":""}}}})"
                         : R"(,"delta":{"message":{"content":{"type":"text","text":""}}}})");
    }
    out_->append("\n\n");
    return block;
}

void ChatEncoder::on_delta(const Event& event) {
    auto* block = blocks_.find(event.part);
    if (!block) {
        if (event.type == Event::Type::tool_call || event.type == Event::Type::hidden_reasoning)
            return;  // behind the end of complete arguments only white space can follow
        block = &on_part_start(event);
    }
    switch (event.type) {
        case Event::Type::hidden_reasoning:
            return;
        case Event::Type::tool_call:
            block->arguments.read(event.text);
            begin_of("tool-call-delta", *block);
            out_->append(R"(,"delta":{"message":{"tool_calls":{"function":{"arguments":)");
            json::append_string(*out_, event.text);
            out_->append("}}}}}\n\n");
            return;
        case Event::Type::reasoning:
            begin_of("content-delta", *block);
            out_->append(R"(,"delta":{"message":{"content":{"thinking":)");
            break;
        case Event::Type::text:
        case Event::Type::refusal:
            told(event.part, number_of(*block)).words.append(event.text);
            begin_of("content-delta", *block);
            out_->append(R"(,"delta":{"message":{"content":{"text":)");
    }
    json::append_string(*out_, event.text);
    out_->append("}}}}\n\n");
}

ChatEncoder::Told& ChatEncoder::told(int part, int number) {
    for (auto text = texts_.rbegin(); text != texts_.rend(); ++text)
        if (text->part == part) return *text;
    return texts_.emplace_back(Told{part, number, {}, {}});
}

// What all of a text rests on is known where it stands once all of it is said.
void ChatEncoder::on_citation(const Event& event) {
    for (auto& text : texts_) {
        if (text.part != event.part) continue;
        if (event.citation->begin < 0 && blocks_.find(event.part))
            text.waiting.push_back(*event.citation);
        else
            write_citation(text, *event.citation);
        return;
    }
    losses_.add("/citations");
}

void ChatEncoder::write_citation(const Told& text, const Citation& citation) {
    if (static_cast<size_t>(citations_) >= kMaxCitations) return losses_.add("/citations");
    begin("citation-start");
    out_->append(R"(,"index":)");
    Writer(*out_).integer(citations_);
    out_->append(R"(,"delta":{"message":{"citations":)");
    append_citation(*out_, citation, text.words, text.number);
    out_->append("}}}\n\n");
    begin("citation-end");
    out_->append(R"(,"index":)");
    Writer(*out_).integer(citations_++);
    out_->append("}\n\n");
}

void ChatEncoder::close(const OpenBlocks::Block& block) {
    if (block.type == Event::Type::hidden_reasoning) return;
    for (auto& text : texts_)
        if (text.part == block.part)
            for (const auto& citation : std::exchange(text.waiting, {}))
                write_citation(text, citation);
    begin_of(block.type == Event::Type::tool_call ? "tool-call-end" : "content-end", block);
    out_->append("}\n\n");
}

void ChatEncoder::on_end() {
    if (!started_) on_start({});
    blocks_.end_all([this](const auto& block) { close(block); });
    if (stopped_) finish_reasons_.emplace_back(finish_reason(stop_, calls_ > 0));
    append_message_end(stopped_ ? finish_reasons_.back() : std::string_view(), {}, &usage_, *out_);
    done_ = true;
}

void append_message_end(std::string_view reason, std::string_view error, const Usage* usage,
                        std::string& out) {
    std::string data;
    Writer w(data);
    w.begin_object().key("type").string("message-end").key("delta").begin_object();
    if (!error.empty()) w.key("error").string(error);
    if (!reason.empty()) w.key("finish_reason").string(reason);
    if (usage) {
        w.key("usage");
        append_usage(data, *usage);
    }
    w.end_object().end_object();
    append_sse(out, "message-end", data);
}

}  // namespace weir::dialect::cohere
