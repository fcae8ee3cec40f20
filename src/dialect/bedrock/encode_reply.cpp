#include "base/encoding.h"
#include "dialect/bedrock/converse.h"
#include "dialect/citations.h"
#include "dialect/encode_common.h"
#include "dialect/writer.h"

namespace weir::dialect::bedrock {
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
    bool called() const { return called_; }

private:
    void drop(const Part& part) { dropped_.push_back(reply_pointer(part)); }

    void write_text(std::string_view text) {
        if (!text.empty()) w_.begin_object().key("text").string(text).end_object();
    }

    // All of a block rests on what it cites: a text is cut where that changes.
    void write_cited(const Text& text) {
        if (text.citations.empty()) return write_text(text.text);
        for (const Stretch& stretch : stretches(text)) {
            if (stretch.citations.empty()) {
                write_text(stretch.text);
                continue;
            }
            std::string citations;
            for (const auto* citation : stretch.citations) {
                append_citation(citations, *citation);
            }
            w_.begin_object().key("citationsContent").begin_object().key("content").begin_array();
            if (!stretch.text.empty())
                w_.begin_object().key("text").string(stretch.text).end_object();
            w_.end_array().key("citations").raw("[" + citations + "]").end_object().end_object();
        }
    }

    Result<void> write(const Part& part) {
        if (const auto* text = std::get_if<Text>(&part.body)) {
            write_cited(*text);
        } else if (const auto* refusal = std::get_if<Refusal>(&part.body)) {
            write_text(refusal->text);
        } else if (const auto* reasoning = std::get_if<Reasoning>(&part.body)) {
            w_.begin_object().key("reasoningContent").begin_object().key("reasoningText");
            w_.begin_object().key("text").string(reasoning->text);
            if (!reasoning->signature.empty()) w_.key("signature").string(reasoning->signature);
            w_.end_object().end_object().end_object();
        } else if (const auto* hidden = std::get_if<HiddenReasoning>(&part.body)) {
            const bool base64 = hidden->form == HiddenReasoning::Form::base64;
            const std::string_view data = hidden->data.text();
            w_.begin_object().key("reasoningContent").begin_object().key("redactedContent");
            w_.string(base64 ? std::string(data) : base64_encode(data)).end_object().end_object();
        } else if (const auto* call = std::get_if<ToolCall>(&part.body)) {
            return write_call(part, *call);
        } else {
            drop(part);
        }
        return {};
    }

    Result<void> write_call(const Part& part, const ToolCall& call) {
        auto input = call.arguments.empty() ? json::Value::object()
                                            : json::parse(call.arguments).value_or(json::Value());
        if (!input.is_object()) {
            // Cut by the limit, it is no call; whole, it is the provider's mistake.
            if (choice_.stop != StopReason::length)
                return fail(codes::dialect_response,
                            "the arguments of a tool call are no JSON object");
            drop(part);
            return {};
        }
        called_ = true;
        w_.begin_object().key("toolUse").begin_object().key("toolUseId").string(call.id);
        w_.key("name").string(call.name).key("input").value(input).end_object().end_object();
        return {};
    }

    Writer& w_;
    const Choice& choice_;
    std::vector<std::string>& dropped_;
    bool called_ = false;
};

}  // namespace

std::string_view stop_word(StopReason stop, bool tools) {
    switch (stop) {
        case StopReason::end:
        case StopReason::pause:
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
            return "content_filtered";
    }
    return "end_turn";
}

void append_usage(std::string& out, const Usage& usage) {
    Writer w(out);
    const int64_t cached = usage.cached_input.value_or(0);
    const int64_t created = usage.cache_creation.value_or(0);
    const int64_t input = usage.input.value_or(0);
    const int64_t output = usage.output.value_or(0);
    w.begin_object().key("inputTokens").integer(std::max<int64_t>(0, input - cached - created));
    w.key("outputTokens").integer(output);
    w.key("totalTokens").integer(usage.total.value_or(input + output));
    if (cached > 0) w.key("cacheReadInputTokens").integer(cached);
    if (created > 0) w.key("cacheWriteInputTokens").integer(created);
    w.end_object();
}

Result<std::string> encode_reply(const Reply& reply, int64_t latency,
                                 std::vector<std::string>& dropped) {
    static const Choice kSilence;
    const Choice& choice = reply.choices.empty() ? kSilence : reply.choices.front();
    for (size_t i = 1; i < reply.choices.size(); ++i)
        dropped.push_back("/choices/" + std::to_string(i));
    drop_unknowns(choice, dropped);
    std::string out;
    out.reserve(512);
    Writer w(out);
    w.begin_object().key("output").begin_object().key("message").begin_object();
    w.key("role").string("assistant").key("content");
    ContentEncoder content(w, choice, dropped);
    WEIR_CHECK(content.encode());
    w.end_object().end_object();
    w.key("stopReason").string(stop_word(choice.stop, content.called()));
    w.key("usage");
    append_usage(out, reply.usage.value_or(Usage{}));
    w.key("metrics").begin_object().key("latencyMs").integer(latency).end_object();
    if (!reply.service_tier.empty())
        w.key("serviceTier").begin_object().key("type").string(reply.service_tier).end_object();
    w.end_object();
    return out;
}

}  // namespace weir::dialect::bedrock
