/// Tokens of function definitions, by the recipe that OpenAI publishes for its chat models.
///
/// The models see functions in a form of their own; the recipe (OpenAI cookbook, "How to count
/// tokens with tiktoken", tool calls) gives its cost from names, types and descriptions.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "tokens/profile.h"
#include "tokens/raw_json.h"
#include "tokens/text_meter.h"

namespace weir::tokens {

/// `list` is the raw array `tools` or `functions`. Returns what is not text; the texts are added to
/// the meter. `buffer` is scratch.
int64_t openai_tool_tokens(std::string_view list, const RawJson& raw, const ToolCost& cost,
                           TextMeter& meter, std::string& buffer);

}  // namespace weir::tokens
