#include "dialect/continued_stream.h"

#include "dialect/eventstream.h"
#include "dialect/sse.h"
#include "dialect/sse_scan.h"
#include "dialect/stream_splicer.h"

namespace weir::dialect {
namespace {

constexpr size_t kLargestEvent = 1 << 20;

std::unique_ptr<StreamSplicer> make_splicer(const ContinuedStream::Options& options) {
    if (options.dialect == Dialect::anthropic) return make_messages_splicer(options.max_text);
    if (options.dialect == Dialect::gemini) return make_content_splicer(options.max_text);
    if (options.dialect == Dialect::cohere) return make_cohere_splicer(options.max_text);
    if (options.dialect == Dialect::bedrock) return make_converse_splicer(options.max_text);
    if (options.operation == Operation::responses) return make_responses_splicer(options.max_text);
    return make_chunk_splicer(options.operation, options.max_text);
}

/// Where the first frame ends, of which the first four bytes are the length; npos if it is not
/// whole. What can be no frame is one that never ends.
size_t frame_end(std::string_view bytes) {
    if (bytes.size() < 4) return std::string_view::npos;
    size_t size = 0;
    for (int i = 0; i < 4; ++i)
        size = size << 8 | static_cast<unsigned char>(bytes[static_cast<size_t>(i)]);
    constexpr size_t kLeast = 16;  // lengths and checksums
    return size >= kLeast && size <= bytes.size() ? size : std::string_view::npos;
}

}  // namespace

std::string_view to_string(Obstacle obstacle) {
    switch (obstacle) {
        case Obstacle::none:
            return "none";
        case Obstacle::nothing_said:
            return "nothing was said yet";
        case Obstacle::ended:
            return "it had ended";
        case Obstacle::tool_call:
            return "a tool call had begun";
        case Obstacle::reasoning:
            return "the model was thinking";
        case Obstacle::several:
            return "it holds several answers";
        case Obstacle::too_long:
            return "its text is too long to be held";
        case Obstacle::opaque:
            break;
    }
    return "it holds something unknown";
}

bool ContinuedStream::serves(Dialect dialect, Operation operation) {
    if (dialect == Dialect::anthropic) return operation == Operation::messages;
    if (dialect != Dialect::openai) return operation == Operation::chat;
    return operation == Operation::chat || operation == Operation::completions ||
           operation == Operation::responses;
}

ContinuedStream::ContinuedStream(Options options)
    : options_(options), splicer_(make_splicer(options)) {}
ContinuedStream::~ContinuedStream() = default;

void ContinuedStream::feed(std::string_view bytes, std::string& out) {
    if (failed()) return;
    if (opaque_) {
        out.append(bytes);
        return;
    }
    if (!pending_.empty()) {
        pending_.append(bytes);
        bytes = pending_;
    }
    while (!bytes.empty() && !failed()) {
        const bool framed = options_.dialect == Dialect::bedrock;
        size_t end = framed ? frame_end(bytes) : event_end(bytes, 0);
        if (end == std::string_view::npos) break;
        if (framed)
            on_frame(bytes.substr(0, end), out);
        else
            on_event(bytes.substr(0, end), out);
        bytes.remove_prefix(end);
    }
    std::string rest(failed() ? std::string_view() : bytes);
    pending_.swap(rest);
    if (pending_.size() <= kLargestEvent) return;
    splicer_->hinder(Obstacle::opaque);
    if (resumed_) {  // its indexes and ids are not the client's: it cannot pass
        error_event_ = "\n";
        return;
    }
    opaque_ = true;
    out.append(std::exchange(pending_, {}));
}

void ContinuedStream::on_event(std::string_view event, std::string& out) {
    std::string data = data_of(event);
    if (data.empty() || data == "[DONE]") {
        if (!data.empty()) splicer_->done();
        out.append(event);
        return;
    }
    auto parsed = json::parse(data);
    if (!parsed || !parsed->is_object()) return not_understood(event, out);
    on_parsed(*parsed, event, out);
}

void ContinuedStream::on_frame(std::string_view frame, std::string& out) {
    EventStreamReader reader;
    EventStreamMessage message;
    std::string_view rest = frame;
    auto read = reader.next(rest, message);
    if (!read || !*read) return not_understood(frame, out);
    if (message.message_type != "event") {
        error_event_ = frame;
        return;
    }
    auto parsed = json::parse(message.payload);
    if (!parsed || !parsed->is_object()) return not_understood(frame, out);
    parsed->set("type", json::Value::string(std::string(message.event_type)));
    on_parsed(*parsed, frame, out);
}

void ContinuedStream::not_understood(std::string_view event, std::string& out) {
    splicer_->hinder(Obstacle::opaque);
    if (!resumed_) out.append(event);
}

void ContinuedStream::on_parsed(json::Value& value, std::string_view event, std::string& out) {
    if (splicer_->is_error(value)) {
        error_event_ = event;
        return;
    }
    if (!resumed_) {
        splicer_->note(value);
        out.append(event);
        return;
    }
    if (!splicer_->rewrite(value, out)) return;
    splicer_->note(value);
    std::string name(splicer_->name(value));
    if (options_.dialect != Dialect::bedrock) return append_sse(out, name, json::serialize(value));
    value.erase("type");
    append_eventstream_event(out, name, json::serialize(value));
}

Obstacle ContinuedStream::obstacle() const {
    return splicer_->obstacle();
}
std::string_view ContinuedStream::text() const {
    return splicer_->text();
}

void ContinuedStream::resume(const Resumption& resumption) {
    resumed_ = true;
    pending_.clear();
    error_event_.clear();
    splicer_->resume(resumption);
}

void StreamSplicer::say(std::string_view text) {
    if (obstacle_ == Obstacle::too_long) return;
    text_.append(text);
    if (text_.size() <= max_text_) return;
    hinder(Obstacle::too_long);
    text_ = {};
}

bool StreamSplicer::trim(json::Value* delta) {
    if (tail_.empty() || !delta || !delta->is_string()) return true;
    std::string_view text = delta->text();
    if (text.empty()) return true;
    size_t same = 0;
    while (same < tail_.size() && same < text.size() && tail_[same] == text[same])
        ++same;
    skipped_.append(text.substr(0, same));
    const bool all = same == text.size();
    tail_ = all ? tail_.substr(same) : std::string();
    *delta = json::Value::string(std::string(text.substr(same)));
    return !all;
}

std::string StreamSplicer::joined(std::string_view own) const {
    if (own.starts_with(skipped_)) own.remove_prefix(skipped_.size());
    return said_before_ + std::string(own);
}

void StreamSplicer::add_spent(json::Value* usage, std::string_view input, std::string_view output,
                              std::string_view total) const {
    if (!usage || !usage->is_object()) return;
    auto add = [usage](std::string_view key, int64_t amount) {
        json::Value* count = key.empty() ? nullptr : usage->find(key);
        if (!count) return;
        if (auto value = count->as_int()) *count = json::Value::integer(*value + amount);
    };
    const int64_t in = spent_.input.value_or(0);
    const int64_t out = spent_.output.value_or(0);
    add(input, in);
    add(output, out);
    add(total, in + out);
}

}  // namespace weir::dialect
