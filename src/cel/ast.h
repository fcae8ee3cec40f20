/// An expression as a tree, flat: nodes in one vector, their children as ranges of another.
///
/// The parser makes it, the printer turns it into text again, and the checker resolves it in place
/// (names become variables, calls get their function); then it is immutable inside a Program.
/// Macros are nodes of their own, not folded into a general loop: simpler to run, and to print.
#pragma once
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "cel/value.h"

namespace weir::cel {

struct Function;

enum class Op : uint8_t {
    literal,      ///< name: index of literals
    identifier,   ///< name; flag: it began with a dot
    select,       ///< [operand]; name: the field; flag: it was in backticks
    test,         ///< has(operand.field): [operand]; name, flag as above
    list,         ///< elements
    map,          ///< key, value, key, value, …
    call,         ///< arguments; name
    member_call,  ///< target, arguments; name
    conjunction,  ///< two or more operands of &&
    disjunction,  ///< of ||
    conditional,  ///< condition, value, condition, value, …, value: a ? b : c ? d : e
    macro,        ///< range, predicate or kNone, transform or kNone; name, second: loop variables
    // made by the checker
    variable,  ///< name: index of the environment's variables
    local,     ///< name: slot of a loop variable
    failure,   ///< always fails with `why`
};

enum class Macro : uint8_t {
    none,
    all,
    exists,
    exists_one,
    map,
    filter,
    transform_list,
    transform_map,
};

struct Node {
    static constexpr uint32_t kNone = 0xFFFFFFFF;

    Op op = Op::literal;
    Macro macro = Macro::none;
    bool flag = false;
    Failure why = Failure::no_such_overload;
    uint32_t position = 0;  ///< byte of the source
    uint32_t first = 0;     ///< children: links[first, first + count)
    uint32_t count = 0;
    uint32_t name = kNone;
    uint32_t second = kNone;             ///< of a macro: its second variable
    const Function* function = nullptr;  ///< of a resolved call
    const void* prepared = nullptr;      ///< what its function made of its literal arguments
};

struct Ast {
    std::string source;
    std::vector<Node> nodes;
    std::vector<uint32_t> links;
    std::vector<Value> literals;    ///< texts point into `texts`
    std::deque<std::string> texts;  ///< of literals; never moved
    std::vector<std::string> names;
    uint32_t root = 0;
    uint32_t slots = 0;  ///< loop variables alive at once, at most

    std::span<const uint32_t> children(const Node& node) const {
        return {links.data() + node.first, node.count};
    }
};

}  // namespace weir::cel
