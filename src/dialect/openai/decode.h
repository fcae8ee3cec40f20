/// Shared by the two halves of decoding an OpenAI request: messages, and everything else.
#pragma once
#include <string>
#include <string_view>

#include "base/error.h"
#include "dialect/conversation.h"

namespace weir::dialect::openai {

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

/// One entry of `messages`.
Result<Message> decode_message(json::Value value, int index);

}  // namespace weir::dialect::openai
