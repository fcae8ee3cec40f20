#include "cli/configuration_source.h"

#include <algorithm>

#include "cli/load.h"
#include "control/files.h"

namespace weir::cli {

ConfigurationSource::ConfigurationSource(const RunOptions& options) : options_(options) {}

Result<config::Loaded> ConfigurationSource::load() {
    config::Options options = load_options();
    options.mock = options_.mock;
    options.allow_unenforced = options_.allow_unenforced;
    if (options_.paths.empty()) return config::from_environment(options.env);
    named_.clear();
    options.read_file = [this](std::string_view path) {
        named_.emplace(path);
        return control::read_file(path);
    };
    WEIR_TRY(auto documents, control::read_documents(options_.paths));
    return config::load(documents, options);
}

std::vector<std::string> ConfigurationSource::watched() const {
    std::vector<std::string> out = options_.paths;
    out.insert(out.end(), named_.begin(), named_.end());
    return out;
}

bool ConfigurationSource::reloadable() const {
    return !options_.paths.empty() &&
           std::ranges::find(options_.paths, "-") == options_.paths.end();
}

}  // namespace weir::cli
