/// The web search that a client asks its provider for, under the names of every dialect.
///
/// OpenAI chat has an option, Responses and Anthropic a tool, Google `googleSearch`. Each knows
/// other details; what a target has no word for is reported by its pointer. Sources: OpenAI "Web
/// search", Anthropic "Web search tool". Pure functions, any thread.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "dialect/encode_common.h"

namespace weir::dialect {

struct WebSearch {
    /// A detail and where the client wrote it; the value is null if it did not.
    struct Detail {
        std::string pointer = {};
        json::Value value = {};
    };
    Detail max_uses;
    Detail allowed_domains;
    Detail blocked_domains;
    Detail user_location;  ///< {"city":…,"region":…,"country":…,"timezone":…}
    Detail context_size;
    std::vector<std::string> others;  ///< pointers to details that are one dialect's own
};

/// OpenAI chat's member of the body for it.
inline constexpr std::string_view kWebSearchOptions = "web_search_options";

/// Of a tool that is a web search.
std::optional<WebSearch> web_search_of(const Tool& tool);
/// Of a body that has the option.
std::optional<WebSearch> web_search_of(const Conversation& conversation);

/// Anthropic's tool, as version 20250305 has it; reports what it has no word for.
json::Value anthropic_search(const WebSearch& search, Dropped& dropped);
/// The tool of OpenAI's Responses, likewise.
json::Value responses_search(const WebSearch& search, Dropped& dropped);
/// The value of OpenAI chat's option, likewise.
json::Value openai_search(const WebSearch& search, Dropped& dropped);

}  // namespace weir::dialect
