#include "tokens/profile.h"

#include <array>

#include "base/ascii.h"

namespace weir::tokens {
namespace {

using Rule = ImagePrice::Rule;

// Framings. The cookbook's numbers hold for gpt-3.5 to gpt-4.1; those of gpt-5 are the special
// tokens of the published harmony format: start, role, message, end; the assistant's also channel
// and its name; the answer begins with start and assistant.
constexpr Framing kAssumed{};
constexpr Framing kChatMl{.message = 4, .reply = 3, .known = true};
constexpr Framing kHarmony{.message = 4, .assistant = 2, .reply = 2, .known = true};
constexpr Framing kHarmonyAssumed{.message = 4, .assistant = 2, .reply = 2};
/// gpt-oss puts its own system message in front of every conversation.
constexpr Framing kHarmonyServed{.message = 4, .assistant = 2, .reply = 66};
/// The search models report the text alone (seen in recordings of one message).
constexpr Framing kBare{.message = 0, .name = 0, .reply = 0, .known = true, .single = true};

constexpr ImagePrice tiles(int base, int each) {
    return {.rule = Rule::tiles, .base = base, .each = each, .unknown = base + 4 * each};
}
constexpr ImagePrice patches(int percent) {
    return {.rule = Rule::patches, .percent = percent, .unknown = 1024 * percent / 100};
}
constexpr ImagePrice kArea{.rule = Rule::area, .unknown = 1600};
constexpr ImagePrice kCrops{.rule = Rule::crops, .each = 258, .unknown = 258};
constexpr ImagePrice kBlocks{.rule = Rule::blocks, .base = 256, .each = 256, .unknown = 1280};
constexpr ImagePrice kFlat{.base = 1600, .unknown = 1600};

// OpenAI's are fitted to o200k_base over prose, code, JSON and YAML (docs/tokens.md); the others
// are those scaled to what the provider says a token is in English.
constexpr TextRatio kOpenAiRatio{207, 700, 600, 473, 450, 750, 2000};
constexpr TextRatio kClaudeRatio{250, 850, 720, 570, 600, 1100, 2500};
constexpr TextRatio kGeminiRatio{218, 720, 700, 490, 450, 700, 2000};
constexpr TextRatio kMistralRatio{245, 850, 1000, 550, 600, 1000, 2500};
constexpr TextRatio kPlainRatio{218, 730, 650, 490, 500, 800, 2000};

constexpr ToolCost kOpenAiTools{.once = 12, .function = 7, .recipe = true};
constexpr ToolCost kOldOpenAiTools{.once = 12, .function = 10, .recipe = true};
/// What gpt-5 is told besides about channels and calls: 84 tokens more in a recorded exchange.
constexpr ToolCost kHarmonyTools{.once = 96, .function = 7, .recipe = true};
constexpr ToolCost kClaudeTools{.once = 346, .function = 12};
constexpr ToolCost kPlainTools{.once = 12, .function = 8};

constexpr Encoding kCl100k = Encoding::cl100k_base;
constexpr Encoding kO200k = Encoding::o200k_base;

constexpr Profile openai(Encoding encoding, Framing framing, ImagePrice image = tiles(85, 170)) {
    return {.encoding = encoding,
            .framing = framing,
            .ratio = kOpenAiRatio,
            .tools = encoding == kCl100k     ? kOldOpenAiTools
                     : framing.assistant > 0 ? kHarmonyTools
                                             : kOpenAiTools,
            .image = image,
            .media = {.document_per_page = 1500}};
}

struct Row {
    std::string_view name;
    Profile profile;
};

/// By the beginning of the name, the longer of two that fit first; what follows is no letter or
/// digit.
constexpr Row kOpenAi[] = {
    {"gpt-4o-mini-search-preview", openai(kO200k, kBare, tiles(2833, 5667))},
    {"gpt-4o-search-preview", openai(kO200k, kBare)},
    {"gpt-5-search", openai(kO200k, kHarmonyAssumed, tiles(70, 140))},
    {"gpt-4o-mini", openai(kO200k, kChatMl, tiles(2833, 5667))},
    {"gpt-4o", openai(kO200k, kChatMl)},
    {"chatgpt-4o", openai(kO200k, kChatMl)},
    {"gpt-4.1-mini", openai(kO200k, kChatMl, patches(162))},
    {"gpt-4.1-nano", openai(kO200k, kChatMl, patches(246))},
    {"gpt-4.1", openai(kO200k, kChatMl)},
    {"gpt-4.5", openai(kO200k, kChatMl)},
    {"gpt-4", openai(kCl100k, kChatMl)},
    {"gpt-3.5", openai(kCl100k, kChatMl)},
    {"gpt-35", openai(kCl100k, kChatMl)},
    {"gpt-5-chat", openai(kO200k, kHarmonyAssumed, tiles(70, 140))},
    {"gpt-5-mini", openai(kO200k, kHarmony, patches(162))},
    {"gpt-5-nano", openai(kO200k, kHarmony, patches(246))},
    {"gpt-5", openai(kO200k, kHarmony, tiles(70, 140))},
    {"gpt-audio", openai(kO200k, kAssumed)},
    {"gpt-realtime", openai(kO200k, kAssumed)},
    {"gpt-image", openai(kO200k, kAssumed, tiles(65, 129))},
    {"computer-use-preview", openai(kO200k, kHarmonyAssumed, tiles(65, 129))},
    {"codex-mini", openai(kO200k, kHarmonyAssumed, patches(172))},
    {"o4-mini", openai(kO200k, kHarmonyAssumed, patches(172))},
    {"o1", openai(kO200k, kHarmonyAssumed, tiles(75, 150))},
    {"o3", openai(kO200k, kHarmonyAssumed, tiles(75, 150))},
    {"o4", openai(kO200k, kHarmonyAssumed, tiles(75, 150))},
    {"text-embedding-3", openai(kCl100k, kAssumed)},
    {"text-embedding-ada-002", openai(kCl100k, kAssumed)},
    {"babbage-002", openai(kCl100k, kAssumed)},
    {"davinci-002", openai(kCl100k, kAssumed)},
};

constexpr Profile kClaude{.ratio = kClaudeRatio,
                          .tools = kClaudeTools,
                          .image = kArea,
                          .media = {.document_per_page = 2250}};
constexpr Profile kGemini{.ratio = kGeminiRatio,
                          .tools = kPlainTools,
                          .image = kCrops,
                          .media = {.audio_per_second = 32, .document_per_page = 258}};
constexpr Profile kCohere{.ratio = kPlainRatio, .tools = kPlainTools, .image = kBlocks};
constexpr Profile kPlain{.ratio = kPlainRatio, .tools = kPlainTools, .image = kFlat};
constexpr Profile kMistral{.ratio = kMistralRatio, .tools = kPlainTools, .image = kFlat};
constexpr Profile kOpenAiUnknown = openai(Encoding::none, kAssumed);

/// Anywhere in the name: routers and Bedrock put regions and vendors in front.
constexpr Row kOthers[] = {
    {"gpt-oss", openai(kO200k, kHarmonyServed)},
    {"claude", kClaude},
    {"gemini", kGemini},
    {"gemma", kGemini},
    {"mistral", kMistral},
    {"mixtral", kMistral},
    {"ministral", kMistral},
    {"codestral", kMistral},
    {"command", kCohere},
    {"cohere", kCohere},
    {"aya", kCohere},
    {"llama", kPlain},
    {"nova", kPlain},
    {"titan", kPlain},
    {"deepseek", kPlain},
    {"qwen", kPlain},
    {"grok", kPlain},
};

bool begins(std::string_view model, std::string_view name) {
    if (!istarts_with(model, name)) return false;
    if (model.size() == name.size()) return true;
    const char next = ascii_lower(model[name.size()]);
    const bool letter = next >= 'a' && next <= 'z', digit = next >= '0' && next <= '9';
    return !letter && !digit;
}

bool contains(std::string_view model, std::string_view name) {
    for (; model.size() >= name.size(); model.remove_prefix(1))
        if (istarts_with(model, name)) return true;
    return false;
}

/// "openai/gpt-4o", "ft:gpt-4o:org::1" and "models/…" without what is in front.
std::string_view bare_name(std::string_view model) {
    model.remove_prefix(model.rfind('/') + 1);  // npos + 1 is 0
    if (model.starts_with("ft:")) model.remove_prefix(3);
    return model;
}

const Profile* by_name(std::string_view model) {
    const std::string_view bare = bare_name(model);
    for (const Row& row : kOpenAi)
        if (begins(bare, row.name)) return &row.profile;
    for (const Row& row : kOthers)
        if (contains(model, row.name)) return &row.profile;
    return nullptr;
}

}  // namespace

const Profile& profile_of(std::string_view model, std::string_view dialect) {
    constexpr size_t kLongestName = 256;
    if (const Profile* profile = by_name(model.substr(0, kLongestName))) return *profile;
    if (dialect == "openai") return kOpenAiUnknown;
    if (dialect == "anthropic") return kClaude;
    if (dialect == "gemini") return kGemini;
    if (dialect == "cohere") return kCohere;
    return kPlain;
}

Encoding encoding_of(std::string_view model) {
    return profile_of(model, {}).encoding;
}

std::string_view to_string(Encoding encoding) {
    switch (encoding) {
        case Encoding::cl100k_base:
            return "cl100k_base";
        case Encoding::o200k_base:
            return "o200k_base";
        case Encoding::none:
            break;
    }
    return "none";
}

}  // namespace weir::tokens
