#include "cel/lexer.h"

#include <algorithm>
#include <array>

#include "cel/source.h"

namespace weir::cel {
namespace {

bool digit(char c) {
    return c >= '0' && c <= '9';
}
bool hex_digit(char c) {
    return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

constexpr std::array<std::string_view, 17> kReserved{
    "as",  "break", "const",     "continue", "else",   "for", "function", "if",   "import",
    "let", "loop",  "namespace", "package",  "return", "var", "void",     "while"};

}  // namespace

bool is_reserved(std::string_view word) {
    return std::find(kReserved.begin(), kReserved.end(), word) != kReserved.end();
}

bool is_identifier(std::string_view text) {
    if (text.empty() || !letter(text[0])) return false;
    return std::all_of(text.begin(), text.end(), [](char c) { return letter(c) || digit(c); });
}

Token Lexer::token(TokenKind kind, size_t length) {
    Token out{kind, false, at_, at_, source_.substr(at_, length)};
    at_ += length;
    return out;
}

void Lexer::skip_space() {
    while (at_ < source_.size()) {
        const char c = source_[at_];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
            ++at_;
        } else if (c == '/' && peek(1) == '/') {
            at_ = std::min(source_.find('\n', at_), source_.size());
        } else {
            return;
        }
    }
}

Result<Token> Lexer::next() {
    skip_space();
    if (at_ == source_.size()) return Token{TokenKind::end, false, at_, at_, {}};
    const char c = peek();
    if (digit(c) || (c == '.' && digit(peek(1)))) return number();
    if (c == '`') return quoted_name();
    if (c == '"' || c == '\'') return text(0);
    if (const size_t prefix = text_prefix()) return text(prefix);
    if (letter(c)) {
        size_t length = 1;
        while (letter(peek(length)) || digit(peek(length)))
            ++length;
        return token(TokenKind::identifier, length);
    }
    return punctuation();
}

Result<Token> Lexer::number() {
    size_t length = 0;
    TokenKind kind = TokenKind::integer;
    auto digits = [&] {
        while (digit(peek(length)))
            ++length;
    };
    if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X') && hex_digit(peek(2))) {
        length = 2;
        while (hex_digit(peek(length)))
            ++length;
    } else {
        digits();
        if (peek(length) == '.' && digit(peek(length + 1))) {
            kind = TokenKind::real;
            ++length;
            digits();
        }
        if (peek(length) == 'e' || peek(length) == 'E') {
            const size_t sign = peek(length + 1) == '+' || peek(length + 1) == '-' ? 1 : 0;
            if (digit(peek(length + 1 + sign))) {
                kind = TokenKind::real;
                length += 1 + sign;
                digits();
            }
        }
    }
    const bool natural = kind == TokenKind::integer && (peek(length) == 'u' || peek(length) == 'U');
    const size_t behind = length + (natural ? 1 : 0);
    if (letter(peek(behind)) || digit(peek(behind)))
        return refuse(source_, at_, "a number ends in a letter; an unsigned one ends in u alone");
    Token out = token(natural ? TokenKind::natural : kind, length);
    at_ += natural ? 1 : 0;
    return out;
}

Result<Token> Lexer::quoted_name() {
    const size_t end = source_.find('`', at_ + 1);
    if (end == std::string_view::npos)
        return refuse(source_, at_, "a quoted field name does not end; close it with `");
    Token out{TokenKind::quoted, false, at_, at_ + 1, source_.substr(at_ + 1, end - at_ - 1)};
    const bool fine = std::all_of(out.text.begin(), out.text.end(), [](char c) {
        return letter(c) || digit(c) || std::string_view("_.-/ ").find(c) != std::string_view::npos;
    });
    if (!fine || out.text.empty())
        return refuse(source_, at_,
                      "a quoted field name has letters, digits and . - / _; use ['…'] instead");
    at_ = end + 1;
    return out;
}

/// The length of r, b or br before a quote, in any case; 0 if there is none.
size_t Lexer::text_prefix() const {
    auto quote = [&](size_t ahead) { return peek(ahead) == '"' || peek(ahead) == '\''; };
    const char first = static_cast<char>(peek() | 0x20);
    const char second = static_cast<char>(peek(1) | 0x20);
    if ((first == 'r' || first == 'b') && quote(1)) return 1;
    if (first == 'b' && second == 'r' && quote(2)) return 2;
    return 0;
}

Result<Token> Lexer::text(size_t prefix) {
    const bool bytes = prefix > 0 && (peek() | 0x20) == 'b';
    const bool raw = prefix > 0 && (peek(prefix - 1) | 0x20) == 'r';
    const char quote = peek(prefix);
    const bool triple = peek(prefix + 1) == quote && peek(prefix + 2) == quote;
    const size_t marks = triple ? 3 : 1;
    const size_t body = at_ + prefix + marks;
    for (size_t i = body; i < source_.size(); ++i) {
        const char c = source_[i];
        if (!triple && (c == '\n' || c == '\r')) break;
        if (c == '\\' && !raw) {
            ++i;  // whatever follows is no end
            if (!triple && i < source_.size() && (source_[i] == '\n' || source_[i] == '\r')) break;
            continue;
        }
        if (c != quote) continue;
        if (triple && source_.substr(i, 3) != std::string(3, quote)) continue;
        Token out{bytes ? TokenKind::bytes : TokenKind::string, raw, at_, body,
                  source_.substr(body, i - body)};
        at_ = i + marks;
        return out;
    }
    return refuse(source_, at_,
                  triple ? "a text does not end; close it with the three quotes it began with"
                         : "a text does not end on its line; close it, or write \\n or '''…'''");
}

Result<Token> Lexer::punctuation() {
    constexpr std::array<std::string_view, 6> kPairs{"&&", "||", "==", "!=", "<=", ">="};
    for (const auto pair : kPairs)
        if (source_.substr(at_, 2) == pair) return token(TokenKind::punctuation, 2);
    if (std::string_view("<>!+-*/%?:()[]{}.,").find(peek()) != std::string_view::npos)
        return token(TokenKind::punctuation, 1);
    if (peek() == '&' || peek() == '|' || peek() == '=')
        return refuse(source_, at_,
                      "there are no bit operators and no assignment; use &&, || or ==");
    return refuse(source_, at_, "no expression has this character here");
}

}  // namespace weir::cel
