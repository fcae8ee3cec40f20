#include "dialect/anthropic/decode.h"
#include "dialect/anthropic/messages.h"

namespace weir::dialect::anthropic {
namespace {

std::string arguments_of(const json::Value* input) {
    if (!input || input->is_null()) return "{}";
    // Some wrappers hand the text that the model wrote through.
    return input->is_string() ? std::string(input->text()) : json::serialize(*input);
}

// False if the block has no word in the model.
bool decode_block(json::Value& block, Part& part) {
    const std::string_view type = block.string_at("type");
    if (type == "text") {
        Text text{std::string(block.string_at("text"))};
        json::Value citations = take(block, "citations");
        for (auto& citation : citations.items())
            text.citations.push_back(decode_citation(std::move(citation)));
        part.body = std::move(text);
    } else if (type == "thinking") {
        part.body = Reasoning{std::string(block.string_at("thinking")),
                              std::string(block.string_at("signature"))};
    } else if (type == "redacted_thinking") {
        part.body = HiddenReasoning{HiddenReasoning::Form::text,
                                    json::Value::string(std::string(block.string_at("data")))};
    } else if (type == "tool_use") {
        part.body =
            ToolCall{std::string(block.string_at("id")), std::string(block.string_at("name")),
                     arguments_of(block.find("input"))};
    } else {
        return false;
    }
    return true;
}

}  // namespace

Result<StopReason> stop_reason(std::string_view word) {
    if (word.empty() || word == "end_turn") return StopReason::end;
    if (word == "stop_sequence") return StopReason::stop_sequence;
    if (word == "max_tokens" || word == "model_context_window_exceeded") return StopReason::length;
    if (word == "tool_use") return StopReason::tool_calls;
    if (word == "refusal") return StopReason::refusal;
    if (word == "pause_turn") return StopReason::pause;
    return fail(codes::dialect_response,
                "stop_reason is a word that the Messages API does not document");
}

Result<Reply> decode_reply(json::Value body) {
    auto* content = body.find("content");
    if (!content || !content->is_array())
        return fail(codes::dialect_response, "the provider's message has no content");
    Reply reply{.id = std::string(body.string_at("id")),
                .model = std::string(body.string_at("model"))};
    Choice choice;
    WEIR_TRY(choice.stop, stop_reason(body.string_at("stop_reason")));
    choice.stop_sequence = body.string_at("stop_sequence");
    int index = 0;
    for (auto& block : content->items()) {
        Part part{.place = {"content", index}};
        if (decode_block(block, part))
            choice.parts.push_back(std::move(part));
        else
            reply.dropped.push_back("/content/" + std::to_string(index));
        ++index;
    }
    reply.choices.push_back(std::move(choice));
    if (const auto* usage = body.find("usage"))
        reply.usage = decode_usage(Dialect::anthropic, *usage);
    return reply;
}

}  // namespace weir::dialect::anthropic
