/// From paths on the command line to a configuration, with every finding printed.
#pragma once
#include <string>
#include <vector>

#include "config/load.h"

namespace weir::cli {

/// Reads the documents at `paths` (file, folder searched for *.yaml, *.yml and *.json, or "-").
/// Fails with config.io naming the path.
Result<std::vector<config::Document>> read_documents(const std::vector<std::string>& paths);

/// Options with the process's environment and files.
config::Options load_options();

/// One line per finding on standard error. Returns (errors, warnings).
std::pair<std::size_t, std::size_t> print(const std::vector<config::Diagnostic>& diagnostics);

}  // namespace weir::cli
