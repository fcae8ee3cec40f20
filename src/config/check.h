/// Judges a Node against its table, as an API server would, and warns of what is not in force.
#pragma once
#include <string>
#include <string_view>

#include "config/node.h"
#include "config/report.h"
#include "config/schema.h"

namespace weir::config {

struct CheckOptions {
    std::string kind;  ///< for Diagnostic::kind of unenforced protections
    bool warn_standing =
        true;  ///< false when the whole kind is not in force: one warning says it all
};

/// Reports every mistake below `node`. `path` names it in messages.
void check(const Node& node, const Type& type, std::string_view path, const CheckOptions& options,
           Report& report);

}  // namespace weir::config
