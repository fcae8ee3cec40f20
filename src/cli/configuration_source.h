/// The configuration as the command line names it, read again for each reload.
///
/// Threads: the main thread's. Blocking: reads files.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "cli/options.h"
#include "config/load.h"

namespace weir::cli {

class ConfigurationSource {
public:
    explicit ConfigurationSource(const RunOptions& options);

    /// Everything the paths hold now. Fails with config.io if one cannot be read; mistakes in what
    /// was read are Loaded's diagnostics.
    Result<config::Loaded> load();
    /// Files and folders to watch: the paths, and the files that Secrets named in the last load().
    std::vector<std::string> watched() const;
    /// False when there is nothing to read again: standard input, or the environment alone.
    bool reloadable() const;

private:
    const RunOptions& options_;
    std::set<std::string> named_;  ///< files that annotations of Secrets named
};

}  // namespace weir::cli
