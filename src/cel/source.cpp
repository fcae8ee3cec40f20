#include "cel/source.h"

#include <fmt/format.h>

#include <algorithm>

#include "cel/utf8.h"

namespace weir::cel {

std::string place(std::string_view expression, size_t offset) {
    const std::string_view before = expression.substr(0, std::min(offset, expression.size()));
    const size_t line = static_cast<size_t>(std::count(before.begin(), before.end(), '\n'));
    const size_t start = line ? before.rfind('\n') + 1 : 0;
    const size_t column = count_characters(before.substr(start)) + 1;
    if (expression.find('\n') == std::string_view::npos) return fmt::format("column {}", column);
    return fmt::format("line {}, column {}", line + 1, column);
}

std::unexpected<Error> refuse(std::string_view expression, size_t offset, std::string_view why) {
    return fail(codes::config_invalid, fmt::format("{}: {}", place(expression, offset), why));
}

}  // namespace weir::cel
