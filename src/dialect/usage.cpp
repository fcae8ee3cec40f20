#include "dialect/usage.h"

namespace weir::dialect {
namespace {

// A count; some providers write 12.0 or even 12.5.
std::optional<int64_t> count(const json::Value* object, std::string_view key) {
    const auto* value = object ? object->find(key) : nullptr;
    if (!value || !value->is_number()) return std::nullopt;
    if (auto number = value->as_int()) return *number >= 0 ? number : std::nullopt;
    const double real = value->as_double().value_or(-1);
    if (!(real >= 0 && real < 9e15)) return std::nullopt;
    return static_cast<int64_t>(real);
}

std::optional<int64_t> count(const json::Value* object, std::string_view key,
                             std::string_view other) {
    auto first = count(object, key);
    return first ? first : count(object, other);
}

// Chat, completions, embeddings: prompt_… and completion_…; Responses and images: input_… and
// output_….
Usage openai_usage(const json::Value& usage) {
    Usage out;
    out.input = count(&usage, "prompt_tokens", "input_tokens");
    out.output = count(&usage, "completion_tokens", "output_tokens");
    out.total = count(&usage, "total_tokens");
    const auto* in = usage.find("prompt_tokens_details");
    if (!in) in = usage.find("input_tokens_details");
    out.cached_input = count(in, "cached_tokens");
    out.cache_creation = count(in, "cache_creation_input_tokens", "cache_creation_tokens");
    const auto* made = usage.find("completion_tokens_details");
    if (!made) made = usage.find("output_tokens_details");
    out.reasoning = count(made, "reasoning_tokens");
    if (!out.total && out.input) out.total = *out.input + out.output.value_or(0);
    return out;
}

Usage bedrock_usage(const json::Value& usage) {
    Usage out;
    const auto fresh = count(&usage, "inputTokens");
    out.output = count(&usage, "outputTokens");
    out.cached_input = count(&usage, "cacheReadInputTokens", "cacheReadInputTokenCount");
    out.cache_creation = count(&usage, "cacheWriteInputTokens", "cacheWriteInputTokenCount");
    if (fresh) out.input = *fresh + out.cached_input.value_or(0) + out.cache_creation.value_or(0);
    if (out.input || out.output) out.total = out.input.value_or(0) + out.output.value_or(0);
    return out;
}

Usage gemini_usage(const json::Value& usage) {
    Usage out;
    out.input = count(&usage, "promptTokenCount");
    out.cached_input = count(&usage, "cachedContentTokenCount");
    out.reasoning = count(&usage, "thoughtsTokenCount");
    const auto spoken = count(&usage, "candidatesTokenCount");
    if (spoken || out.reasoning) out.output = spoken.value_or(0) + out.reasoning.value_or(0);
    out.total = count(&usage, "totalTokenCount");
    return out;
}

// Chat and rerank: {"tokens":{"input_tokens","output_tokens"},"cached_tokens"}, embed:
// {"billed_units":{"input_tokens"}}, or the inner object alone.
Usage cohere_usage(const json::Value& usage) {
    const auto* tokens = usage.find("tokens");
    if (!tokens) tokens = usage.find("billed_units");
    if (!tokens) tokens = &usage;
    Usage out;
    out.input = count(tokens, "input_tokens");
    out.output = count(tokens, "output_tokens");
    out.cached_input = count(&usage, "cached_tokens");
    if (out.input) out.total = *out.input + out.output.value_or(0);
    return out;
}

void note_finish(const json::Value& object, std::string_view key, BodyFacts& facts) {
    const std::string_view reason = object.string_at(key);
    if (!reason.empty()) facts.finish_reasons.emplace_back(reason);
}

}  // namespace

void Usage::update(const Usage& later) {
    auto take = [](std::optional<int64_t>& mine, const std::optional<int64_t>& theirs) {
        if (theirs) mine = theirs;
    };
    take(input, later.input);
    take(cached_input, later.cached_input);
    take(cache_creation, later.cache_creation);
    take(output, later.output);
    take(reasoning, later.reasoning);
    take(total, later.total);
}

void AnthropicUsage::read(const json::Value& usage) {
    auto take = [&](std::optional<int64_t>& mine, std::string_view key) {
        if (auto number = count(&usage, key)) mine = number;
    };
    take(fresh_input_, "input_tokens");
    take(cache_read_, "cache_read_input_tokens");
    take(cache_creation_, "cache_creation_input_tokens");
    take(output_, "output_tokens");
}

Usage AnthropicUsage::usage() const {
    Usage out;
    out.output = output_;
    if (fresh_input_ || cache_read_ || cache_creation_) {
        out.cached_input = cache_read_.value_or(0);
        out.cache_creation = cache_creation_.value_or(0);
        out.input = fresh_input_.value_or(0) + *out.cached_input + *out.cache_creation;
    }
    if (out.input || out.output) out.total = out.input.value_or(0) + out.output.value_or(0);
    return out;
}

Usage decode_usage(Dialect dialect, const json::Value& usage) {
    if (!usage.is_object()) return {};
    switch (dialect) {
        case Dialect::openai:
            return openai_usage(usage);
        case Dialect::anthropic: {
            AnthropicUsage counts;
            counts.read(usage);
            return counts.usage();
        }
        case Dialect::bedrock:
            return bedrock_usage(usage);
        case Dialect::gemini:
            return gemini_usage(usage);
        case Dialect::cohere:
            return cohere_usage(usage);
    }
    return {};
}

BodyFacts extract_facts(Dialect dialect, std::string_view body) {
    BodyFacts facts;
    const auto parsed = json::parse(body);
    if (!parsed || !parsed->is_object()) return facts;
    const auto* usage = parsed->find(dialect == Dialect::gemini ? "usageMetadata" : "usage");
    if (!usage && dialect == Dialect::cohere) usage = parsed->find("meta");  // embed, rerank
    if (usage) facts.usage = decode_usage(dialect, *usage);
    facts.model = parsed->string_at(dialect == Dialect::gemini ? "modelVersion" : "model");
    facts.id = parsed->string_at(dialect == Dialect::gemini ? "responseId" : "id");
    note_finish(*parsed, "stop_reason", facts);  // Anthropic
    note_finish(*parsed, "stopReason", facts);   // Bedrock
    note_finish(*parsed, "status", facts);       // Responses
    if (dialect == Dialect::cohere) note_finish(*parsed, "finish_reason", facts);
    for (std::string_view list : {"choices", "candidates"})
        if (const auto* choices = parsed->find(list))
            for (const auto& choice : choices->items()) {
                note_finish(choice, "finish_reason", facts);
                note_finish(choice, "finishReason", facts);
            }
    return facts;
}

Usage extract_usage(Dialect dialect, std::string_view body) {
    return extract_facts(dialect, body).usage;
}

}  // namespace weir::dialect
