// A tree as text. Operators are always in parentheses, so nothing depends on precedence.
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "cel/lexer.h"
#include "cel/parser.h"

namespace weir::cel {
namespace {

struct Sign {
    std::string_view function;
    std::string_view text;
};
constexpr std::array<Sign, 14> kSigns{{{"_<_", "<"},
                                       {"_<=_", "<="},
                                       {"_>_", ">"},
                                       {"_>=_", ">="},
                                       {"_==_", "=="},
                                       {"_!=_", "!="},
                                       {"@in", "in"},
                                       {"_+_", "+"},
                                       {"_-_", "-"},
                                       {"_*_", "*"},
                                       {"_/_", "/"},
                                       {"_%_", "%"},
                                       {"-_", "-"},
                                       {"!_", "!"}}};

std::string_view macro_name(Macro macro) {
    constexpr std::array<std::string_view, 8> kNames{
        "", "all", "exists", "exists_one", "map", "filter", "transformList", "transformMap"};
    return kNames[static_cast<size_t>(macro)];
}

class Printer {
public:
    explicit Printer(const Ast& ast) : ast_(ast) {}
    std::string run() && {
        print(ast_.root);
        return std::move(out_);
    }

private:
    const Node& node(uint32_t id) const { return ast_.nodes[id]; }
    const std::string& name(uint32_t index) const { return ast_.names[index]; }

    void print(uint32_t id);
    void print_literal(const Value& value);
    void print_text(std::string_view text, bool bytes);
    void print_call(const Node& n);
    void print_macro(const Node& n);
    void operand(uint32_t id, bool receiver = false);
    void receiver(uint32_t id) { operand(id, true); }
    void separated(std::span<const uint32_t> ids, std::string_view by);
    void field(const Node& n) {
        out_ += '.';
        out_ += n.flag ? fmt::format("`{}`", name(n.name)) : name(n.name);
    }

    const Ast& ast_;
    std::string out_;
};

/// An operator, or a negative number, that is part of something larger.
void Printer::operand(uint32_t id, bool receiver) {
    const Node& n = node(id);
    bool wrap = n.op == Op::conjunction || n.op == Op::disjunction || n.op == Op::conditional;
    if (n.op == Op::call)
        for (const auto& sign : kSigns)
            wrap |= sign.function == name(n.name);
    if (n.op == Op::literal && receiver) wrap |= ast_.literals[n.name].is_number();
    if (wrap) out_ += '(';
    print(id);
    if (wrap) out_ += ')';
}

void Printer::separated(std::span<const uint32_t> ids, std::string_view by) {
    for (size_t i = 0; i < ids.size(); ++i) {
        if (i) out_ += by;
        if (by == ", ")
            print(ids[i]);
        else
            operand(ids[i]);
    }
}

void Printer::print(uint32_t id) {
    const Node& n = node(id);
    const auto children = ast_.children(n);
    switch (n.op) {
        case Op::literal:
            return print_literal(ast_.literals[n.name]);
        case Op::identifier:
            if (n.flag) out_ += '.';
            out_ += name(n.name);
            return;
        case Op::select:
            receiver(children[0]);
            return field(n);
        case Op::test:
            out_ += "has(";
            receiver(children[0]);
            field(n);
            out_ += ')';
            return;
        case Op::list:
            out_ += '[';
            separated(children, ", ");
            out_ += ']';
            return;
        case Op::map:
            out_ += '{';
            for (size_t i = 0; i < children.size(); ++i) {
                if (i) out_ += i % 2 ? ": " : ", ";
                print(children[i]);
            }
            out_ += '}';
            return;
        case Op::call:
        case Op::member_call:
            return print_call(n);
        case Op::conjunction:
            return separated(children, " && ");
        case Op::disjunction:
            return separated(children, " || ");
        case Op::conditional:
            for (size_t i = 0; i < children.size(); ++i) {
                if (i) out_ += i % 2 ? " ? " : " : ";
                operand(children[i]);
            }
            return;
        case Op::macro:
            return print_macro(n);
        case Op::variable:
        case Op::local:
        case Op::failure:
            return;  // only in a checked tree, which is never printed
    }
}

void Printer::print_call(const Node& n) {
    const auto children = ast_.children(n);
    const std::string& called = name(n.name);
    if (called == "_[_]") {
        receiver(children[0]);
        out_ += '[';
        print(children[1]);
        out_ += ']';
        return;
    }
    for (const auto& sign : kSigns) {
        if (n.op != Op::call || sign.function != called) continue;
        if (children.size() == 1) {
            out_ += sign.text;
            return operand(children[0], true);
        }
        operand(children[0]);
        out_ += fmt::format(" {} ", sign.text);
        return operand(children[1]);
    }
    const bool member = n.op == Op::member_call;
    if (member) {
        receiver(children[0]);
        out_ += '.';
    }
    out_ += called + "(";
    separated(children.subspan(member ? 1 : 0), ", ");
    out_ += ')';
}

void Printer::print_macro(const Node& n) {
    const auto children = ast_.children(n);
    receiver(children[0]);
    out_ += fmt::format(".{}({}", macro_name(n.macro), name(n.name));
    if (n.second != Node::kNone) out_ += ", " + name(n.second);
    for (const uint32_t child : children.subspan(1)) {
        if (child == Node::kNone) continue;
        out_ += ", ";
        print(child);
    }
    out_ += ')';
}

void Printer::print_literal(const Value& value) {
    switch (value.kind()) {
        case Kind::boolean:
            out_ += value.as_boolean() ? "true" : "false";
            return;
        case Kind::integer:
            out_ += fmt::to_string(value.as_integer());
            return;
        case Kind::natural:
            out_ += fmt::to_string(value.as_natural()) + "u";
            return;
        case Kind::real: {
            const std::string text = fmt::format("{}", value.as_real());
            out_ += text;
            if (text.find_first_of(".e") == std::string::npos) out_ += ".0";
            return;
        }
        case Kind::string:
            return print_text(value.text(), false);
        case Kind::bytes:
            return print_text(value.text(), true);
        default:
            out_ += "null";
    }
}

void Printer::print_text(std::string_view text, bool bytes) {
    out_ += bytes ? "b\"" : "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            out_ += fmt::format("\\{}", c);
        else if (byte < 0x20 || byte == 0x7F || (bytes && byte >= 0x80))
            out_ += fmt::format("\\x{:02x}", byte);
        else
            out_ += c;
    }
    out_ += '"';
}

}  // namespace

std::string to_text(const Ast& ast) {
    return Printer(ast).run();
}

}  // namespace weir::cel
