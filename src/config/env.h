/// `${NAME}` and `${NAME:-default}` in a file's text.
///
/// Two steps, around the YAML parser: mask() turns the characters of each placeholder that YAML
/// would read as its own syntax into control characters, one for one, so that columns stay true;
/// substitute() replaces masked runs in the scalars of a decoded object. `$${` writes a literal
/// `${`. An unset name without a default reads as empty, as upstream's envsubst does, with a
/// warning.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "config/node.h"
#include "config/report.h"

namespace weir::config {

using EnvLookup = std::function<std::optional<std::string>(std::string_view name)>;

/// Same length as `text`, which must hold no control characters but tab and line ends.
std::string mask(std::string_view text);
/// What mask() was given.
std::string unmask(std::string_view text);
/// Replaces every placeholder below `node`; keys are unmasked, not replaced.
void substitute(Node& node, const EnvLookup& env, std::string_view path, Report& report);

}  // namespace weir::config
