/// Equality and order of values, across types where numbers are concerned. Pure functions.
/// Semantics: cel-spec, doc/langdef.md, "Equality", "Ordering".
#pragma once
#include <compare>
#include <optional>

#include "cel/run.h"
#include "cel/value.h"

namespace weir::cel {

/// Equality of two numbers, texts, booleans, …; false for different kinds, lists and maps.
bool same_scalar(const Value& a, const Value& b);
/// The order of two values; nothing if they have none (different kinds, lists, maps, null).
/// A double that is no number is unordered.
std::optional<std::partial_ordering> order(const Value& a, const Value& b);
/// Deep equality. Charges a step for each element; false when they are used up (then run.over()).
bool equal(Run& run, const Value& a, const Value& b);

}  // namespace weir::cel
