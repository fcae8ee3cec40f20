/// The comparisons that conformance/README.md defines. For tests only.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "dialect/usage.h"
#include "json/value.h"

namespace weir::dialect::test {

/// Empty if `actual` is as `expected` says, else the first difference with its place.
/// "equal": the same JSON, where null and absent are one; "subset": everything given is there.
std::string difference(std::string_view match, const json::Value& expected,
                       const json::Value& actual);
/// As difference(), without the members named (at any depth; `tool_call_ids` as the README says).
std::string difference_ignoring(const std::vector<std::string>& ignore, json::Value expected,
                                json::Value actual, std::string_view match = "equal");

/// The JSON of each `data:` event; the terminal [DONE] as a string.
std::vector<json::Value> sse_values(std::string_view text);
/// Compares event by event.
std::string sse_difference(const std::vector<std::string>& ignore, std::string_view expected,
                           std::string_view actual);

/// "a.b.c" in an object; null if it is not there.
const json::Value* at_dotted(const json::Value& value, std::string_view path);
/// `"created":123` for every date and one word for every UUID.
std::string undated(std::string text);

/// Compares the counts given (an absent count is zero).
std::string usage_difference(const json::Value& expected, const Usage& actual);

}  // namespace weir::dialect::test
