#include "dialect/encode_common.h"
#include "dialect/gemini/citations.h"
#include "dialect/gemini/generate.h"
#include "dialect/writer.h"

namespace weir::dialect::gemini {
namespace {

// What a choice holds, in the order in which it was said. Nothing of it is written twice.
class PartsEncoder {
public:
    PartsEncoder(Writer& w, const Choice& choice, std::vector<std::string>& dropped)
        : w_(w), choice_(choice), dropped_(dropped) {}

    Result<void> encode() {
        w_.begin_array();
        for (const auto& part : choice_.parts)
            WEIR_CHECK(write(part));
        w_.end_array();
        return {};
    }
    const Grounding& grounding() const { return grounding_; }

private:
    void drop(const Part& part) { dropped_.push_back(reply_pointer(part)); }

    // Places count the bytes of a part of the candidate.
    void write_text(const Text& text) {
        if (text.text.empty()) return;
        w_.begin_object().key("text").string(text.text).end_object();
        if (!text.citations.empty()) {
            SaidText said(true);
            said.say(0, text.text);
            for (const auto& citation : text.citations) {
                const auto range = said.bytes(0, citation).value_or(SaidText::Range{});
                grounding_.add(citation, {.part = written_, .bytes = range});
            }
        }
        ++written_;
    }

    Result<void> write(const Part& part) {
        if (const auto* text = std::get_if<Text>(&part.body)) {
            write_text(*text);
        } else if (const auto* refusal = std::get_if<Refusal>(&part.body)) {
            w_.begin_object().key("text").string(refusal->text).end_object();
            ++written_;
        } else if (const auto* reasoning = std::get_if<Reasoning>(&part.body)) {
            write_thought(reasoning->text, reasoning->signature.empty()
                                               ? std::string()
                                               : wrap_signature(reasoning->signature));
        } else if (const auto* hidden = std::get_if<HiddenReasoning>(&part.body)) {
            const bool base64 = hidden->form == HiddenReasoning::Form::base64;
            write_thought({}, wrap_hidden(hidden->data.text(), base64));
        } else if (const auto* call = std::get_if<ToolCall>(&part.body)) {
            return write_call(part, *call);
        } else {
            drop(part);
        }
        return {};
    }

    void write_thought(std::string_view text, std::string_view proof) {
        w_.begin_object().key("text").string(text).key("thought").boolean(true);
        if (!proof.empty()) w_.key("thoughtSignature").string(proof);
        w_.end_object();
        ++written_;
    }

    Result<void> write_call(const Part& part, const ToolCall& call) {
        auto args = call.arguments.empty() ? json::Value::object()
                                           : json::parse(call.arguments).value_or(json::Value());
        if (!args.is_object()) {
            // Cut by the limit, it is no call; whole, it is the provider's mistake.
            if (choice_.stop != StopReason::length)
                return fail(codes::dialect_response,
                            "the arguments of a tool call are no JSON object");
            drop(part);
            return {};
        }
        w_.begin_object().key("functionCall").begin_object();
        if (!call.id.empty()) w_.key("id").string(call.id);
        w_.key("name").string(call.name).key("args").value(args).end_object().end_object();
        ++written_;
        return {};
    }

    Writer& w_;
    const Choice& choice_;
    std::vector<std::string>& dropped_;
    Grounding grounding_;
    int written_ = 0;  // parts of the candidate
};

void write_token(Writer& w, const TokenProbability& token) {
    w.begin_object().key("token").string(token.token);
    w.key("logProbability").value(token.logprob).end_object();
}

}  // namespace

void append_logprobs(std::string& out, const std::vector<TokenProbability>& tokens) {
    Writer w(out);
    w.begin_object().key("chosenCandidates").begin_array();
    for (const auto& token : tokens)
        write_token(w, token);
    w.end_array().key("topCandidates").begin_array();
    for (const auto& token : tokens) {
        w.begin_object().key("candidates").begin_array();
        for (const auto& other : token.others)
            write_token(w, other);
        w.end_array().end_object();
    }
    w.end_array().end_object();
}

std::string finish_reason(StopReason stop, std::string_view word) {
    switch (stop) {
        case StopReason::end:
        case StopReason::stop_sequence:
        case StopReason::tool_calls:
            return "STOP";
        case StopReason::length:
            return "MAX_TOKENS";
        case StopReason::content_filter:
        case StopReason::refusal:
            return "SAFETY";
        case StopReason::pause:
        case StopReason::other:
            break;
    }
    std::string out(word.empty() ? "OTHER" : word);
    for (char& c : out)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c & ~0x20);
    return out;
}

void append_usage(std::string& out, const Usage& usage) {
    Writer w(out);
    const int64_t output = usage.output.value_or(0);
    const int64_t thought = usage.reasoning.value_or(0);
    w.begin_object().key("promptTokenCount").integer(usage.input.value_or(0));
    if (usage.cached_input.value_or(0) > 0)
        w.key("cachedContentTokenCount").integer(*usage.cached_input);
    w.key("candidatesTokenCount").integer(std::max<int64_t>(0, output - thought));
    if (thought > 0) w.key("thoughtsTokenCount").integer(thought);
    w.key("totalTokenCount").integer(usage.total.value_or(usage.input.value_or(0) + output));
    w.end_object();
}

Result<std::string> encode_reply(const Reply& reply, const ReplyFrame& frame,
                                 std::vector<std::string>& dropped) {
    std::string out;
    out.reserve(512);
    Writer w(out);
    w.begin_object().key("candidates").begin_array();
    int index = 0;
    for (const auto& choice : reply.choices) {
        w.begin_object().key("content").begin_object().key("parts");
        PartsEncoder parts(w, choice, dropped);
        WEIR_CHECK(parts.encode());
        w.key("role").string("model").end_object();
        w.key("finishReason").string(finish_reason(choice.stop, choice.stop_word));
        w.key("index").integer(index++);
        if (!parts.grounding().empty()) {
            w.key("groundingMetadata");
            parts.grounding().append(out);
        }
        drop_unknowns(choice, dropped);
        if (!choice.logprobs.empty()) {
            w.key("logprobsResult");
            append_logprobs(out, choice.logprobs);
        }
        w.end_object();
    }
    w.end_array();
    if (reply.usage && !reply.usage->empty()) {
        w.key("usageMetadata");
        append_usage(out, *reply.usage);
    }
    w.key("modelVersion").string(frame.model);
    if (!frame.id.empty()) w.key("responseId").string(frame.id);
    w.end_object();
    return out;
}

}  // namespace weir::dialect::gemini
