#include "tokens/text_meter.h"

#include <algorithm>

#include "json/lexer.h"

namespace weir::tokens {
namespace {

/// A place at or before `size` where a character of valid UTF-8 begins.
size_t character_start(std::string_view text, size_t size) {
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80)
        --size;
    return size;
}

}  // namespace

void TextMeter::reset(const Vocabulary* vocabulary, TextRatio ratio, size_t exact_limit) {
    vocabulary_ = vocabulary;
    ratio_ = ratio;
    left_ = exact_limit;
    counted_ = counted_size_ = beyond_ = 0;
    estimated_ = false;
    shape_ = {};
}

void TextMeter::add_raw(std::string_view inside) {
    if (!vocabulary_) return shape_.add_raw(inside);
    if (inside.find('\\') == std::string_view::npos) return count(inside);
    // Unescaping stops at the limit too. The shortest text that six raw bytes stand for is one.
    constexpr size_t kLongestEscape = 6;
    if (inside.size() / kLongestEscape > left_) {
        estimated_ = true;
        beyond_ += static_cast<int64_t>(inside.size());
        return;
    }
    unescaped_.clear();
    json::lex::append_unescaped(unescaped_, inside);
    count(unescaped_);
}

void TextMeter::add(std::string_view text) {
    vocabulary_ ? count(text) : shape_.add(text);
}

void TextMeter::add_structure(int64_t characters) {
    shape_.signs += characters;
    estimated_ = true;
}

void TextMeter::count(std::string_view text) {
    std::string_view now = text;
    if (text.size() > left_) {
        estimated_ = true;
        now = text.substr(0, character_start(text, left_));
        beyond_ += static_cast<int64_t>(text.size() - now.size());
    }
    left_ -= now.size();
    const TokenCounter::Count count = counter_.count(*vocabulary_, now);
    counted_ += count.tokens;
    counted_size_ += static_cast<int64_t>(now.size());
    estimated_ |= !count.exact;
}

int64_t TextMeter::tokens() const {
    int64_t sum = counted_ + ratio_.tokens(shape_);
    if (beyond_ == 0) return sum;
    if (counted_size_ == 0) return sum + ratio_.tokens({.plain = beyond_});
    const double each = static_cast<double>(counted_) / static_cast<double>(counted_size_);
    return sum + static_cast<int64_t>(each * static_cast<double>(beyond_) + 1);
}

}  // namespace weir::tokens
