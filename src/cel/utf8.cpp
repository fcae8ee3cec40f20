#include "cel/utf8.h"

namespace weir::cel {
namespace {

bool scalar(char32_t code) {
    return code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
}

size_t announced_length(unsigned char first) {
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return 2;
    if (first >= 0xE0 && first <= 0xEF) return 3;
    if (first >= 0xF0 && first <= 0xF4) return 4;
    return 0;
}

}  // namespace

Character first_character(std::string_view text) {
    const auto first = static_cast<unsigned char>(text[0]);
    const size_t length = announced_length(first);
    if (length == 1) return {first, 1, true};
    if (length == 0 || length > text.size()) return {0xFFFD, 1, false};
    char32_t code = first & (0xFF >> (length + 1));
    for (size_t i = 1; i < length; ++i) {
        const auto next = static_cast<unsigned char>(text[i]);
        if ((next & 0xC0) != 0x80) return {0xFFFD, 1, false};
        code = code << 6 | (next & 0x3F);
    }
    constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < kSmallest[length] || !scalar(code)) return {0xFFFD, 1, false};
    return {code, length, true};
}

size_t character_length(std::string_view text) {
    return first_character(text).length;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const Character c = first_character(text);
        if (!c.valid) return false;
        text.remove_prefix(c.length);
    }
    return true;
}

size_t count_characters(std::string_view text) {
    size_t count = 0;
    for (; !text.empty(); ++count)
        text.remove_prefix(character_length(text));
    return count;
}

size_t offset_of_character(std::string_view text, size_t index) {
    size_t offset = 0;
    for (; index > 0; --index) {
        if (offset == text.size()) return std::string_view::npos;
        offset += character_length(text.substr(offset));
    }
    return offset;
}

bool append_code_point(std::string& out, char32_t code) {
    if (!scalar(code)) return false;
    if (code < 0x80) {
        out += static_cast<char>(code);
        return true;
    }
    const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    constexpr unsigned char kLead[] = {0, 0xC0, 0xE0, 0xF0};
    out += static_cast<char>(kLead[more] | (code >> (6 * more)));
    for (int i = more - 1; i >= 0; --i)
        out += static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3F));
    return true;
}

}  // namespace weir::cel
