#include "mock/body.h"

#include "mock/text.h"

namespace weir::mock {

using json::Value;

std::string text_of(const Value& content) {
    if (content.is_string()) return std::string(content.text());
    std::string out;
    for (const Value& part : content.items()) {
        std::string piece;
        if (part.is_string()) {
            piece = part.text();
        } else if (const Value* text = part.find("text"); text && text->is_string()) {
            piece = text->text();
        } else if (const Value* document = part.find("json")) {
            piece = json::serialize(*document);  // Bedrock tool results
        }
        if (!out.empty() && !piece.empty()) out += ' ';
        out += piece;
    }
    return out;
}

int64_t words_in(const Value& value) {
    int64_t words = value.is_string() ? count_words(value.text()) : 0;
    for (const Value& item : value.items())
        words += words_in(item);
    for (const auto& member : value.members())
        words += words_in(member.value);
    return words;
}

const Value& at(const Value& value, std::string_view key) {
    static const Value kNothing;
    const Value* found = value.find(key);
    return found ? *found : kNothing;
}

const Value& at(const Value& value, std::string_view key, std::string_view inner) {
    return at(at(value, key), inner);
}

}  // namespace weir::mock
