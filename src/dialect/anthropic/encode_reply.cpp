#include "base/encoding.h"
#include "dialect/anthropic/messages.h"
#include "dialect/citations.h"
#include "dialect/encode_common.h"
#include "dialect/writer.h"
#include "json/lexer.h"

namespace weir::dialect::anthropic {
namespace {

// What a choice holds, in the order in which it was said. Nothing of it is written twice.
class ContentEncoder {
public:
    ContentEncoder(Writer& w, const Choice& choice, std::vector<std::string>& dropped)
        : w_(w), choice_(choice), dropped_(dropped) {}

    Result<void> encode() {
        w_.begin_array();
        for (const auto& part : choice_.parts)
            WEIR_CHECK(write(part));
        w_.end_array();
        return {};
    }

private:
    Result<void> write(const Part& part);
    Result<void> write_call(const Part& part, const ToolCall& call);
    void write_text(const Part& part, const Text& text);
    void drop(const Part& part, std::string_view member = {}) {
        dropped_.push_back(reply_pointer(part, member));
    }

    Writer& w_;
    const Choice& choice_;
    std::vector<std::string>& dropped_;
};

Result<void> ContentEncoder::write(const Part& part) {
    if (const auto* text = std::get_if<Text>(&part.body)) {
        write_text(part, *text);
    } else if (const auto* refusal = std::get_if<Refusal>(&part.body)) {
        w_.begin_object().key("type").string("text").key("text").string(refusal->text);
        w_.end_object();
    } else if (const auto* reasoning = std::get_if<Reasoning>(&part.body)) {
        w_.begin_object().key("type").string("thinking").key("thinking").string(reasoning->text);
        w_.key("signature").string(reasoning->signature).end_object();
    } else if (const auto* hidden = std::get_if<HiddenReasoning>(&part.body)) {
        w_.begin_object().key("type").string("redacted_thinking").key("data");
        const bool base64 = hidden->form == HiddenReasoning::Form::base64;
        w_.string(hidden_data(hidden->data.text(), base64)).end_object();
    } else if (const auto* call = std::get_if<ToolCall>(&part.body)) {
        return write_call(part, *call);
    } else if (const auto* foreign = std::get_if<ForeignPart>(&part.body)) {
        drop(part, foreign->type);
    } else {
        drop(part);
    }
    return {};
}

// All of a block rests on what it cites: a text is cut where that changes.
void ContentEncoder::write_text(const Part& part, const Text& text) {
    if (text.text.empty()) return;
    bool lost = false;
    for (const Stretch& stretch : stretches(text)) {
        if (stretch.text.empty()) {  // a block needs words
            lost = true;
            continue;
        }
        std::string citations;
        for (const auto* citation : stretch.citations) {
            if (!append_citation(citations, *citation)) lost = true;
        }
        w_.begin_object().key("type").string("text").key("text").string(stretch.text);
        if (!citations.empty()) w_.key("citations").raw("[" + citations + "]");
        w_.end_object();
    }
    if (lost) drop(part, "citations");
}

Result<void> ContentEncoder::write_call(const Part& part, const ToolCall& call) {
    auto input = call.arguments.empty() ? json::Value::object()
                                        : json::parse(call.arguments).value_or(json::Value());
    if (!input.is_object()) {
        // Cut by the limit, it is no call; whole, it is the provider's mistake.
        if (choice_.stop != StopReason::length)
            return fail(codes::dialect_response, "the arguments of a tool call are no JSON object");
        drop(part);
        return {};
    }
    w_.begin_object().key("type").string("tool_use").key("id").string(call.id);
    w_.key("name").string(call.name).key("input").value(input).end_object();
    return {};
}

bool calls_tools(const Choice& choice) {
    for (const auto& part : choice.parts)
        if (std::holds_alternative<ToolCall>(part.body)) return true;
    return false;
}

}  // namespace

std::string hidden_data(std::string_view text, bool base64) {
    if (!base64) return std::string(text);
    auto bytes = base64_decode(text);
    return bytes && json::lex::check_utf8(*bytes) ? std::move(*bytes) : std::string(text);
}

std::string_view stop_word(StopReason stop, bool tools) {
    switch (stop) {
        case StopReason::end:
            return tools ? "tool_use" : "end_turn";  // some providers call tools and say "stop"
        case StopReason::stop_sequence:
            return "stop_sequence";
        case StopReason::length:
            return "max_tokens";
        case StopReason::tool_calls:
            return "tool_use";
        case StopReason::content_filter:
        case StopReason::refusal:
        case StopReason::other:  // what only the provider has a word for is no ordinary end
            return "refusal";
        case StopReason::pause:
            return "pause_turn";
    }
    return "end_turn";
}

void append_usage(std::string& out, const Usage& usage, bool zeros) {
    Writer w(out);
    const int64_t cached = usage.cached_input.value_or(0);
    const int64_t created = usage.cache_creation.value_or(0);
    w.begin_object();
    w.key("input_tokens").integer(std::max<int64_t>(0, usage.input.value_or(0) - cached - created));
    if (zeros || created > 0) w.key("cache_creation_input_tokens").integer(created);
    if (zeros || cached > 0) w.key("cache_read_input_tokens").integer(cached);
    w.key("output_tokens").integer(usage.output.value_or(0)).end_object();
}

Result<std::string> encode_reply(const Reply& reply, const ReplyFrame& frame,
                                 std::vector<std::string>& dropped) {
    static const Choice kSilence;
    const Choice& choice = reply.choices.empty() ? kSilence : reply.choices.front();
    for (size_t i = 1; i < reply.choices.size(); ++i)
        dropped.push_back("/choices/" + std::to_string(i));
    drop_unknowns(choice, dropped);
    std::string out;
    out.reserve(512);
    Writer w(out);
    w.begin_object().key("id").string(frame.id).key("type").string("message");
    w.key("role").string("assistant").key("model").string(frame.model).key("content");
    WEIR_CHECK(ContentEncoder(w, choice, dropped).encode());
    w.key("stop_reason").string(stop_word(choice.stop, calls_tools(choice)));
    w.key("stop_sequence");
    if (choice.stop_sequence.empty())
        w.null();
    else
        w.string(choice.stop_sequence);
    w.key("usage");
    append_usage(out, reply.usage.value_or(Usage{}), true);
    w.end_object();
    return out;
}

}  // namespace weir::dialect::anthropic
