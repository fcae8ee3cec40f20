/// What can be made of a call's literal arguments once, at compile time: a regular expression.
/// Owned by the program; immutable.
#pragma once
#include <re2/re2.h>

#include <deque>
#include <string_view>

namespace weir::cel {

using Prepared = std::deque<re2::RE2>;

/// How `matches` reads its expressions.
inline re2::RE2::Options regex_options() {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    return options;
}

}  // namespace weir::cel
