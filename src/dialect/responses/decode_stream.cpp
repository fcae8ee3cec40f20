#include "dialect/openai/chat.h"
#include "dialect/responses/provider.h"

namespace weir::dialect::responses {
namespace {

int64_t number_at(const json::Value& event, std::string_view key) {
    const auto* value = event.find(key);
    return value ? value->as_int().value_or(0) : 0;
}

constexpr int64_t kWholeItem = -1;  // the piece of parts that are an item by themselves

}  // namespace

Result<void> EventDecoder::on_event(std::string_view, std::string_view data, EventSink& sink) {
    if (ended || data.empty() || data == "[DONE]") return {};
    const auto event = json::parse(data);
    if (!event) return fail(codes::dialect_response, "an event of the stream is no JSON");
    event_type = event->string_at("type");
    const std::string_view type = event_type;
    const auto* response = event->find("response");
    if (type == "error") return report(error_of(*event));
    if (type == "response.failed") return report(response ? error_of(*response) : ProviderError{});
    if (type == "response.completed" || type == "response.incomplete")
        return on_response_end(*event, sink);
    if (response) start(*response, sink);
    if (type == "response.output_item.added") {
        on_item(*event, sink);
    } else if (type == "response.output_item.done") {
        on_item_done(*event, sink);
    } else if (!on_delta(type, *event, sink) && type.empty() && event->find("error")) {
        return report(error_of(*event));  // as errors look before a stream
    }  // other events repeat what was said, or tell of tools that the provider runs
    return {};
}

EventPattern::Varying EventDecoder::varying() const {
    static constexpr std::string_view kPadding[] = {"sequence_number", "obfuscation"};
    return {.padding = kPadding};
}

Result<void> EventDecoder::on_end(EventSink&) {
    if (ended) return {};
    return fail(codes::upstream_truncated,
                "the provider's stream ended without response.completed");
}

void EventDecoder::start(const json::Value& response, EventSink& sink) {
    if (started_) return;
    started_ = true;
    id = response.string_at("id");
    model = response.string_at("model");
    sink.on({.kind = Event::Kind::start,
             .id = id,
             .name = model,
             .created = number_at(response, "created_at")});
}

bool EventDecoder::on_delta(std::string_view type, const json::Value& event, EventSink& sink) {
    const int64_t item = number_at(event, "output_index");
    const int64_t piece = number_at(event, "content_index");
    const std::string_view delta = event.string_at("delta");
    if (type == "response.output_text.delta") {
        if (delta.empty()) return true;
        say(open(item, piece, Event::Type::text, sink), delta, sink);
        const auto* list = event.find("logprobs");
        if (!list || list->items().empty()) return true;
        const auto tokens = decode_logprobs(*list);
        sink.on({.kind = Event::Kind::logprobs, .logprobs = &tokens});
    } else if (type == "response.refusal.delta") {
        if (!delta.empty()) say(open(item, piece, Event::Type::refusal, sink), delta, sink);
    } else if (type == "response.reasoning_summary_text.delta") {
        on_reasoning(event, "summary_index", sink);
    } else if (type == "response.reasoning_text.delta") {
        on_reasoning(event, "content_index", sink);
    } else if (type == "response.function_call_arguments.delta") {
        // A call that nobody announced is told when its item is done.
        if (auto* call = find(item, kWholeItem, Event::Type::tool_call)) say(*call, delta, sink);
    } else if (type == "response.output_text.annotation.added") {
        on_annotation(event, sink);
    } else {
        return false;
    }
    return true;
}

// A page that the text rests on; files are OpenAI's own.
void EventDecoder::on_annotation(const json::Value& event, EventSink& sink) {
    const int64_t item = number_at(event, "output_index");
    const auto* annotation = event.find("annotation");
    const auto citation =
        annotation ? openai::decode_annotation(*annotation) : std::optional<Citation>();
    const auto* part = find(item, number_at(event, "content_index"), Event::Type::text);
    if (!citation || !part)
        return losses.add("/output/" + std::to_string(item) + "/content/annotations");
    sink.on({.kind = Event::Kind::citation, .part = part->number, .citation = &*citation});
}

void EventDecoder::on_reasoning(const json::Value& event, std::string_view place, EventSink& sink) {
    const std::string_view delta = event.string_at("delta");
    if (delta.empty()) return;
    Part& part = open(number_at(event, "output_index"), kWholeItem, Event::Type::reasoning, sink);
    const int64_t piece = number_at(event, place);
    if (part.said && piece != part.summary) say(part, kBetween, sink);
    part.summary = piece;
    say(part, delta, sink);
}

void EventDecoder::on_item(const json::Value& event, EventSink& sink) {
    const auto* item = event.find("item");
    if (!item) return;
    const std::string_view type = item->string_at("type");
    if (type != "message" && type != "function_call" && type != "reasoning")  // of OpenAI's tools
        losses.add("/output/" + std::to_string(number_at(event, "output_index")));
    if (type != "function_call") return;
    open(number_at(event, "output_index"), kWholeItem, Event::Type::tool_call, sink, item);
}

void EventDecoder::on_item_done(const json::Value& event, EventSink& sink) {
    const auto* item = event.find("item");
    if (!item) return;
    const int64_t index = number_at(event, "output_index");
    const std::string_view type = item->string_at("type");
    if (type == "message")
        on_message_done(index, *item, sink);
    else if (type == "function_call")
        on_call_done(index, *item, sink);
    else if (type == "reasoning")
        on_reasoning_done(index, *item, sink);
    close_item(index, sink);
}

void EventDecoder::on_message_done(int64_t index, const json::Value& item, EventSink& sink) {
    const auto* content = item.find("content");
    if (!content) return;
    int64_t piece = -1;
    for (const auto& part : content->items()) {
        ++piece;
        const bool refusal = part.string_at("type") == "refusal";
        const auto type = refusal ? Event::Type::refusal : Event::Type::text;
        const std::string_view words = part.string_at(refusal ? "refusal" : "text");
        if (words.empty() || find(index, piece, type)) continue;
        say(open(index, piece, type, sink), words, sink);
    }
}

void EventDecoder::on_call_done(int64_t index, const json::Value& item, EventSink& sink) {
    Part& call = open(index, kWholeItem, Event::Type::tool_call, sink, &item);
    if (!call.said) say(call, item.string_at("arguments"), sink);
}

void EventDecoder::on_reasoning_done(int64_t index, const json::Value& item, EventSink& sink) {
    const std::string seal = make_seal(item.string_at("id"), item.string_at("encrypted_content"));
    const bool unsaid = !find(index, kWholeItem, Event::Type::reasoning);
    const std::string text = unsaid ? reasoning_text(item) : std::string();
    if (unsaid && text.empty() && seal.empty()) return;
    Part& part = open(index, kWholeItem, Event::Type::reasoning, sink);
    say(part, text, sink);
    if (seal.empty()) return;
    sink.on({.kind = Event::Kind::signature,
             .type = Event::Type::reasoning,
             .part = part.number,
             .text = seal});
}

Result<void> EventDecoder::on_response_end(const json::Value& event, EventSink& sink) {
    static const json::Value kNothing = json::Value::object();
    const auto* given = event.find("response");
    const json::Value& response = given ? *given : kNothing;
    start(response, sink);
    while (!open_.empty())
        close_item(open_.front().item, sink);
    const Stop stop = stop_of(response, called_);
    sink.on({.kind = Event::Kind::stop, .text = stop.word, .stop = stop.reason});
    if (const auto* counted = response.find("usage"); counted && counted->is_object())
        usage = decode_usage(Dialect::openai, *counted);
    if (!usage.empty()) sink.on({.kind = Event::Kind::usage, .usage = &usage});
    end(sink);
    return {};
}

EventDecoder::Part* EventDecoder::find(int64_t item, int64_t piece, Event::Type type) {
    for (auto& part : open_)
        if (part.item == item && part.piece == piece && part.type == type) return &part;
    return nullptr;
}

// The part, begun if it was not. What a message says, and what is thought, ends what was said
// before; calls may be written side by side.
EventDecoder::Part& EventDecoder::open(int64_t item, int64_t piece, Event::Type type,
                                       EventSink& sink, const json::Value* call) {
    if (auto* found = find(item, piece, type)) return *found;
    start({}, sink);
    open_.push_back({.item = item, .piece = piece, .type = type, .number = parts_++});
    called_ = called_ || type == Event::Type::tool_call;
    sink.on({.kind = Event::Kind::part_start,
             .type = type,
             .part = open_.back().number,
             .id = call ? call_id(*call) : std::string_view(),
             .name = call ? call->string_at("name") : std::string_view()});
    return open_.back();
}

void EventDecoder::say(Part& part, std::string_view text, EventSink& sink) {
    if (text.empty()) return;
    part.said = true;
    sink.on({.kind = Event::Kind::delta, .type = part.type, .part = part.number, .text = text});
}

void EventDecoder::close_item(int64_t item, EventSink& sink) {
    std::erase_if(open_, [&](const Part& part) {
        if (part.item != item) return false;
        sink.on({.kind = Event::Kind::part_end, .type = part.type, .part = part.number});
        return true;
    });
}

}  // namespace weir::dialect::responses
