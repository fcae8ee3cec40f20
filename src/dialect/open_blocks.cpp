#include "dialect/open_blocks.h"

namespace weir::dialect {

void ArgumentsText::read(std::string_view text) {
    for (char c : text) {
        if (in_string_) {
            if (escaped_)
                escaped_ = false;
            else if (c == '\\')
                escaped_ = true;
            else if (c == '"')
                in_string_ = false;
        } else if (c == '"') {
            in_string_ = true;
        } else if (c == '{' || c == '[') {
            ++depth_;
            begun_ = true;
        } else if (c == '}' || c == ']') {
            --depth_;
        }
    }
}

}  // namespace weir::dialect
