/// Configuration files: found below the paths of the command line, and read.
///
/// A path is a file, a folder (searched for *.yaml, *.yml and *.json, below it too) or "-" for
/// standard input. Blocking; never called on a worker.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"

namespace weir::control {

/// Content of one file. Fails with config.io naming it.
Result<std::string> read_file(std::string_view path);

/// Every document at `paths`, files of a folder in the order of their names. Fails with config.io.
Result<std::vector<config::Document>> read_documents(const std::vector<std::string>& paths);

/// A file of a folder that holds resources, by its extension.
bool is_manifest(std::string_view file_name);

}  // namespace weir::control
