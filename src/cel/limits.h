/// What an expression may cost, in its text and in one evaluation. Plain values.
#pragma once
#include <cstddef>
#include <cstdint>

namespace weir::cel {

struct Limits {
    size_t length = 16 * 1024;    ///< bytes of the expression's text
    size_t nesting = 128;         ///< operators, calls, lists and parentheses inside each other
    uint64_t steps = 100'000;     ///< of one evaluation: an operation, an element compared or
                                  ///< copied, 64 bytes of text looked at
    size_t memory = 1024 * 1024;  ///< bytes of strings, lists and maps that one evaluation makes
};

}  // namespace weir::cel
