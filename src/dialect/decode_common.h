/// What decoders of requests share: taking a body apart, and saying what is wrong with it.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dialect/conversation.h"

namespace weir::dialect {

/// dialect.invalid_request: "WHERE: WHAT".
inline std::unexpected<Error> invalid(std::string where, std::string_view what) {
    return fail(codes::dialect_request, std::move(where.append(": ").append(what)));
}

/// "list[index].member".
inline std::string at(std::string_view list, int index, std::string_view member = {}) {
    std::string out(list);
    out.append("[").append(std::to_string(index)).append("]");
    if (!member.empty()) out.append(".").append(member);
    return out;
}

/// The string; empty for other kinds.
inline std::string take_string(json::Value* value) {
    return value && value->is_string() ? std::string(value->text()) : std::string();
}

/// Moves the member out; null if there is none.
inline json::Value take(json::Value& object, std::string_view key) {
    auto* found = object.find(key);
    return found ? std::move(*found) : json::Value();
}

/// Moves every member that is not in `known` to `out`.
void take_unknowns(json::Value& object, std::span<const std::string_view> known, Unknowns& out);

/// Decodes each element of the member `key`, an array that may be missing, with
/// `decode(element, its index)` and appends it to `out`. Fails with dialect.invalid_request.
template <class T, class Decode>
Result<void> decode_list(json::Value& body, std::string_view key, std::vector<T>& out,
                         Decode decode) {
    json::Value list = take(body, key);
    if (!list.is_null() && !list.is_array()) return invalid(std::string(key), "must be an array");
    out.reserve(out.size() + list.items().size());
    int index = 0;
    for (auto& element : list.items()) {
        WEIR_TRY(auto decoded, decode(std::move(element), index++));
        out.push_back(std::move(decoded));
    }
    return {};
}
/// The same for a list that must be there.
template <class T, class Decode>
Result<void> require_list(json::Value& body, std::string_view key, std::vector<T>& out,
                          Decode decode) {
    const auto* list = body.find(key);
    if (!list || !list->is_array()) return invalid(std::string(key), "must be an array");
    return decode_list(body, key, out, decode);
}

/// {"type":"enabled","budget_tokens":…,"display":…}, as Anthropic writes it and upstream's OpenAI
/// clients do.
Result<Thinking> decode_thinking(json::Value value);

/// A member that is a plain number or string, and the setting it stands for. `key` is a literal.
struct PlainSetting {
    std::string_view key;
    Setting Settings::* member;
};
/// True if `key` was one of these, and its value taken. Fails with dialect.invalid_request for a
/// value of another type.
Result<bool> decode_plain_setting(std::string_view key, json::Value& value, Settings& settings,
                                  std::span<const PlainSetting> numbers,
                                  std::span<const PlainSetting> words = {});

}  // namespace weir::dialect
