#include "http/h1/head_lines.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace weir::http::h1 {
namespace {

using Table = std::array<bool, 256>;

/// tchar of RFC 9110 §5.6.2.
constexpr Table kToken = [] {
    Table table{};
    for (unsigned char c = '0'; c <= '9'; ++c)
        table[c] = true;
    for (unsigned char c = 'a'; c <= 'z'; ++c)
        table[c] = table[c - 'a' + 'A'] = true;
    for (unsigned char c :
         {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'})
        table[c] = true;
    return table;
}();

bool is_token(char c) {
    return kToken[static_cast<unsigned char>(c)];
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// True for what may stand in a value or a reason: HTAB, SP, VCHAR, obs-text (RFC 9110 §5.5).
bool is_text(char c) {
    auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

/// The first byte of `word` (in memory order) below 0x20 or equal to 0x7f, as an index; 8: none.
/// The borrows of these subtractions reach only bytes after a true one, so the first is exact.
int first_control(uint64_t word) {
    constexpr uint64_t kOnes = 0x0101010101010101;
    constexpr uint64_t kHigh = 0x8080808080808080;
    uint64_t low = (word - kOnes * 0x20) & ~word & kHigh;
    uint64_t other = word ^ (kOnes * 0x7f);
    uint64_t del = (other - kOnes) & ~other & kHigh;
    return std::countr_zero(low | del) / 8;
}

/// The first byte that is no text.
const char* skip_text(const char* at, const char* end) {
    while (true) {
        if constexpr (std::endian::native == std::endian::little) {
            while (end - at >= 8) {
                uint64_t word;
                std::memcpy(&word, at, sizeof word);
                int stop = first_control(word);
                at += stop;
                if (stop != 8) break;
            }
        }
        while (at != end && is_text(*at) && *at != '\t')
            ++at;
        if (at == end || *at != '\t') return at;
        ++at;
    }
}

}  // namespace

bool is_token(std::string_view text) {
    for (char c : text)
        if (!is_token(c)) return false;
    return !text.empty();
}

bool HeadLines::line_end() {
    if (end_ - at_ < 2 || at_[0] != '\r' || at_[1] != '\n') return false;
    at_ += 2;
    return true;
}

bool HeadLines::version(int& minor) {
    if (end_ - at_ < 8 || std::memcmp(at_, "HTTP/1.", 7) != 0) return false;
    if (at_[7] != '0' && at_[7] != '1') return false;
    minor = at_[7] - '0';
    at_ += 8;
    return true;
}

const char* HeadLines::request_line(std::string_view& method, std::string_view& target,
                                    int& minor) {
    const char* begin = at_;
    while (at_ != end_ && is_token(*at_))
        ++at_;
    method = {begin, at_};
    if (method.empty() || at_ == end_ || *at_ != ' ') return "the method is not a token";
    begin = ++at_;
    while (at_ != end_ && *at_ > ' ' &&
           *at_ < 0x7f)  // printable ASCII (RFC 3986 §2), signed or not
        ++at_;
    target = {begin, at_};
    if (target.empty() || at_ == end_ || *at_ != ' ')
        return "the request target is missing or has a forbidden character";
    ++at_;
    if (!version(minor) || !line_end()) return "the version is not HTTP/1.0 or HTTP/1.1";
    return nullptr;
}

const char* HeadLines::status_line(int& status, std::string_view& reason, int& minor) {
    if (!version(minor) || end_ - at_ < 5 || at_[0] != ' ')
        return "the version is not HTTP/1.0 or HTTP/1.1";
    if (!is_digit(at_[1]) || !is_digit(at_[2]) || !is_digit(at_[3]) || at_[4] != ' ')
        return "the status is not three digits";
    status = (at_[1] - '0') * 100 + (at_[2] - '0') * 10 + (at_[3] - '0');
    at_ += 5;
    const char* begin = at_;
    at_ = skip_text(at_, end_);
    reason = {begin, at_};
    return line_end() ? nullptr : "the reason has a forbidden character";
}

bool HeadLines::at_empty_line() const {
    return end_ - at_ >= 2 && at_[0] == '\r' && at_[1] == '\n';
}

const char* HeadLines::field(std::string_view& name, std::string_view& value) {
    const char* begin = at_;
    while (at_ != end_ && is_token(*at_))
        ++at_;
    name = {begin, at_};
    if (name.empty() || at_ == end_ || *at_ != ':')
        return "a field name is not a token followed by a colon";
    ++at_;
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t'))
        ++at_;
    begin = at_;
    at_ = skip_text(at_, end_);
    const char* last = at_;
    while (last != begin && (last[-1] == ' ' || last[-1] == '\t'))
        --last;
    value = {begin, last};
    return line_end() ? nullptr : "a field value has a forbidden character";
}

}  // namespace weir::http::h1
