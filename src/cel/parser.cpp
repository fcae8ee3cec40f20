#include "cel/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cel/literal.h"
#include "cel/parser_state.h"
#include "cel/source.h"
#include "cel/utf8.h"

namespace weir::cel {
namespace {

struct Operator {
    std::string_view text;
    int level;
    std::string_view function;
};
constexpr int kLowest = 1;
constexpr std::array<Operator, 14> kOperators{{{"||", 1, ""},
                                               {"&&", 2, ""},
                                               {"<", 3, "_<_"},
                                               {"<=", 3, "_<=_"},
                                               {">", 3, "_>_"},
                                               {">=", 3, "_>=_"},
                                               {"==", 3, "_==_"},
                                               {"!=", 3, "_!=_"},
                                               {"in", 3, "@in"},
                                               {"+", 4, "_+_"},
                                               {"-", 4, "_-_"},
                                               {"*", 5, "_*_"},
                                               {"/", 5, "_/_"},
                                               {"%", 5, "_%_"}}};

const Operator* operator_of(const Token& token) {
    const bool word = token.kind == TokenKind::identifier && token.text == "in";
    if (token.kind != TokenKind::punctuation && !word) return nullptr;
    for (const auto& candidate : kOperators)
        if (candidate.text == token.text) return &candidate;
    return nullptr;
}

}  // namespace

Result<Ast> parse(std::string_view text, const Limits& limits) {
    if (text.size() > limits.length)
        return refuse(text, limits.length,
                      fmt::format("the expression has {} bytes, {} are allowed; make it shorter",
                                  text.size(), limits.length));
    for (size_t at = 0; at < text.size();) {
        const Character c = first_character(text.substr(at));
        if (!c.valid) return refuse(text, at, "the expression is not UTF-8");
        at += c.length;
    }
    return Parser(text, limits).run();
}

Parser::Parser(std::string_view text, const Limits& limits)
    : limits_(limits), ast_{.source = std::string(text)}, lexer_(ast_.source) {}

Result<Ast> Parser::run() {
    WEIR_CHECK(advance());
    if (token_.kind == TokenKind::end) return refuse_here("the expression is empty");
    WEIR_TRY(ast_.root, expression());
    if (token_.kind != TokenKind::end)
        return refuse_here(
            "the expression ends before this; an operator is missing, or a "
            "parenthesis is too many");
    return std::move(ast_);
}

Result<void> Parser::advance() {
    WEIR_TRY(token_, lexer_.next());
    return {};
}

Result<void> Parser::expect(std::string_view mark, std::string_view why) {
    if (!token_.is(mark)) return refuse_here(why);
    return advance();
}

std::unexpected<Error> Parser::refuse_here(std::string_view why) const {
    if (token_.kind == TokenKind::end)
        return refuse(ast_.source, token_.offset, fmt::format("{} (here the text ends)", why));
    return refuse(ast_.source, token_.offset, why);
}

std::unexpected<Error> Parser::too_deep(size_t position) const {
    return refuse(ast_.source, position,
                  fmt::format("more than {} operations inside each other; split the expression",
                              limits_.nesting));
}

Result<Parser::Id> Parser::add(Node node, const std::vector<Id>& children) {
    uint32_t depth = 0;
    node.first = static_cast<uint32_t>(ast_.links.size());
    node.count = static_cast<uint32_t>(children.size());
    for (const Id child : children) {
        ast_.links.push_back(child);
        if (child != Node::kNone) depth = std::max(depth, depths_[child]);
    }
    if (depth + 1 > limits_.nesting) return too_deep(node.position);
    depths_.push_back(depth + 1);
    ast_.nodes.push_back(node);
    return static_cast<Id>(ast_.nodes.size() - 1);
}

Result<Parser::Id> Parser::literal(Value value, size_t position) {
    ast_.literals.push_back(value);
    return add({.op = Op::literal,
                .position = static_cast<uint32_t>(position),
                .name = static_cast<uint32_t>(ast_.literals.size() - 1)},
               {});
}

uint32_t Parser::intern(std::string_view name) {
    if (auto found = names_.find(name); found != names_.end()) return found->second;
    ast_.names.emplace_back(name);
    const auto index = static_cast<uint32_t>(ast_.names.size() - 1);
    names_.emplace(name, index);
    return index;
}

/// or-expression, or a chain of conditionals: c ? v : c ? v : v
Result<Parser::Id> Parser::expression() {
    if (++open_ > limits_.nesting) return too_deep(token_.offset);
    WEIR_TRY(Id first, binary(kLowest));
    if (!token_.is("?")) {
        --open_;
        return first;
    }
    const auto position = static_cast<uint32_t>(token_.offset);
    std::vector<Id> parts{first};
    while (token_.is("?")) {
        WEIR_CHECK(advance());
        WEIR_TRY(Id value, binary(kLowest));
        WEIR_CHECK(expect(":", "a conditional lacks its `: otherwise`"));
        parts.push_back(value);
        WEIR_TRY(Id next, binary(kLowest));
        parts.push_back(next);
    }
    --open_;
    return add({.op = Op::conditional, .position = position}, parts);
}

Result<Parser::Id> Parser::binary(int level) {
    WEIR_TRY(Id left, unary());
    while (const Operator* op = operator_of(token_)) {
        if (op->level < level) break;
        if (op->function.empty()) {
            WEIR_TRY(left,
                     chain(op->level == 1 ? Op::disjunction : Op::conjunction, left, op->level));
            continue;
        }
        Node node{.op = Op::call,
                  .position = static_cast<uint32_t>(token_.offset),
                  .name = intern(op->function)};
        WEIR_CHECK(advance());
        WEIR_TRY(Id right, binary(op->level + 1));
        WEIR_TRY(left, add(node, {left, right}));
    }
    return left;
}

/// a && b && c: one node, however long, so that it costs no depth.
Result<Parser::Id> Parser::chain(Op op, Id left, int level) {
    const Node node{.op = op, .position = static_cast<uint32_t>(token_.offset)};
    std::vector<Id> operands{left};
    while (token_.is(level == 1 ? "||" : "&&")) {
        WEIR_CHECK(advance());
        WEIR_TRY(Id right, binary(level + 1));
        operands.push_back(right);
    }
    return add(node, operands);
}

Result<Parser::Id> Parser::unary() {
    if (!token_.is("!") && !token_.is("-")) return member();
    const std::string_view mark = token_.text;
    std::vector<size_t> positions;
    while (token_.is(mark)) {
        positions.push_back(token_.offset);
        if (positions.size() > limits_.nesting) return too_deep(token_.offset);
        WEIR_CHECK(advance());
    }
    const bool digits = token_.kind == TokenKind::integer || token_.kind == TokenKind::real;
    Id operand = 0;
    if (mark == "-" && digits) {  // -9223372036854775808 is a literal: its digits alone do not fit
        WEIR_TRY(operand, number(true, positions.back()));
        positions.pop_back();
    } else {
        WEIR_TRY(operand, member());
    }
    const uint32_t name = intern(mark == "-" ? "-_" : "!_");
    for (; !positions.empty(); positions.pop_back()) {
        const auto position = static_cast<uint32_t>(positions.back());
        WEIR_TRY(operand, add({.op = Op::call, .position = position, .name = name}, {operand}));
    }
    return operand;
}

Result<Parser::Id> Parser::member() {
    WEIR_TRY(Id target, primary());
    while (true) {
        if (token_.is(".")) {
            WEIR_TRY(target, selection(target));
        } else if (token_.is("[")) {
            Node node{.op = Op::call,
                      .position = static_cast<uint32_t>(token_.offset),
                      .name = intern("_[_]")};
            WEIR_CHECK(advance());
            WEIR_TRY(Id index, expression());
            WEIR_CHECK(expect("]", "an index does not end; close it with ]"));
            WEIR_TRY(target, add(node, {target, index}));
        } else {
            return target;
        }
    }
}

Result<Parser::Id> Parser::selection(Id target) {
    WEIR_CHECK(advance());
    const Token field = token_;
    const bool quoted = field.kind == TokenKind::quoted;
    if (field.is("?")) return refuse_here("optional fields are not supported; use has(a.b)");
    if (!quoted && (field.kind != TokenKind::identifier || field.text == "in" ||
                    field.text == "true" || field.text == "false" || field.text == "null"))
        return refuse_here("a field name must follow the dot; for other names use ['…']");
    WEIR_CHECK(advance());
    if (!quoted && token_.is("(")) {
        WEIR_CHECK(advance());
        WEIR_TRY(std::vector<Id> args, arguments(")"));
        args.insert(args.begin(), target);
        return member_call(field.text, args, field.offset);
    }
    return add({.op = Op::select,
                .flag = quoted && !is_identifier(field.text),
                .position = static_cast<uint32_t>(field.offset),
                .name = intern(field.text)},
               {target});
}

Result<std::vector<Parser::Id>> Parser::arguments(std::string_view close) {
    std::vector<Id> out;
    while (!token_.is(close)) {
        WEIR_TRY(Id arg, expression());
        out.push_back(arg);
        if (token_.is(close)) break;
        WEIR_CHECK(expect(",", fmt::format("a comma or {} must follow here", close)));
        if (token_.is(close) && close == ")") return refuse_here("an argument is missing");
    }
    WEIR_CHECK(advance());
    return out;
}

Result<Parser::Id> Parser::primary() {
    switch (token_.kind) {
        case TokenKind::integer:
        case TokenKind::natural:
        case TokenKind::real:
            return number(false, token_.offset);
        case TokenKind::string:
        case TokenKind::bytes:
            return text();
        case TokenKind::identifier:
            return identifier();
        default:
            break;
    }
    if (token_.is(".")) return identifier();
    if (token_.is("[")) return list();
    if (token_.is("{")) return map();
    if (!token_.is("(")) return refuse_here("a value must stand here");
    WEIR_CHECK(advance());
    WEIR_TRY(Id inner, expression());
    WEIR_CHECK(expect(")", "a parenthesis is not closed; an operator or ) must follow here"));
    return inner;
}

Result<Parser::Id> Parser::identifier() {
    const size_t position = token_.offset;
    const bool dot = token_.is(".");
    if (dot) WEIR_CHECK(advance());
    const std::string name(token_.text);
    if (token_.kind != TokenKind::identifier || name == "in" || is_reserved(name))
        return refuse_here(fmt::format("a name must stand here{}",
                                       is_reserved(name) ? "; this is a reserved word" : ""));
    WEIR_CHECK(advance());
    if (!dot && (name == "true" || name == "false"))
        return literal(Value::boolean(name == "true"), position);
    if (!dot && name == "null") return literal(Value::null(), position);
    if (token_.is("{"))
        return refuse_here("messages cannot be built here; use a map, {'field': value}");
    if (!token_.is("("))
        return add({.op = Op::identifier,
                    .flag = dot,
                    .position = static_cast<uint32_t>(position),
                    .name = intern(name)},
                   {});
    WEIR_CHECK(advance());
    WEIR_TRY(std::vector<Id> args, arguments(")"));
    return call(name, args, position);
}

Result<Parser::Id> Parser::list() {
    const Node node{.op = Op::list, .position = static_cast<uint32_t>(token_.offset)};
    WEIR_CHECK(advance());
    WEIR_TRY(std::vector<Id> items, arguments("]"));
    return add(node, items);
}

Result<Parser::Id> Parser::map() {
    const Node node{.op = Op::map, .position = static_cast<uint32_t>(token_.offset)};
    WEIR_CHECK(advance());
    std::vector<Id> entries;
    while (!token_.is("}")) {
        WEIR_TRY(Id key, expression());
        WEIR_CHECK(expect(":", "a map has `key: value`; the colon is missing"));
        WEIR_TRY(Id value, expression());
        entries.push_back(key);
        entries.push_back(value);
        if (token_.is("}")) break;
        WEIR_CHECK(expect(",", "a comma or } must follow here"));
    }
    WEIR_CHECK(advance());
    return add(node, entries);
}

Result<Parser::Id> Parser::number(bool negative, size_t position) {
    const Token digits = token_;
    WEIR_CHECK(advance());
    if (digits.kind == TokenKind::real) {
        const auto value = read_real(digits.text);
        if (!value) return refuse(ast_.source, digits.offset, "the number does not fit a double");
        return literal(Value::real(negative ? -*value : *value), position);
    }
    const auto value = read_natural(digits.text);
    if (value && digits.kind == TokenKind::natural)
        return literal(Value::natural(*value), position);
    constexpr uint64_t kLargest = INT64_MAX;
    if (!value || *value > kLargest + (negative ? 1 : 0))
        return refuse(ast_.source, digits.offset,
                      "the number does not fit 64 bits; large unsigned ones end in u");
    return literal(Value::integer(static_cast<int64_t>(negative ? 0 - *value : *value)), position);
}

Result<Parser::Id> Parser::text() {
    const Token quoted = token_;
    WEIR_CHECK(advance());
    const bool bytes = quoted.kind == TokenKind::bytes;
    std::string said(quoted.text);
    if (!quoted.raw) {
        auto plain = unescape(quoted.text, bytes);
        if (!plain)
            return refuse(ast_.source, quoted.body + plain.error().offset, plain.error().why);
        said = std::move(*plain);
    }
    ast_.texts.push_back(std::move(said));
    const std::string_view kept = ast_.texts.back();
    return literal(bytes ? Value::bytes(kept) : Value::string(kept), quoted.offset);
}

}  // namespace weir::cel
