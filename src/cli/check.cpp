#include <fmt/format.h>

#include "cli/load.h"
#include "cli/options.h"
#include "control/files.h"

namespace weir::cli {

Exit check(const CheckOptions& options) {
    auto documents = control::read_documents(options.paths);
    if (!documents) {
        fmt::print(stderr, "error: {}\n", documents.error().detail());
        return Exit::refused;
    }
    config::Options load = load_options();
    load.schema_only = options.schema;
    load.mock = options.mock;
    config::Loaded loaded = config::load(*documents, load);
    auto [errors, warnings] = print(loaded.diagnostics);
    for (const auto& object : loaded.accepted_objects)
        fmt::print("{}: accepted\n", object);
    for (const auto& rule : loaded.configuration.limit_rules)
        fmt::print("{}: {}\n", rule.identity, config::describe(rule));
    auto count = [](std::size_t n, std::string_view noun) {
        return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
    };
    fmt::print("{}, {}, {}\n", count(loaded.accepted, "object") + " accepted",
               count(errors, "error"), count(warnings, "warning"));
    if (loaded.ok() && !loaded.may_run())
        fmt::print(
            "`weir run` would refuse this: a protection above is not enforced yet (see "
            "--allow-unenforced)\n");
    return loaded.ok() ? Exit::done : Exit::refused;
}

Exit version() {
    fmt::print("weir {}\n", WEIR_VERSION);
    return Exit::done;
}

}  // namespace weir::cli
