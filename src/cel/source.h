/// Where in an expression something is, for people: "column 7", or "line 2, column 3" if it has
/// several lines. Columns count characters from 1. Pure functions.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace weir::cel {

std::string place(std::string_view expression, size_t offset);
/// config.invalid: "column 7: …".
std::unexpected<Error> refuse(std::string_view expression, size_t offset, std::string_view why);

}  // namespace weir::cel
