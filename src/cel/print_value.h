/// Values as text, as string() and the format clause %s give them. Pure functions.
#pragma once
#include <string>

#include "cel/text_builder.h"
#include "cel/value.h"

namespace weir::cel {

/// Of anything but a list or a map.
std::string print_scalar(const Value& value);
/// Of anything: "[1, a]", "{k: v}" with keys in the order of their texts.
void print_value(Run& run, const Value& value, TextBuilder& out);
/// Shortest digits that read back equal; "NaN", "Infinity", "-Infinity".
std::string print_real(double d);

}  // namespace weir::cel
