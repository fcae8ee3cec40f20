/// What a Gemini model can do, as far as its name tells.
///
/// Names as they occur in paths: "gemini-2.5-flash", "gemini-3-pro-preview", "gemini-flash-latest".
/// Sources: Gemini API, "Structured output", "Thinking", "Thought signatures", "Media resolution".
/// Pure functions, any thread.
#pragma once
#include <string_view>

namespace weir::dialect::gemini {

/// Takes JSON Schema as it is; older ones know a subset of OpenAPI's only.
bool takes_json_schema(std::string_view model);
/// Thinks in levels (gemini-3 and later); older ones have a budget of tokens.
bool thinks_in_levels(std::string_view model);
/// Thinks at all.
bool thinks(std::string_view model);
/// Refuses its own tool calls when they come back without their signature.
bool wants_signatures(std::string_view model);
/// Looks at each image as closely as it is told.
bool takes_media_resolution(std::string_view model);
bool is_flash(std::string_view model);
/// Embeds one input with :embedContent; other models answer :predict.
bool embeds_content(std::string_view model);

}  // namespace weir::dialect::gemini
