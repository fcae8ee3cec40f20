#include "tokens/answer_meter.h"

#include <algorithm>

namespace weir::tokens {
namespace {

constexpr std::size_t kAtOnce = 4096;       // bytes of text that wait to be counted
constexpr std::size_t kTail = 96;           // that may be counted again and again
constexpr std::size_t kLine = 1024 * 1024;  // an event that is longer is not looked at

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/// The last place where one word ends and another begins, as every splitter sees it; 0: none.
std::size_t last_boundary(std::string_view text) {
    for (std::size_t at = text.size() < 2 ? 0 : text.size() - 2; at > 0; --at)
        if (text[at] == ' ' && is_letter(text[at + 1]) && !is_space(text[at - 1])) return at;
    return 0;
}

/// The inside of the string that is the member's value; `at` is behind the member's name.
std::string_view string_value(std::string_view text, std::size_t at) {
    while (at < text.size() && (is_space(text[at]) || text[at] == ':'))
        ++at;
    if (at >= text.size() || text[at] != '"') return {};
    std::size_t begin = ++at;
    while (at < text.size() && text[at] != '"')
        at += text[at] == '\\' ? 2 : 1;
    return at < text.size() ? text.substr(begin, at - begin) : std::string_view();
}

int hex(std::string_view text, std::size_t at) {
    int value = 0;
    for (std::size_t i = at; i < at + 4; ++i) {
        char c = i < text.size() ? text[i] : 'x';
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

void append_utf8(std::string& out, int point) {
    auto put = [&](int bits) { out += static_cast<char>(bits); };
    if (point < 0x80) return put(point);
    if (point < 0x800) {
        put(0xc0 | point >> 6);
    } else {
        if (point < 0x10000) {
            put(0xe0 | point >> 12);
        } else {
            put(0xf0 | point >> 18);
            put(0x80 | (point >> 12 & 0x3f));
        }
        put(0x80 | (point >> 6 & 0x3f));
    }
    put(0x80 | (point & 0x3f));
}

/// The text of a \\u escape (RFC 8259 §7) whose digits begin at `at`; returns how many bytes it
/// took.
std::size_t append_escape(std::string& out, std::string_view raw, std::size_t at) {
    int point = hex(raw, at);
    if (point < 0) return 0;
    bool high = point >= 0xd800 && point < 0xdc00;
    int low = high && raw.substr(at + 4, 2) == "\\u" ? hex(raw, at + 6) : -1;
    if (low >= 0xdc00 && low < 0xe000) {
        append_utf8(out, 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00));
        return 10;
    }
    append_utf8(out, point >= 0xd800 && point < 0xe000 ? 0xfffd : point);
    return 4;
}

/// What a provider sent is not judged before it is passed on: any bytes are taken.
void append_text(std::string& out, std::string_view raw) {
    constexpr std::string_view kLetters = "bfnrt", kMeans = "\b\f\n\r\t";
    for (std::size_t at = 0; at < raw.size(); ++at) {
        if (raw[at] != '\\' || at + 1 == raw.size()) {
            out += raw[at];
            continue;
        }
        char escape = raw[++at];
        if (escape == 'u') {
            at += append_escape(out, raw, at + 1);
            continue;
        }
        auto known = kLetters.find(escape);
        out += known == std::string_view::npos ? escape : kMeans[known];
    }
}

}  // namespace

void AnswerMeter::begin(const Vocabulary* vocabulary, std::span<const std::string_view> members) {
    vocabulary_ = vocabulary;
    members_ = members;
    partial_.clear();
    text_.clear();
    counted_ = texts_ = 0;
}

void AnswerMeter::events(std::string_view bytes) {
    if (!vocabulary_) return;
    while (!bytes.empty()) {
        auto end = bytes.find('\n');
        std::string_view part = bytes.substr(0, end);
        bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
        if (end == std::string_view::npos || !partial_.empty()) {
            if (partial_.size() + part.size() <= kLine) partial_.append(part);
            if (end == std::string_view::npos) return;
            line(partial_);
            partial_.clear();
        } else {
            line(part);
        }
    }
}

void AnswerMeter::line(std::string_view text) {
    if (!text.starts_with("data:")) return;
    for (std::string_view name : members_)
        for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1))
            add(string_value(text, at + name.size()));
    if (text_.size() > kAtOnce) settle(kAtOnce);
}

void AnswerMeter::add(std::string_view raw) {
    texts_ += !raw.empty();
    append_text(text_, raw);
}

/// Counts all but the end, which the next event may go on with.
void AnswerMeter::settle(std::size_t keep) {
    std::size_t end = last_boundary(text_);
    if (end == 0 && text_.size() > 2 * kAtOnce) end = text_.size();  // no words: one long piece
    if (end == 0 || text_.size() <= keep) return;
    counted_ += static_cast<uint64_t>(
        counter_.count(*vocabulary_, std::string_view(text_).substr(0, end)).tokens);
    text_.erase(0, end);
}

uint64_t AnswerMeter::tokens() {
    if (!vocabulary_) return 0;
    settle(kTail);
    auto rest = static_cast<uint64_t>(counter_.count(*vocabulary_, text_).tokens);
    return std::max(counted_ + rest, texts_);
}

}  // namespace weir::tokens
