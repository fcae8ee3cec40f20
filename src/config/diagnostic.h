/// One finding about a configuration: an error (it is refused) or a warning (it is used).
///
/// Text never holds a Secret's value. `refuses_run` marks a warning about a protection that Weir
/// does not enforce yet: `weir check` prints it, `weir run` refuses to start unless its `kind` was
/// allowed by name (Options::allow_unenforced clears the mark). Threads: a plain value.
#pragma once
#include <string>
#include <vector>

#include "config/place.h"

namespace weir::config {

enum class Severity { error, warning };

struct Diagnostic {
    Severity severity = Severity::error;
    Place place;
    std::string subject;       ///< "kind/name"; empty when the text is not YAML
    std::string field;         ///< "spec.rules[0].timeouts.request"; empty for the whole object
    std::string message;       ///< "what is wrong; what would be right"
    bool refuses_run = false;  ///< a protection that would silently be absent
    std::string kind;          ///< what `--allow-unenforced` must name when refuses_run
};

/// `file:line:column: kind/name: field: what is wrong; what would be right` (empty parts left out).
std::string to_string(const Diagnostic& diagnostic);

/// By place; at one place errors come first.
void sort_by_place(std::vector<Diagnostic>& diagnostics);

}  // namespace weir::config
