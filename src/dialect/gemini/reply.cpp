#include <algorithm>

#include "base/timestamp.h"
#include "dialect/gemini/citations.h"
#include "dialect/gemini/generate.h"
#include "dialect/gemini/tool_ids.h"

namespace weir::dialect::gemini {
namespace {

// A proof belongs to what was thought before; without such a part it gets one of its own.
void add_signature(std::vector<Part>& parts, std::string_view signature) {
    if (signature.empty()) return;
    if (!parts.empty())
        if (auto* last = std::get_if<Reasoning>(&parts.back().body);
            last && last->signature.empty()) {
            last->signature = signature;
            return;
        }
    parts.push_back({.body = Reasoning{{}, std::string(signature)}});
}

std::string call_id(const json::Value& call, ToolIds& ids) {
    const std::string_view given = call.string_at("id");
    return given.empty() ? ids.next() : std::string(given);
}

// False if the part has no word in the model.
bool decode_part(const json::Value& part, ToolIds& ids, std::vector<Part>& parts) {
    const std::string_view signature = part.string_at("thoughtSignature");
    if (const auto* text = part.find("text"); text && text->is_string()) {
        const auto* thought = part.find("thought");
        if (thought && thought->as_bool()) {
            parts.push_back({.body = Reasoning{std::string(text->text()), std::string(signature)}});
            return true;
        }
        add_signature(parts, signature);
        if (!text->text().empty()) parts.push_back({.body = Text{std::string(text->text())}});
        return true;
    }
    const auto* call = part.find("functionCall");
    if (!call || !call->is_object()) return false;
    add_signature(parts, signature);
    const auto* args = call->find("args");
    parts.push_back({.body = ToolCall{call_id(*call, ids), std::string(call->string_at("name")),
                                      args && args->is_object() ? json::serialize(*args) : "{}"}});
    return true;
}

// Onto the texts that rest on them. False if there are none in the member.
bool take_citations(const json::Value& member, const SaidText& said, std::span<const int> places,
                    std::vector<Part>& parts) {
    auto found = decode_citations(member, said, places);
    for (auto& [part, citation] : found)
        std::get<Text>(parts[static_cast<size_t>(part)].body)
            .citations.push_back(std::move(citation));
    return !found.empty();
}

Choice decode_candidate(const json::Value& candidate, const std::string& where, ToolIds& ids,
                        std::vector<std::string>& dropped) {
    Choice choice;
    bool called = false;
    const auto* content = candidate.find("content");
    const auto* parts = content ? content->find("parts") : nullptr;
    SaidText said(true);
    std::vector<int> places;  // of the provider's parts among ours; -1 for what is no text
    if (parts) {
        for (size_t i = 0; i < parts->items().size(); ++i) {
            const json::Value& part = parts->items()[i];
            const size_t before = choice.parts.size();
            if (!decode_part(part, ids, choice.parts))
                dropped.push_back(where + "/content/parts/" + std::to_string(i));
            for (size_t made = before; made < choice.parts.size(); ++made)
                choice.parts[made].place = {"candidates/0/content/parts", static_cast<int>(i)};
            places.push_back(-1);
            if (choice.parts.size() > before) {
                const auto last = static_cast<int>(choice.parts.size() - 1);
                if (const auto* text = std::get_if<Text>(&choice.parts.back().body)) {
                    said.say(last, text->text);
                    places.back() = last;
                }
            }
            called = called || part.find("functionCall");
        }
    }
    Finish finish = finish_of(candidate.string_at("finishReason"), called);
    choice.stop = finish.stop;
    choice.stop_word = std::move(finish.word);
    choice.logprobs = decode_logprobs(candidate);
    for (const auto& member : candidate.members())
        if (is_shown(member.key) &&
            (!member.value.items().empty() || !member.value.members().empty()))
            choice.unknown.push_back({member.key, member.value,
                                      take_citations(member.value, said, places, choice.parts)});
    return choice;
}

TokenProbability decode_token(const json::Value& token) {
    TokenProbability out{.token = std::string(token.string_at("token"))};
    if (const auto* value = token.find("logProbability")) out.logprob = *value;
    return out;
}

// A body with nothing of an answer in it is not one, but for the empty object.
bool is_answer(const json::Value& body) {
    if (body.members().empty()) return true;
    for (std::string_view key : {"candidates", "promptFeedback", "usageMetadata", "modelVersion"})
        if (const auto* value = body.find(key)) return key != "candidates" || value->is_array();
    return false;
}

}  // namespace

Finish finish_of(std::string_view reason, bool called_tools) {
    if (reason.empty() || reason == "STOP")
        return {called_tools ? StopReason::tool_calls : StopReason::end, {}};
    if (reason == "MAX_TOKENS") return {StopReason::length, {}};
    for (std::string_view blocked : {"SAFETY", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII",
                                     "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "MODEL_ARMOR"})
        if (reason == blocked) return {StopReason::content_filter, {}};
    for (std::string_view known :
         {"RECITATION", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "LANGUAGE", "NO_IMAGE",
          "IMAGE_RECITATION", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE"})
        if (reason == known) {
            Finish finish{StopReason::other, std::string(reason)};
            for (char& c : finish.word)
                if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
            return finish;
        }
    return {StopReason::other, {}};
}

std::string blocked_prompt(const json::Value& body) {
    const auto* feedback = body.find("promptFeedback");
    const std::string_view reason =
        feedback ? feedback->string_at("blockReason") : std::string_view();
    if (reason.empty()) return {};
    std::string out = "The provider blocked the prompt: " + std::string(reason);
    const std::string_view message = feedback->string_at("blockReasonMessage");
    return message.empty() ? out : std::move(out.append(". ").append(message));
}

int64_t created_of(const json::Value& body) {
    const auto moment = parse_rfc3339(body.string_at("createTime"));
    return moment ? std::max<int64_t>(moment->seconds, 0) : 0;
}

std::vector<TokenProbability> decode_logprobs(const json::Value& candidate) {
    std::vector<TokenProbability> out;
    const auto* result = candidate.find("logprobsResult");
    const auto* chosen = result ? result->find("chosenCandidates") : nullptr;
    if (!chosen) return out;
    for (const auto& token : chosen->items())
        out.push_back(decode_token(token));
    const auto* top = result->find("topCandidates");
    for (size_t i = 0; top && i < std::min(out.size(), top->items().size()); ++i)
        if (const auto* others = top->items()[i].find("candidates"))
            for (const auto& other : others->items())
                out[i].others.push_back(decode_token(other));
    return out;
}

bool is_shown(std::string_view member) {
    return member == "safetyRatings" || member == "groundingMetadata" ||
           member == "citationMetadata" || member == "urlContextMetadata";
}

Result<Reply> decode_reply(json::Value body, uint64_t seed) {
    if (!is_answer(body))
        return fail(codes::dialect_response, "the provider's answer has no candidates");
    Reply reply{.id = std::string(body.string_at("responseId")),
                .model = std::string(body.string_at("modelVersion")),
                .created = created_of(body)};
    ToolIds ids(seed, reply.id);
    if (const auto* candidates = body.find("candidates"))
        for (size_t i = 0; i < candidates->items().size(); ++i)
            reply.choices.push_back(decode_candidate(
                candidates->items()[i], "/candidates/" + std::to_string(i), ids, reply.dropped));
    if (std::string blocked = blocked_prompt(body); reply.choices.empty() && !blocked.empty()) {
        Choice choice{.stop = StopReason::content_filter};
        choice.parts.push_back({.body = Refusal{std::move(blocked)}});
        reply.choices.push_back(std::move(choice));
    }
    if (const auto* usage = body.find("usageMetadata"); usage && usage->is_object())
        reply.usage = decode_usage(Dialect::gemini, *usage);
    return reply;
}

}  // namespace weir::dialect::gemini
