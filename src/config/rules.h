/// Rules across the fields of one value, named in the tables as `!name`.
///
/// Messages are those of upstream's CRDs, so that what a user reads here is what the API server
/// says.
#pragma once
#include <string_view>

#include "config/node.h"

namespace weir::config {

struct CrossFieldRule {
    std::string_view name;
    std::string_view message;
    bool (*holds)(const Node& self);
};

/// The rule of that name; aborts if there is none (a bug in a table).
const CrossFieldRule& find_rule(std::string_view name);

}  // namespace weir::config
