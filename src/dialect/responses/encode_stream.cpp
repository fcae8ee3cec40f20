#include "dialect/anthropic/messages.h"
#include "dialect/citations.h"
#include "dialect/responses/responses.h"
#include "dialect/writer.h"

namespace weir::dialect::responses {
namespace {

bool is_said(Event::Type type) {
    return type == Event::Type::text || type == Event::Type::refusal;
}

}  // namespace

void append_failed(const StreamError& error, std::string& out) {
    out.append("event: response.failed\ndata: ");
    out.append(R"({"type":"response.failed","sequence_number":0,"response":)");
    append_response(out, {.status = "failed", .error = &error}, {});
    out.append("}\n\n");
}

void EventEncoder::on(const Event& event) {
    if (event.choice != 0 || done_) return;  // one answer is all there is room for
    switch (event.kind) {
        case Event::Kind::start:
            return on_start(event);
        case Event::Kind::part_start:
            return on_part_start(event);
        case Event::Kind::delta:
            return on_delta(event);
        case Event::Kind::signature:
            items_[open(event).item].proof += event.text;
            return;
        case Event::Kind::citation:
            return on_citation(event);
        case Event::Kind::part_end:
            return on_part_end(event.part);
        case Event::Kind::stop:
            stop_ = event.stop;
            return;
        case Event::Kind::usage:
            usage_ = *event.usage;
            return;
        case Event::Kind::end:
            return on_end();
        case Event::Kind::unknown:
            return lose(event);
        case Event::Kind::logprobs:
        case Event::Kind::pause:
            return;
    }
}

// "event: TYPE\ndata: {"type":"TYPE","sequence_number":N", to be continued with members.
void EventEncoder::begin(std::string_view type) {
    out_->append("event: ").append(type).append("\ndata: {\"type\":\"").append(type);
    out_->append(R"(","sequence_number":)");
    Writer(*out_).integer(sequence_++);
}

void EventEncoder::begin_of_item(std::string_view type, size_t index) {
    begin(type);
    out_->append(R"(,"item_id":)");
    json::append_string(*out_, items_[index].id);
    out_->append(R"(,"output_index":)");
    Writer(*out_).integer(static_cast<int64_t>(index));
}

void EventEncoder::whole(std::string_view type, std::string_view status,
                         std::string_view incomplete, const StreamError* error) {
    begin(type);
    out_->append(R"(,"response":)");
    append_response(*out_,
                    {.id = frame_.id,
                     .model = frame_.model,
                     .created = frame_.created,
                     .status = status,
                     .incomplete = incomplete,
                     .error = error,
                     .usage = usage_ ? &*usage_ : nullptr},
                    items_);
    end_event();
}

void EventEncoder::on_start(const Event& event) {
    if (started_) return;
    started_ = true;
    if (!event.id.empty()) frame_.id = event.id;
    if (!event.name.empty()) frame_.model = event.name;
    whole("response.created", "in_progress", {}, nullptr);
    whole("response.in_progress", "in_progress", {}, nullptr);
}

void EventEncoder::fail(const StreamError& error) {
    if (!started_) on_start({});
    // What is not complete is no part of the answer.
    for (const auto& open : open_)
        if (items_[open.item].kind == Item::Kind::function_call) items_[open.item].arguments = "{}";
    whole("response.failed", "failed", {}, &error);
}

EventEncoder::Open* EventEncoder::find(int part) {
    for (auto& open : open_)
        if (open.part == part) return &open;
    return nullptr;
}

EventEncoder::Open& EventEncoder::open(const Event& event) {
    if (auto* found = find(event.part)) return *found;
    on_part_start(event);
    return open_.back();
}

void EventEncoder::on_part_start(const Event& event) {
    if (!started_) on_start({});
    content_started_ = true;
    const size_t index = items_.size();
    const std::string number = frame_.id + "_" + std::to_string(index);
    Item item;
    switch (event.type) {
        case Event::Type::text:
        case Event::Type::refusal:
            item = {.kind = Item::Kind::message, .id = "msg_" + number};
            break;
        case Event::Type::tool_call:
            item = {.kind = Item::Kind::function_call,
                    .id = "fc_" + number,
                    .call_id = std::string(event.id),
                    .name = std::string(event.name)};
            break;
        case Event::Type::reasoning:
            item = {.kind = Item::Kind::reasoning, .id = "rs_" + number};
            break;
        case Event::Type::hidden_reasoning:
            item = {.kind = Item::Kind::hidden_reasoning,
                    .id = "rs_" + number,
                    .proof = anthropic::hidden_data(event.text, event.base64)};
    }
    items_.push_back(std::move(item));
    open_.push_back({event.part, index, event.type});
    begin("response.output_item.added");
    out_->append(R"(,"output_index":)");
    Writer(*out_).integer(static_cast<int64_t>(index));
    out_->append(R"(,"item":)");
    append_item(*out_, items_.back(), false);
    end_event();
    if (is_said(event.type)) {
        begin_of_item("response.content_part.added", index);
        out_->append(event.type == Event::Type::text
                         ? R"(,"content_index":0,"part":{"type":"output_text","text":"",)"
                           R"("annotations":[],"logprobs":[]})"
                         : R"(,"content_index":0,"part":{"type":"refusal","refusal":""})");
        end_event();
    } else if (event.type == Event::Type::reasoning) {
        begin_of_item("response.reasoning_summary_part.added", index);
        out_->append(R"(,"summary_index":0,"part":{"type":"summary_text","text":""})");
        end_event();
    }
}

void EventEncoder::on_delta(const Event& event) {
    if (event.type == Event::Type::hidden_reasoning || event.text.empty()) return;
    const size_t index = open(event).item;
    Item& item = items_[index];
    switch (event.type) {
        case Event::Type::text:
            item.text += event.text;
            begin_of_item("response.output_text.delta", index);
            out_->append(R"(,"content_index":0,"logprobs":[])");
            break;
        case Event::Type::refusal:
            item.refusal += event.text;
            begin_of_item("response.refusal.delta", index);
            out_->append(R"(,"content_index":0)");
            break;
        case Event::Type::reasoning:
            item.text += event.text;
            begin_of_item("response.reasoning_summary_text.delta", index);
            out_->append(R"(,"summary_index":0)");
            break;
        default:
            item.arguments += event.text;
            begin_of_item("response.function_call_arguments.delta", index);
    }
    out_->append(R"(,"delta":)");
    json::append_string(*out_, event.text);
    end_event();
}

// Where it belongs is known once all of its text is.
void EventEncoder::on_citation(const Event& event) {
    auto* found = find(event.part);
    if (!found || !has_address(*event.citation)) return losses_.add("/citations");
    items_[found->item].citations.push_back(*event.citation);
}

void EventEncoder::on_part_end(int part) {
    auto* found = find(part);
    if (!found) return;
    const Open closing = *found;
    open_.erase(open_.begin() + (found - open_.data()));
    close(closing);
}

void EventEncoder::close_text(Item& item, size_t index, bool refusal) {
    const std::string& text = refusal ? item.refusal : item.text;
    const auto citations = std::exchange(item.citations, {});
    const int64_t size = citations.empty() ? 0 : count_characters(text);
    for (size_t i = 0; i < citations.size(); ++i) {
        begin_of_item("response.output_text.annotation.added", index);
        out_->append(R"(,"content_index":0,"annotation_index":)");
        Writer(*out_).integer(static_cast<int64_t>(i));
        out_->append(R"(,"annotation":)");
        out_->append(append_citation(item, citations[i], 0, size));
        end_event();
    }
    begin_of_item(refusal ? "response.refusal.done" : "response.output_text.done", index);
    out_->append(refusal ? R"(,"content_index":0,"refusal":)"
                         : R"(,"content_index":0,"logprobs":[],"text":)");
    json::append_string(*out_, text);
    end_event();
    begin_of_item("response.content_part.done", index);
    out_->append(refusal ? R"(,"content_index":0,"part":{"type":"refusal","refusal":)"
                         : R"(,"content_index":0,"part":{"type":"output_text","text":)");
    json::append_string(*out_, text);
    if (refusal)
        out_->append("}");
    else
        out_->append(R"(,"annotations":[)").append(item.annotations).append(R"(],"logprobs":[]})");
    end_event();
}

void EventEncoder::close_summary(const Item& item, size_t index) {
    begin_of_item("response.reasoning_summary_text.done", index);
    out_->append(R"(,"summary_index":0,"text":)");
    json::append_string(*out_, item.text);
    end_event();
    begin_of_item("response.reasoning_summary_part.done", index);
    out_->append(R"(,"summary_index":0,"part":{"type":"summary_text","text":)");
    json::append_string(*out_, item.text);
    out_->push_back('}');
    end_event();
}

void EventEncoder::close(const Open& open) {
    Item& item = items_[open.item];
    if (is_said(open.type)) {
        close_text(item, open.item, open.type == Event::Type::refusal);
    } else if (open.type == Event::Type::reasoning) {
        close_summary(item, open.item);
    } else if (open.type == Event::Type::tool_call) {
        if (item.arguments.empty()) item.arguments = "{}";  // JSON for its client to parse
        begin_of_item("response.function_call_arguments.done", open.item);
        out_->append(R"(,"name":)");
        json::append_string(*out_, item.name);
        out_->append(R"(,"arguments":)");
        json::append_string(*out_, item.arguments);
        end_event();
    }
    begin("response.output_item.done");
    out_->append(R"(,"output_index":)");
    Writer(*out_).integer(static_cast<int64_t>(open.item));
    out_->append(R"(,"item":)");
    append_item(*out_, item, true);
    end_event();
}

void EventEncoder::on_end() {
    if (!started_) on_start({});
    for (const auto& open : std::exchange(open_, {}))
        close(open);
    const std::string_view word = status(stop_);
    finish_reasons_.emplace_back(word);
    whole(word == "completed" ? "response.completed" : "response.incomplete", word,
          incomplete_reason(stop_), nullptr);
    done_ = true;
}

}  // namespace weir::dialect::responses
