#include "http/form_scanner.h"

#include <cstring>
#include <utility>

#include "base/ascii.h"
#include "http/form_head.h"

namespace weir::http {
namespace {
constexpr const char* kLongHead = "the head of a part of the form is too long";
constexpr const char* kLongValue = "a field of the form that must be short is too long";
}  // namespace

// The first delimiter may be the body's first line: its CR LF is taken as read.
FormScanner::FormScanner(std::string_view boundary, std::string field)
    : delimiter_("\n--"), field_(std::move(field)), matched_(1) {
    delimiter_ += boundary;
}

const char* FormScanner::feed(std::string_view piece) {
    while (!piece.empty()) {
        const char* bad = nullptr;
        if (state_ == State::data) {
            bad = data(piece);
        } else if (state_ == State::epilogue) {
            offset_ += piece.size();
            break;
        } else {
            char c = piece.front();
            piece.remove_prefix(1);
            ++offset_;
            bad = state_ == State::head ? head(c) : delimiter_end(c);
        }
        if (bad) return bad;
    }
    return nullptr;
}

/// Takes the content of a part off the front of `piece`, up to the end of a delimiter in it.
const char* FormScanner::data(std::string_view& piece) {
    std::size_t at = 0;
    while (at < piece.size() && matched_ < delimiter_.size()) {
        char c = piece[at];
        if (matched_ > 0 && c == delimiter_[matched_]) {
            ++matched_;
            ++at;
            continue;
        }
        if (matched_ > 0) previous_ = delimiter_[matched_ - 1];
        matched_ = 0;
        const void* line = std::memchr(piece.data() + at, '\n', piece.size() - at);
        if (!line) {
            at = piece.size();
            previous_ = piece.back();
            break;
        }
        std::size_t found = static_cast<std::size_t>(static_cast<const char*>(line) - piece.data());
        if (found > 0) previous_ = piece[found - 1];
        matched_ = 1;
        at = found + 1;
    }
    const char* bad = keep(piece.substr(0, at));
    offset_ += at;
    piece.remove_prefix(at);
    if (!bad && matched_ == delimiter_.size()) bad = delimiter_found();
    return bad;
}

const char* FormScanner::keep(std::string_view bytes) {
    if (kind_ != Kind::field) return nullptr;
    if (value_.size() + bytes.size() > kMaxValue + delimiter_.size() + 1) return kLongValue;
    value_.append(bytes);
    return nullptr;
}

const char* FormScanner::delimiter_found() {
    if (previous_ != '\r') return "a boundary of the form follows a bare line feed";
    if (kind_ != Kind::preamble && offset_ - content_ < delimiter_.size() + 1)
        return "a part of the form has no empty line behind its head";
    if (kind_ == Kind::field) {
        value_.resize(value_.size() - delimiter_.size() - 1);
        found_ = true;
    }
    matched_ = 0;
    tail_ = 0;
    state_ = State::delimiter_end;
    return nullptr;
}

/// The rest of a delimiter's line: nothing, or the two hyphens of the last one (white space may be
/// added by transports, RFC 2046 §5.1.1).
const char* FormScanner::delimiter_end(char c) {
    static constexpr const char* kBad =
        "a boundary of the form has something behind it on its line";
    char before = std::exchange(tail_, c);
    if (before == '\r') {
        if (c != '\n') return kBad;
        head_.clear();
        state_ = State::head;
        return nullptr;
    }
    if (before == '-') {
        if (c != '-') return kBad;
        state_ = State::epilogue;
        return nullptr;
    }
    if (c == '\r' || c == ' ' || c == '\t') return nullptr;
    return c == '-' && before == 0 ? nullptr : kBad;
}

const char* FormScanner::head(char c) {
    if (c == '\0') return "the head of a part of the form has a NUL byte";
    if (!head_.empty() && head_.back() == '\r' && c != '\n')
        return "the head of a part of the form has a bare carriage return";
    if (c == '\n' && (head_.empty() || head_.back() != '\r'))
        return "the head of a part of the form has a bare line feed";
    if (head_.size() == kMaxHead) return kLongHead;
    head_ += c;
    if (head_ == "\r\n" || head_.ends_with("\r\n\r\n")) return begin_part();
    return nullptr;
}

const char* FormScanner::begin_part() {
    PartHead part;
    if (const char* bad =
            parse_part_head(std::string_view(head_).substr(0, head_.size() - 2), part))
        return bad;
    head_.clear();
    file_begun_ = file_begun_ || part.file;
    state_ = State::data;
    matched_ = 1;  // lenient parsers take the head's last CR LF for a delimiter's: told apart there
    previous_ = '\r';
    content_ = offset_;
    kind_ = Kind::other;
    if (part.name != field_) return nullptr;
    if (found_) return "the form names a field twice that must be unique";
    if (part.file || part.encoded)
        return "a field of the form that must be text is a file, or encoded";
    kind_ = Kind::field;
    value_.clear();
    value_begin_ = content_;
    return nullptr;
}

const char* FormScanner::finish() const {
    return state_ == State::epilogue ? nullptr : "the form ends before its last boundary";
}

std::string form_boundary(std::string_view content_type) {
    auto semicolon = content_type.find(';');
    if (semicolon == std::string_view::npos) return {};
    std::string_view rest = content_type.substr(semicolon);
    std::string_view name;
    std::string value;
    std::string boundary;
    bool bad = false;
    bool seen = false;
    while (next_parameter(rest, name, value, bad)) {
        if (!iequals(name, "boundary")) continue;
        if (seen) return {};
        seen = true;
        boundary = value;
    }
    static constexpr std::string_view kAllowed =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'()+_,-./:=? ";
    bool fits = !bad && boundary.size() <= 70 && !boundary.ends_with(' ') &&
                boundary.find_first_not_of(kAllowed) == std::string::npos;
    return fits ? boundary : std::string();
}

}  // namespace weir::http
