/// From paths on the command line to a configuration, with every finding told.
#pragma once
#include <string>
#include <vector>

#include "config/load.h"

namespace weir::cli {

/// Options with the process's environment and files.
config::Options load_options();

/// One line per finding on standard error. Returns (errors, warnings).
std::pair<std::size_t, std::size_t> print(const std::vector<config::Diagnostic>& diagnostics);
/// The finding as print() shows it.
std::string line_of(const config::Diagnostic& diagnostic);

}  // namespace weir::cli
