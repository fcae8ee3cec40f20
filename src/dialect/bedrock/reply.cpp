#include "dialect/bedrock/converse.h"

namespace weir::dialect::bedrock {
namespace {

// False if the block has no word in the model.
bool decode_block(const json::Value& block, Part& part) {
    if (const auto* text = block.find("text")) {
        part.body = Text{std::string(text->text())};
        return true;
    }
    if (const auto* cited = block.find("citationsContent")) {
        Text text;
        if (const auto* content = cited->find("content"))
            for (const auto& piece : content->items())
                text.text.append(piece.string_at("text"));
        if (const auto* citations = cited->find("citations"))
            for (const auto& citation : citations->items())
                text.citations.push_back(decode_citation(citation));
        part.body = std::move(text);
        return true;
    }
    if (const auto* use = block.find("toolUse")) {
        if (use->string_at("type") == "server_tool_use")
            return false;  // Bedrock's, not the client's
        const auto* input = use->find("input");
        part.body =
            ToolCall{std::string(use->string_at("toolUseId")), std::string(use->string_at("name")),
                     input && !input->is_null() ? json::serialize(*input) : "{}"};
        return true;
    }
    const auto* reasoning = block.find("reasoningContent");
    if (!reasoning) return false;
    if (const auto* text = reasoning->find("reasoningText")) {
        part.body = Reasoning{std::string(text->string_at("text")),
                              std::string(text->string_at("signature"))};
        return true;
    }
    if (const auto* hidden = reasoning->find("redactedContent")) {
        part.body = HiddenReasoning{HiddenReasoning::Form::base64, *hidden};
        return true;
    }
    return false;
}

}  // namespace

StopReason stop_reason(std::string_view word) {
    if (word == "tool_use") return StopReason::tool_calls;
    if (word == "max_tokens" || word == "model_context_window_exceeded") return StopReason::length;
    if (word == "content_filtered" || word == "guardrail_intervened")
        return StopReason::content_filter;
    if (word == "stop_sequence") return StopReason::stop_sequence;
    return StopReason::end;
}

Result<Reply> decode_reply(json::Value body) {
    const auto* output = body.find("output");
    const auto* message = output ? output->find("message") : nullptr;
    const auto* content = message ? message->find("content") : nullptr;
    if (!content || !content->is_array())
        return fail(codes::dialect_response, "the provider's answer has no output message");
    Reply reply;
    Choice choice{.stop = stop_reason(body.string_at("stopReason"))};
    int index = 0;
    for (const auto& block : content->items()) {
        Part part{.place = {"output/message/content", index}};
        if (decode_block(block, part))
            choice.parts.push_back(std::move(part));
        else
            reply.dropped.push_back("/output/message/content/" + std::to_string(index));
        ++index;
    }
    reply.choices.push_back(std::move(choice));
    if (const auto* usage = body.find("usage"); usage && usage->is_object())
        reply.usage = decode_usage(Dialect::bedrock, *usage);
    if (const auto* tier = body.find("serviceTier")) reply.service_tier = tier->string_at("type");
    return reply;
}

}  // namespace weir::dialect::bedrock
