/// JSON that fits a schema: tool arguments and structured answers of the mock provider.
#pragma once
#include <string_view>

#include "json/value.h"

namespace weir::mock {

/// A value that the schema (JSON Schema, the part that tools use) allows. Strings without an enum,
/// const or default take the name that `text` seems to be about ("Paris" of "What is the weather in
/// Paris?"); numbers are the least allowed, lists have their least length. Only what is required is
/// filled in, or everything if nothing is. Deterministic.
json::Value sample_value(const json::Value& schema, std::string_view text);

}  // namespace weir::mock
