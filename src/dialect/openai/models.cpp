#include <span>

#include "dialect/openai/request_encoder.h"

namespace weir::dialect::openai {
namespace {

// Names as they occur in ids: "o3-mini", "openai/gpt-5-codex". Sources: OpenAI "Reasoning models";
// the API references of the other families.
constexpr std::string_view kEffort[] = {"gpt-5", "gpt-6",       "gpt-oss",
                                        "codex", "grok-3-mini", "grok-4"};
constexpr std::string_view kBudget[] = {"claude", "glm-", "deepseek-v3", "kimi-k2", "doubao"};

bool names_one_of(std::string_view model, std::span<const std::string_view> names) {
    for (std::string_view name : names)
        if (model.find(name) != std::string_view::npos) return true;
    return false;
}

// o1, o3-mini, openai/o4-mini: a letter and a digit at the start of a name.
bool is_o_series(std::string_view model) {
    const size_t slash = model.rfind('/');
    if (slash != std::string_view::npos) model.remove_prefix(slash + 1);
    return model.size() >= 2 && model[0] == 'o' && model[1] >= '1' && model[1] <= '9' &&
           (model.size() == 2 || model[2] == '-');
}

}  // namespace

ThinkingStyle thinking_style(std::string_view model) {
    if (names_one_of(model, kBudget)) return ThinkingStyle::budget;
    if (is_o_series(model) || names_one_of(model, kEffort)) return ThinkingStyle::effort;
    return ThinkingStyle::none;
}

bool is_claude(std::string_view model) {
    return model.find("claude") != std::string_view::npos;
}

}  // namespace weir::dialect::openai
