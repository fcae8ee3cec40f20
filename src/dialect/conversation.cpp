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
    std::string out("/");
    out.append(message.member);
    if (message.index >= 0) out.append("/").append(std::to_string(message.index));
    return out;
}

std::string pointer(const Message& message, const Part& part) {
    std::string out = pointer(message);
    if (!part.place.member.empty()) out = pointer(std::move(out), part.place.member);
    if (part.place.index >= 0) out.append("/").append(std::to_string(part.place.index));
    return out;
}

std::string pointer(const Tool& tool) {
    std::string out("/");
    out.append(tool.member).append("/").append(std::to_string(tool.index));
    if (tool.item >= 0)
        out.append("/").append(tool.scope).append("/").append(std::to_string(tool.item));
    return out;
}

std::string pointer(const Tool& tool, std::string_view key) {
    std::string out = pointer(tool);
    if (!tool.scope.empty() && tool.item < 0) out.append("/").append(tool.scope);
    return pointer(std::move(out), key);
}

std::string reply_pointer(const Part& part, std::string_view member) {
    std::string out("/");
    out.append(part.place.member);
    if (part.place.index >= 0) out.append("/").append(std::to_string(part.place.index));
    if (!member.empty()) out.append("/").append(member);
    return out;
}

std::string pointer(const Setting& setting) {
    return "/" + std::string(setting.key);
}

}  // namespace weir::dialect
