#include "dialect/anthropic/messages.h"
#include "dialect/citations.h"
#include "dialect/encode_common.h"
#include "dialect/openai/chat.h"
#include "dialect/responses/responses.h"
#include "dialect/writer.h"

namespace weir::dialect::responses {
namespace {

constexpr std::string_view kHidden = "redacted_thinking:";  // before what only its provider reads

void write_message(Writer& w, const Item& item, bool done) {
    w.key("type").string("message").key("role").string("assistant").key("content").begin_array();
    if (done && (!item.text.empty() || item.refusal.empty())) {
        w.begin_object().key("type").string("output_text").key("text").string(item.text);
        w.key("annotations").raw("[" + item.annotations + "]");
        w.key("logprobs").raw("[]").end_object();
    }
    if (done && !item.refusal.empty()) {
        w.begin_object().key("type").string("refusal").key("refusal").string(item.refusal);
        w.end_object();
    }
    w.end_array();
}

void write_reasoning(Writer& w, const Item& item, bool done) {
    const bool hidden = item.kind == Item::Kind::hidden_reasoning;
    w.key("type").string("reasoning").key("summary").begin_array();
    if (done && !item.text.empty()) {
        w.begin_object().key("type").string("summary_text").key("text").string(item.text);
        w.end_object();
    }
    w.end_array();
    if (done && !item.proof.empty())
        w.key("encrypted_content").string(hidden ? std::string(kHidden) + item.proof : item.proof);
}

void write_usage(Writer& w, const Usage& usage) {
    const int64_t input = usage.input.value_or(0);
    const int64_t output = usage.output.value_or(0);
    w.begin_object().key("input_tokens").integer(input);
    w.key("input_tokens_details").begin_object().key("cached_tokens");
    w.integer(usage.cached_input.value_or(0)).end_object();
    w.key("output_tokens").integer(output);
    w.key("output_tokens_details").begin_object().key("reasoning_tokens");
    w.integer(usage.reasoning.value_or(0)).end_object();
    w.key("total_tokens").integer(usage.total.value_or(input + output)).end_object();
}

// A choice's parts as items; text and refusals that follow one another are one message.
class Items {
public:
    Items(std::string_view id, std::vector<std::string>& dropped) : id_(id), dropped_(dropped) {}

    std::vector<Item> take(const Choice& choice) {
        for (const auto& part : choice.parts)
            add(part);
        return std::move(items_);
    }

private:
    void add(const Part& part);
    void add_annotations(const Part& part, const Text& text, Item& item);
    Item& begin(Item::Kind kind, std::string_view prefix) {
        std::string id(prefix);
        id.append(id_).append("_").append(std::to_string(items_.size()));
        return items_.emplace_back(Item{.kind = kind, .id = std::move(id)});
    }
    Item& message() {
        if (!items_.empty() && items_.back().kind == Item::Kind::message) return items_.back();
        return begin(Item::Kind::message, "msg_");
    }

    std::string_view id_;
    std::vector<std::string>& dropped_;
    std::vector<Item> items_;
};

void Items::add(const Part& part) {
    if (const auto* text = std::get_if<Text>(&part.body)) {
        Item& item = message();
        add_annotations(part, *text, item);
        item.text += text->text;
    } else if (const auto* refusal = std::get_if<Refusal>(&part.body)) {
        message().refusal += refusal->text;
    } else if (const auto* call = std::get_if<ToolCall>(&part.body)) {
        Item& item = begin(Item::Kind::function_call, "fc_");
        item.call_id = call->id;
        item.name = call->name;
        item.arguments = call->arguments.empty() ? "{}" : call->arguments;
    } else if (const auto* reasoning = std::get_if<Reasoning>(&part.body)) {
        Item& item = begin(Item::Kind::reasoning, "rs_");
        item.text = reasoning->text;
        item.proof = reasoning->signature;
    } else if (const auto* hidden = std::get_if<HiddenReasoning>(&part.body)) {
        const bool base64 = hidden->form == HiddenReasoning::Form::base64;
        begin(Item::Kind::hidden_reasoning, "rs_").proof =
            anthropic::hidden_data(hidden->data.text(), base64);
    } else {
        dropped_.push_back(reply_pointer(part));
    }
}

// Pages have annotations; the documents that a client sent are no files of OpenAI's.
void Items::add_annotations(const Part& part, const Text& text, Item& item) {
    if (text.citations.empty()) return;
    const int64_t before = count_characters(item.text);
    const int64_t size = count_characters(text.text);
    bool lost = false;
    for (const auto& citation : text.citations) {
        if (has_address(citation))
            append_citation(item, citation, before, size);
        else
            lost = true;
    }
    if (lost) dropped_.push_back(reply_pointer(part, "citations"));
}

}  // namespace

std::string_view append_citation(Item& item, const Citation& citation, int64_t before,
                                 int64_t size) {
    const auto place = place_in(citation, size);
    const size_t at = item.annotations.size() + (item.annotations.empty() ? 0 : 1);
    openai::append_annotation(item.annotations, citation, before + place.begin, before + place.end,
                              false);
    return std::string_view(item.annotations).substr(at);
}

std::string_view status(StopReason stop) {
    return incomplete_reason(stop).empty() ? "completed" : "incomplete";
}

std::string_view incomplete_reason(StopReason stop) {
    if (stop == StopReason::length) return "max_output_tokens";
    if (stop == StopReason::content_filter || stop == StopReason::other) return "content_filter";
    return {};
}

std::string response_id(std::string_view id) {
    return id.starts_with("resp_") ? std::string(id) : "resp_" + std::string(id);
}

void append_item(std::string& out, const Item& item, bool done) {
    Writer w(out);
    w.begin_object().key("id").string(item.id);
    switch (item.kind) {
        case Item::Kind::message:
            write_message(w, item, done);
            break;
        case Item::Kind::function_call:
            w.key("type").string("function_call").key("call_id").string(item.call_id);
            w.key("name").string(item.name);
            w.key("arguments").string(done ? std::string_view(item.arguments) : "");
            break;
        case Item::Kind::reasoning:
        case Item::Kind::hidden_reasoning:
            write_reasoning(w, item, done);
    }
    w.key("status").string(done ? "completed" : "in_progress").end_object();
}

void append_response(std::string& out, const Summary& summary, const std::vector<Item>& items) {
    Writer w(out);
    w.begin_object().key("id").string(response_id(summary.id)).key("object").string("response");
    w.key("created_at").integer(summary.created).key("status").string(summary.status);
    w.key("background").boolean(false).key("error");
    if (summary.error)
        w.begin_object()
            .key("code")
            .string(summary.error->code.empty() ? "server_error" : summary.error->code)
            .key("message")
            .string(summary.error->message)
            .end_object();
    else
        w.null();
    w.key("incomplete_details");
    if (summary.incomplete.empty())
        w.null();
    else
        w.begin_object().key("reason").string(summary.incomplete).end_object();
    w.key("instructions").null().key("metadata").raw("{}");
    w.key("model").string(summary.model).key("output").begin_array();
    for (const auto& item : items)
        append_item(out, item, true);
    w.end_array().key("parallel_tool_calls").boolean(true).key("previous_response_id").null();
    w.key("store").boolean(false).key("tool_choice").string("auto").key("tools").raw("[]");
    w.key("usage");
    if (summary.usage)
        write_usage(w, *summary.usage);
    else
        w.null();
    w.end_object();
}

std::string encode_reply(const Reply& reply, const ReplyFrame& frame,
                         std::vector<std::string>& dropped) {
    static const Choice kSilence;
    const Choice& choice = reply.choices.empty() ? kSilence : reply.choices.front();
    for (size_t i = 1; i < reply.choices.size(); ++i)
        dropped.push_back("/choices/" + std::to_string(i));
    drop_unknowns(choice, dropped);
    const std::vector<Item> items = Items(frame.id, dropped).take(choice);
    std::string out;
    out.reserve(1024);
    append_response(out,
                    {.id = frame.id,
                     .model = frame.model,
                     .created = frame.created,
                     .status = status(choice.stop),
                     .incomplete = incomplete_reason(choice.stop),
                     .usage = reply.usage ? &*reply.usage : nullptr},
                    items);
    return out;
}

}  // namespace weir::dialect::responses
