#include "dialect/anthropic/messages.h"
#include "dialect/anthropic/stream.h"
#include "dialect/errors.h"
#include "dialect/sse.h"
#include "dialect/writer.h"

namespace weir::dialect::anthropic {

void MessagesEncoder::on(const Event& event) {
    if (event.choice != 0 || done_) return;  // one message is all there is room for
    switch (event.kind) {
        case Event::Kind::start:
            return on_start(event);
        case Event::Kind::part_start:
            on_part_start(event);
            return;
        case Event::Kind::delta:
            return on_delta(event);
        case Event::Kind::signature:
            return on_signature(event);
        case Event::Kind::citation:
            return on_citation(event);
        case Event::Kind::part_end:
            return on_part_end(event.part);
        case Event::Kind::stop:
            stopped_ = true;
            stop_ = event.stop;
            if (event.stop == StopReason::stop_sequence) stop_sequence_ = event.text;
            return;
        case Event::Kind::usage:
            usage_ = *event.usage;
            return;
        case Event::Kind::unknown:
            return lose(event);
        case Event::Kind::logprobs:
        case Event::Kind::pause:
            return;
        case Event::Kind::end:
            return on_end();
    }
}

void MessagesEncoder::fail(const StreamError& error) {
    append_sse(
        *out_, "error",
        encode_error(Dialect::anthropic, error.status,
                     anthropic_error_type(error.type, error.status), error.code, error.message));
}

// "event: NAME\ndata: {"type":"NAME"", to be continued with members.
void MessagesEncoder::open_event(std::string_view name) {
    out_->append("event: ").append(name).append("\ndata: {\"type\":\"").append(name).append("\"");
}

void MessagesEncoder::on_start(const Event& event) {
    if (started_) return;
    started_ = true;
    if (!event.id.empty()) frame_.id = event.id;
    if (!event.name.empty()) frame_.model = event.name;
    open_event("message_start");
    out_->append(R"(,"message":{"id":)");
    json::append_string(*out_, frame_.id);
    out_->append(R"(,"type":"message","role":"assistant","content":[],"model":)");
    json::append_string(*out_, frame_.model);
    out_->append(R"(,"stop_reason":null,"stop_sequence":null,"usage":)");
    append_usage(*out_, event.usage ? *event.usage : Usage{}, false);
    out_->append("}}\n\n");
}

OpenBlocks::Block& MessagesEncoder::begin(int part, Event::Type type) {
    if (!started_) on_start({});
    auto& block = blocks_.begin(part, type, [this](const auto& ended) { close(ended); });
    content_started_ = true;
    open_event("content_block_start");
    out_->append(R"(,"index":)");
    Writer(*out_).integer(block.index);
    out_->append(R"(,"content_block":)");
    return block;
}

void MessagesEncoder::close(const OpenBlocks::Block& block) {
    open_event("content_block_stop");
    out_->append(R"(,"index":)");
    Writer(*out_).integer(block.index);
    out_->append("}\n\n");
}

OpenBlocks::Block& MessagesEncoder::on_part_start(const Event& event) {
    auto& block = begin(event.part, event.type);
    switch (event.type) {
        case Event::Type::text:
        case Event::Type::refusal:
            out_->append(R"({"type":"text","text":""})");
            break;
        case Event::Type::reasoning:
            out_->append(R"({"type":"thinking","thinking":"","signature":""})");
            break;
        case Event::Type::hidden_reasoning:
            out_->append(R"({"type":"redacted_thinking","data":)");
            json::append_string(*out_, hidden_data(event.text, event.base64));
            out_->push_back('}');
            break;
        case Event::Type::tool_call:
            tools_ = true;
            out_->append(R"({"type":"tool_use","id":)");
            json::append_string(*out_, event.id);
            out_->append(R"(,"name":)");
            json::append_string(*out_, event.name);
            out_->append(R"(,"input":{}})");
    }
    out_->append("}\n\n");
    return block;
}

void MessagesEncoder::write_delta(const OpenBlocks::Block& block, std::string_view opening,
                                  std::string_view text) {
    open_event("content_block_delta");
    out_->append(R"(,"index":)");
    Writer(*out_).integer(block.index);
    out_->append(opening);
    json::append_string(*out_, text);
    out_->append("}}\n\n");
}

void MessagesEncoder::on_delta(const Event& event) {
    auto* block = blocks_.find(event.part);
    if (!block) {
        if (event.type == Event::Type::tool_call || event.type == Event::Type::hidden_reasoning)
            return;  // behind the end of complete arguments only white space can follow
        block = &on_part_start(event);
    }
    switch (event.type) {
        case Event::Type::text:
        case Event::Type::refusal:
            return write_delta(*block, R"(,"delta":{"type":"text_delta","text":)", event.text);
        case Event::Type::reasoning:
            return write_delta(*block, R"(,"delta":{"type":"thinking_delta","thinking":)",
                               event.text);
        case Event::Type::tool_call:
            block->arguments.read(event.text);
            return write_delta(*block, R"(,"delta":{"type":"input_json_delta","partial_json":)",
                               event.text);
        case Event::Type::hidden_reasoning:
            return;
    }
}

void MessagesEncoder::on_signature(const Event& event) {
    auto* block = blocks_.find(event.part);
    if (!block) {
        block = &on_part_start({.type = Event::Type::reasoning, .part = event.part});
    }
    write_delta(*block, R"(,"delta":{"type":"signature_delta","signature":)", event.text);
}

// The block rests on it as a whole: what was sent cannot be cut any more.
void MessagesEncoder::on_citation(const Event& event) {
    const auto* block = blocks_.find(event.part);
    std::string citation;
    if (!block || !append_citation(citation, *event.citation)) return losses_.add("/citations");
    open_event("content_block_delta");
    out_->append(R"(,"index":)");
    Writer(*out_).integer(block->index);
    out_->append(R"(,"delta":{"type":"citations_delta","citation":)");
    out_->append(citation).append("}}\n\n");
}

void MessagesEncoder::on_part_end(int part) {
    blocks_.end(part, [this](const auto& block) { close(block); });
}

void MessagesEncoder::on_end() {
    if (!started_) on_start({});
    blocks_.end_all([this](const auto& block) { close(block); });
    open_event("message_delta");
    out_->append(R"(,"delta":{"stop_reason":)");
    if (stopped_) {
        finish_reasons_.emplace_back(stop_word(stop_, tools_));
        json::append_string(*out_, finish_reasons_.back());
    } else {
        out_->append("null");
    }
    out_->append(R"(,"stop_sequence":)");
    if (stop_sequence_.empty())
        out_->append("null");
    else
        json::append_string(*out_, stop_sequence_);
    out_->append(R"(},"usage":)");
    append_usage(*out_, usage_, false);
    out_->append("}\n\n");
    open_event("message_stop");
    out_->append("}\n\n");
    done_ = true;
}

}  // namespace weir::dialect::anthropic
