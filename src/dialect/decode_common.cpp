#include "dialect/decode_common.h"

#include <algorithm>

namespace weir::dialect {

void take_unknowns(json::Value& object, std::span<const std::string_view> known, Unknowns& out) {
    for (auto& member : object.members())
        if (std::find(known.begin(), known.end(), member.key) == known.end())
            out.push_back({member.key, std::move(member.value)});
}

Result<Thinking> decode_thinking(json::Value value) {
    const std::string_view type = value.string_at("type");
    Thinking thinking;
    if (type == "enabled")
        thinking.mode = Thinking::Mode::enabled;
    else if (type == "disabled")
        thinking.mode = Thinking::Mode::disabled;
    else if (type == "adaptive")
        thinking.mode = Thinking::Mode::adaptive;
    else
        return invalid("thinking.type", "must be enabled, disabled or adaptive");
    thinking.display = value.string_at("display");
    thinking.budget = take(value, "budget_tokens");
    return thinking;
}

}  // namespace weir::dialect
