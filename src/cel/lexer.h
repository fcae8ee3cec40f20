/// An expression as tokens. A Lexer borrows the text; tokens point into it. Fails at a place with
/// config.invalid. Grammar: cel-spec, doc/langdef.md, "Syntax".
#pragma once
#include <string_view>

#include "base/error.h"

namespace weir::cel {

enum class TokenKind : uint8_t {
    end,
    identifier,  ///< also true, false, null, in and reserved words
    quoted,      ///< `any-name` as a field, without its backticks
    integer,
    natural,  ///< without its u
    real,
    string,
    bytes,
    punctuation,
};

struct Token {
    TokenKind kind = TokenKind::end;
    bool raw = false;       ///< of a string or bytes: backslashes are ordinary
    size_t offset = 0;      ///< of its first byte
    size_t body = 0;        ///< of the first byte of `text`
    std::string_view text;  ///< of a string or bytes: what is between the quotes

    bool is(std::string_view mark) const { return kind == TokenKind::punctuation && text == mark; }
};

class Lexer {
public:
    explicit Lexer(std::string_view source) : source_(source) {}
    Result<Token> next();

private:
    void skip_space();
    Result<Token> number();
    Result<Token> quoted_name();
    Result<Token> text(size_t prefix);
    Result<Token> punctuation();
    size_t text_prefix() const;
    Token token(TokenKind kind, size_t length);
    char peek(size_t ahead = 0) const {
        return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
    }

    std::string_view source_;
    size_t at_ = 0;
};

/// Words that are no identifiers, but may be fields and methods: "as", "break", …
bool is_reserved(std::string_view word);
bool is_identifier(std::string_view text);

}  // namespace weir::cel
