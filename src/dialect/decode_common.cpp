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

Result<bool> decode_plain_setting(std::string_view key, json::Value& value, Settings& settings,
                                  std::span<const PlainSetting> numbers,
                                  std::span<const PlainSetting> words) {
    for (const auto& number : numbers) {
        if (key != number.key) continue;
        if (!value.is_number()) return invalid(std::string(key), "must be a number");
        settings.*number.member = {number.key, std::move(value)};
        return true;
    }
    for (const auto& word : words) {
        if (key != word.key) continue;
        if (!value.is_string()) return invalid(std::string(key), "must be a string");
        settings.*word.member = {word.key, std::move(value)};
        return true;
    }
    return false;
}

}  // namespace weir::dialect
