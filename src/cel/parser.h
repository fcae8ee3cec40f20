/// Text to tree. Pure functions; fail with config.invalid, naming the column and the remedy.
/// Grammar: cel-spec, doc/langdef.md, "Syntax"; without messages (`T{f: 1}`), which nothing here
/// has types for, and with two-variable macros (`existsOne`, `transformList`, …).
#pragma once
#include <string>
#include <string_view>

#include "base/error.h"
#include "cel/ast.h"
#include "cel/limits.h"

namespace weir::cel {

Result<Ast> parse(std::string_view text, const Limits& limits = {});

/// The tree as an expression again, every operator in parentheses: parse(to_text(a)) is a.
std::string to_text(const Ast& ast);

}  // namespace weir::cel
