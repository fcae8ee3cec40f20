#include "base/encoding.h"
#include "dialect/bedrock/converse.h"
#include "dialect/bedrock/stream.h"
#include "dialect/errors.h"
#include "dialect/eventstream.h"
#include "dialect/writer.h"

namespace weir::dialect::bedrock {

void append_exception(const StreamError& error, std::string& out) {
    std::string type(bedrock_exception(error.type, error.status));
    type[0] = static_cast<char>(type[0] | 0x20);  // in a stream their first letter is small
    append_eventstream_exception(
        out, type, encode_error(Dialect::bedrock, error.status, type, {}, error.message));
}

void ConverseEncoder::on(const Event& event) {
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
            return blocks_.end(event.part, [this](const auto& block) { close(block); });
        case Event::Kind::stop:
            stopped_ = true;
            stop_ = event.stop;
            return;
        case Event::Kind::usage:
            usage_ = *event.usage;
            service_tier_ = event.service_tier;
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

void ConverseEncoder::fail(const StreamError& error) {
    append_exception(error, *out_);
}

void ConverseEncoder::on_start(const Event& event) {
    if (started_) return;
    started_ = true;
    if (!event.id.empty()) frame_.id = event.id;
    if (!event.name.empty()) frame_.model = event.name;
    append_eventstream_event(*out_, "messageStart", R"({"role":"assistant"})");
}

void ConverseEncoder::begin(const OpenBlocks::Block& block) {
    payload_.assign(R"({"contentBlockIndex":)");
    Writer(payload_).integer(block.index);
}

void ConverseEncoder::write_delta(const OpenBlocks::Block& block, std::string_view opening,
                                  std::string_view text, std::string_view closing) {
    begin(block);
    payload_.append(R"(,"delta":)").append(opening);
    json::append_string(payload_, text);
    payload_.append(closing).append("}");
    append_eventstream_event(*out_, "contentBlockDelta", payload_);
}

// Only calls are announced; text and thinking begin with their first piece.
OpenBlocks::Block& ConverseEncoder::on_part_start(const Event& event) {
    if (!started_) on_start({});
    auto& block =
        blocks_.begin(event.part, event.type, [this](const auto& ended) { close(ended); });
    content_started_ = true;
    if (event.type == Event::Type::tool_call) {
        tools_ = true;
        begin(block);
        payload_.append(R"(,"start":{"toolUse":{"toolUseId":)");
        json::append_string(payload_, event.id);
        payload_.append(R"(,"name":)");
        json::append_string(payload_, event.name);
        payload_.append("}}}");
        append_eventstream_event(*out_, "contentBlockStart", payload_);
    } else if (event.type == Event::Type::hidden_reasoning) {
        write_delta(block, R"({"reasoningContent":{"redactedContent":)",
                    event.base64 ? std::string(event.text) : base64_encode(event.text), "}}");
    }
    return block;
}

void ConverseEncoder::on_delta(const Event& event) {
    auto* block = blocks_.find(event.part);
    if (!block) {
        if (event.type == Event::Type::tool_call || event.type == Event::Type::hidden_reasoning)
            return;  // behind the end of complete arguments only white space can follow
        block = &on_part_start(event);
    }
    switch (event.type) {
        case Event::Type::text:
        case Event::Type::refusal:
            return write_delta(*block, R"({"text":)", event.text, "}");
        case Event::Type::reasoning:
            return write_delta(*block, R"({"reasoningContent":{"text":)", event.text, "}}");
        case Event::Type::tool_call:
            block->arguments.read(event.text);
            return write_delta(*block, R"({"toolUse":{"input":)", event.text, "}}");
        case Event::Type::hidden_reasoning:
            return;
    }
}

void ConverseEncoder::on_signature(const Event& event) {
    auto* block = blocks_.find(event.part);
    if (!block) block = &on_part_start({.type = Event::Type::reasoning, .part = event.part});
    write_delta(*block, R"({"reasoningContent":{"signature":)", event.text, "}}");
}

// The block rests on it as a whole: what was sent cannot be cut any more.
void ConverseEncoder::on_citation(const Event& event) {
    const auto* block = blocks_.find(event.part);
    if (!block) return losses_.add("/citations");
    begin(*block);
    payload_.append(R"(,"delta":{"citation":)");
    append_citation(payload_, *event.citation);
    payload_.append("}}");
    append_eventstream_event(*out_, "contentBlockDelta", payload_);
}

void ConverseEncoder::close(const OpenBlocks::Block& block) {
    begin(block);
    payload_.append("}");
    append_eventstream_event(*out_, "contentBlockStop", payload_);
}

void ConverseEncoder::on_end() {
    if (!started_) on_start({});
    blocks_.end_all([this](const auto& block) { close(block); });
    payload_.clear();
    Writer w(payload_);
    w.begin_object().key("stopReason");
    if (stopped_) {
        finish_reasons_.emplace_back(stop_word(stop_, tools_));
        w.string(finish_reasons_.back());
    } else {
        w.null();
    }
    w.end_object();
    append_eventstream_event(*out_, "messageStop", payload_);
    payload_.assign(R"({"usage":)");
    append_usage(payload_, usage_);
    if (!service_tier_.empty()) {
        payload_.append(R"(,"serviceTier":{"type":)");
        json::append_string(payload_, service_tier_);
        payload_.append("}");
    }
    payload_.append("}");
    append_eventstream_event(*out_, "metadata", payload_);
    done_ = true;
}

void InvokeEncoder::on(const Event& event) {
    inner_->write_to(text_);
    inner_->on(event);
    take();
}

void InvokeEncoder::fail(const StreamError& error) {
    append_exception(error, *out_);
}

// What the inner encoder has written, and what it knows.
void InvokeEncoder::take() {
    SseEvent event;
    std::string_view text = text_;
    while (reader_.next(text, event).value_or(false))
        append_chunk(event.data, *out_);
    text_.clear();
    frame_ = inner_->frame();
    losses_ = inner_->losses();
    finish_reasons_ = inner_->finish_reasons();
    content_started_ = inner_->content_started();
    done_ = inner_->done();
}

void append_chunk(std::string_view event, std::string& out) {
    append_eventstream_event(out, "chunk", R"({"bytes":")" + base64_encode(event) + "\"}");
}

}  // namespace weir::dialect::bedrock
