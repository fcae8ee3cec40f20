/// Reading request bodies of any dialect without asking at each step whether a member is there.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "json/value.h"

namespace weir::mock {

/// The text of a content value: a string, or the texts of its parts.
std::string text_of(const json::Value& content);
/// Words of every string below `value`, as if a model read them.
int64_t words_in(const json::Value& value);
/// The member, or null.
const json::Value& at(const json::Value& value, std::string_view key);
const json::Value& at(const json::Value& value, std::string_view key, std::string_view inner);

}  // namespace weir::mock
