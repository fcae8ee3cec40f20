#include "cli/load.h"

#include <fmt/format.h>

#include <cstdlib>
#include <ctime>

#include "control/files.h"

namespace weir::cli {

config::Options load_options() {
    config::Options options;
    options.env = [](std::string_view name) -> std::optional<std::string> {
        const char* value = std::getenv(std::string(name).c_str());
        return value ? std::optional<std::string>(value) : std::nullopt;
    };
    options.read_file = control::read_file;
    options.now = std::time(nullptr);
    return options;
}

std::string line_of(const config::Diagnostic& diagnostic) {
    config::Diagnostic shown = diagnostic;
    if (shown.severity != config::Severity::error)
        shown.subject = shown.subject.empty() ? "warning" : "warning: " + shown.subject;
    return config::to_string(shown);
}

std::pair<std::size_t, std::size_t> print(const std::vector<config::Diagnostic>& diagnostics) {
    std::size_t errors = 0;
    for (const auto& diagnostic : diagnostics) {
        errors += diagnostic.severity == config::Severity::error;
        fmt::print(stderr, "{}\n", line_of(diagnostic));
    }
    return {errors, diagnostics.size() - errors};
}

}  // namespace weir::cli
