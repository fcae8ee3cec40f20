#include "mock/text.h"

#include <algorithm>

namespace weir::mock {
namespace {

constexpr bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

template <class F>
void each_word(std::string_view text, F&& fn) {
    for (std::size_t at = 0; at < text.size();) {
        while (at < text.size() && is_space(text[at]))
            ++at;
        std::size_t begin = at;
        while (at < text.size() && !is_space(text[at]))
            ++at;
        if (at > begin) fn(text.substr(begin, at - begin));
    }
}

}  // namespace

std::vector<std::string_view> split_words(std::string_view text) {
    std::vector<std::string_view> words;
    each_word(text, [&](std::string_view word) { words.push_back(word); });
    return words;
}

int64_t count_words(std::string_view text) {
    int64_t count = 0;
    each_word(text, [&](std::string_view) { ++count; });
    return count;
}

std::string_view clip(std::string_view text, std::size_t limit) {
    if (text.size() <= limit) return text;
    while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80)
        --limit;
    return text.substr(0, limit);
}

uint64_t hash_text(std::string_view text, uint64_t seed) {
    for (unsigned char c : text)
        seed = (seed ^ c) * 0x100000001B3;
    return seed;
}

int64_t count_characters(std::string_view text) {
    return std::count_if(text.begin(), text.end(),
                         [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

}  // namespace weir::mock
