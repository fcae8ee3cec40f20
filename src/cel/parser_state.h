/// The parser's own state; only parser*.cpp include it.
#pragma once
#include <initializer_list>
#include <map>
#include <vector>

#include "cel/lexer.h"
#include "cel/parser.h"

namespace weir::cel {

class Parser {
public:
    Parser(std::string_view text, const Limits& limits);
    Result<Ast> run();

private:
    using Id = uint32_t;

    Result<Id> expression();
    Result<Id> binary(int level);
    Result<Id> chain(Op op, Id left, int level);
    Result<Id> unary();
    Result<Id> member();
    Result<Id> selection(Id target);
    Result<Id> primary();
    Result<Id> identifier();
    Result<Id> list();
    Result<Id> map();
    Result<Id> number(bool negative, size_t position);
    Result<Id> text();
    Result<std::vector<Id>> arguments(std::string_view close);

    // parser_macro.cpp
    Result<Id> call(std::string_view name, const std::vector<Id>& args, size_t position);
    Result<Id> member_call(std::string_view name, const std::vector<Id>& args, size_t position);
    Result<Id> loop(Macro macro, std::string_view name, const std::vector<Id>& args,
                    size_t variables, size_t position);

    /// Appends a node; fails if the tree becomes too deep.
    Result<Id> add(Node node, const std::vector<Id>& children);
    Result<Id> literal(Value value, size_t position);
    uint32_t intern(std::string_view name);
    Result<void> advance();
    Result<void> expect(std::string_view mark, std::string_view why);
    bool word(std::string_view text) const {
        return token_.kind == TokenKind::identifier && token_.text == text;
    }
    std::unexpected<Error> refuse_here(std::string_view why) const;
    std::unexpected<Error> too_deep(size_t position) const;

    Limits limits_;
    Ast ast_;
    std::map<std::string, uint32_t, std::less<>> names_;
    std::vector<uint32_t> depths_;  ///< of each node
    size_t open_ = 0;               ///< expressions inside each other
    Lexer lexer_;
    Token token_;
};

}  // namespace weir::cel
