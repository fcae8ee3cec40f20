/// YAML 1.2 (and so JSON) text to Nodes, with the place of every key and value.
///
/// Documents are split at `---` lines and parsed one by one, so that a mistake in one leaves the
/// others readable. Bounded against hostile text: size, depth, and what aliases may expand to.
/// A `${NAME}` or `${NAME:-default}` survives parsing wherever it stands, also in flow collections,
/// as a marked run inside the scalar; env.h puts the value there, so positions stay true and a
/// value can never change the document's structure. Threads: any; no shared state.
#pragma once
#include <string_view>
#include <vector>

#include "config/node.h"
#include "config/report.h"

namespace weir::config {

struct YamlLimits {
    size_t text = 32u << 20;       ///< bytes of a file
    size_t depth = 100;            ///< nesting
    size_t expanded = 128u << 20;  ///< bytes held, roughly, after aliases are expanded
};

/// The documents of a file that hold anything. Mistakes go to `report`, and false to `complete`.
std::vector<Node> parse_yaml(const std::string& file, std::string_view text, Report& report,
                             bool& complete, const YamlLimits& limits = {});

}  // namespace weir::config
