#include "dialect/openai/chat.h"
#include "dialect/responses/provider.h"
#include "dialect/responses/responses.h"

namespace weir::dialect::responses {
namespace {

constexpr std::string_view kSeal = "responses:";

}  // namespace

std::string make_seal(std::string_view id, std::string_view proof) {
    if (proof.empty()) return {};
    std::string out(kSeal);
    if (id.find(':') == std::string_view::npos) out.append(id);
    return out.append(":").append(proof);
}

std::optional<Seal> read_seal(std::string_view signature) {
    if (!signature.starts_with(kSeal)) return std::nullopt;
    signature.remove_prefix(kSeal.size());
    const size_t end = signature.find(':');
    if (end == std::string_view::npos || end + 1 == signature.size()) return std::nullopt;
    return Seal{std::string(signature.substr(0, end)), std::string(signature.substr(end + 1))};
}

std::string reasoning_text(const json::Value& item) {
    std::string text;
    for (std::string_view list : {"summary", "content"}) {
        const auto* pieces = item.find(list);
        if (!pieces || !text.empty()) continue;
        for (const auto& piece : pieces->items()) {
            if (piece.string_at("text").empty()) continue;
            text.append(text.empty() ? "" : kBetween).append(piece.string_at("text"));
        }
    }
    return text;
}

std::vector<TokenProbability> decode_logprobs(const json::Value& list) {
    std::vector<TokenProbability> out;
    for (const auto& item : list.items()) {
        const auto* logprob = item.find("logprob");
        TokenProbability token{
            std::string(item.string_at("token")), logprob ? *logprob : json::Value(), {}};
        if (const auto* others = item.find("top_logprobs"))
            for (const auto& other : others->items()) {
                const auto* theirs = other.find("logprob");
                token.others.push_back(
                    {std::string(other.string_at("token")), theirs ? *theirs : json::Value(), {}});
            }
        out.push_back(std::move(token));
    }
    return out;
}

Stop stop_of(const json::Value& response, bool called) {
    const auto* details = response.find("incomplete_details");
    const std::string_view reason = details ? details->string_at("reason") : std::string_view();
    if (reason == "max_output_tokens") return {StopReason::length, {}};
    if (reason == "content_filter") return {StopReason::content_filter, {}};
    if (response.string_at("status") == "incomplete") return {StopReason::other, reason};
    return {called ? StopReason::tool_calls : StopReason::end, {}};
}

ProviderError error_of(const json::Value& holder) {
    const auto* error = holder.find("error");
    const json::Value& said = error && error->is_object() ? *error : holder;
    const std::string_view code = said.string_at("code");
    // The event {"type":"error"} names itself so, not its failure.
    const std::string_view kind = &said == &holder ? std::string_view() : said.string_at("type");
    int status = status_of_error_type(code);
    if (status == 0) status = status_of_error_type(kind);
    return {.status = status,
            .type = std::string(code.empty() ? kind : code),
            .message = std::string(said.string_at("message"))};
}

namespace {

// Pages only: files are OpenAI's own.
void decode_annotations(const json::Value& list, Place place, Text& text,
                        std::vector<std::string>& dropped) {
    bool lost = false;
    for (const auto& annotation : list.items()) {
        if (auto citation = openai::decode_annotation(annotation))
            text.citations.push_back(std::move(*citation));
        else
            lost = true;
    }
    if (lost) dropped.push_back("/output/" + std::to_string(place.index) + "/content/annotations");
}

void decode_message(const json::Value& item, Place place, Choice& choice,
                    std::vector<std::string>& dropped) {
    const auto* content = item.find("content");
    if (!content) return;
    for (const auto& piece : content->items()) {
        if (piece.string_at("type") == "refusal") {
            choice.parts.push_back(
                {.body = Refusal{std::string(piece.string_at("refusal"))}, .place = place});
            continue;
        }
        Text text{std::string(piece.string_at("text"))};
        if (const auto* annotations = piece.find("annotations"))
            decode_annotations(*annotations, place, text, dropped);
        if (const auto* probabilities = piece.find("logprobs"))
            for (auto& token : decode_logprobs(*probabilities))
                choice.logprobs.push_back(std::move(token));
        choice.parts.push_back({.body = std::move(text), .place = place});
    }
}

// False for an item that has no word in the model, such as a search that the provider made.
bool decode_item(const json::Value& item, Place place, Choice& choice,
                 std::vector<std::string>& dropped) {
    const std::string_view type = item.string_at("type");
    if (type == "message") {
        decode_message(item, place, choice, dropped);
    } else if (type == "function_call") {
        choice.parts.push_back(
            {.body = ToolCall{std::string(call_id(item)), std::string(item.string_at("name")),
                              std::string(item.string_at("arguments"))},
             .place = place});
    } else if (type == "reasoning") {
        Reasoning reasoning{reasoning_text(item),
                            make_seal(item.string_at("id"), item.string_at("encrypted_content"))};
        if (!reasoning.text.empty() || !reasoning.signature.empty())
            choice.parts.push_back({.body = std::move(reasoning), .place = place});
    } else {
        return false;
    }
    return true;
}

}  // namespace

std::string_view call_id(const json::Value& item) {
    const std::string_view id = item.string_at("call_id");
    return id.empty() ? item.string_at("id") : id;
}

Result<Reply> decode_reply(json::Value body) {
    const auto* output = body.find("output");
    if (!output || !output->is_array())
        return fail(codes::dialect_response, "the provider's answer has no output");
    const std::string_view status = body.string_at("status");
    if (!status.empty() && status != "completed" && status != "incomplete")
        return fail(codes::upstream_error,
                    "the provider's answer has the status " + std::string(status.substr(0, 32)));
    Reply reply{.id = std::string(body.string_at("id")),
                .model = std::string(body.string_at("model"))};
    if (const auto* created = body.find("created_at"))
        reply.created = static_cast<int64_t>(created->as_double().value_or(0));
    Choice choice;
    bool called = false;
    int index = 0;
    for (const auto& item : output->items()) {
        if (!decode_item(item, {"output", index}, choice, reply.dropped))
            reply.dropped.push_back("/output/" + std::to_string(index));
        called = called || item.string_at("type") == "function_call";
        ++index;
    }
    const Stop stop = stop_of(body, called);
    choice.stop = stop.reason;
    choice.stop_word = stop.word;
    reply.choices.push_back(std::move(choice));
    if (const auto* usage = body.find("usage"); usage && usage->is_object())
        reply.usage = decode_usage(Dialect::openai, *usage);
    reply.service_tier = body.string_at("service_tier");
    return reply;
}

}  // namespace weir::dialect::responses
