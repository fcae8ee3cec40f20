#include "dialect/conversation.h"

namespace weir::dialect {

std::string pointer(std::string base, std::string_view key) {
    base.push_back('/');
    for (char c : key) {
        if (c == '~')
            base.append("~0");
        else if (c == '/')
            base.append("~1");
        else
            base.push_back(c);
    }
    return base;
}

std::string pointer(const Message& message) {
    return "/messages/" + std::to_string(message.index);
}

std::string pointer(const Message& message, const Part& part) {
    std::string out = pointer(pointer(message), part.place.member);
    if (part.place.index >= 0) out.append("/").append(std::to_string(part.place.index));
    return out;
}

std::string pointer(const Tool& tool) {
    return "/tools/" + std::to_string(tool.index);
}

}  // namespace weir::dialect
