#include <fmt/format.h>

#include "base/log.h"
#include "cli/configuration_source.h"
#include "cli/load.h"
#include "cli/options.h"
#include "cli/program.h"
#include "cli/ready_file.h"
#include "cli/shutdown.h"
#include "cli/supervisor.h"

namespace weir::cli {
namespace {

/// The configuration, or the exit status that says why not.
std::expected<config::Loaded, Exit> load_configuration(ConfigurationSource& source) {
    auto read = source.load();
    if (!read) {
        fmt::print(stderr, "error: {}\n", read.error().detail());
        return std::unexpected(Exit::refused);
    }
    config::Loaded loaded = std::move(*read);
    auto [errors, warnings] = print(loaded.diagnostics);
    if (loaded.ok() && !loaded.may_run()) {
        fmt::print(stderr,
                   "weir: not started: the configuration asks for a protection that is not "
                   "enforced yet; remove it, or name its kind with --allow-unenforced\n");
        return std::unexpected(Exit::refused);
    }
    if (!loaded.ok()) {
        fmt::print(stderr, "weir: not started: {} error{} in the configuration\n", errors,
                   errors == 1 ? "" : "s");
        return std::unexpected(Exit::refused);
    }
    return loaded;
}

Exit exit_for(const Error& error) {
    fmt::print(stderr, "error: {}\n", error.detail().empty() ? error.to_string() : error.detail());
    if (error.code().name == codes::listen_failed.name) return Exit::listen;
    return error.code().name == codes::config_invalid.name && error.detail().starts_with("--")
               ? Exit::usage
               : Exit::refused;
}

}  // namespace

Exit run(const RunOptions& options) {
    if (!start_process(options.log_level)) return Exit::usage;
    ConfigurationSource source(options);
    auto loaded = load_configuration(source);
    if (!loaded) return loaded.error();
    std::optional<Inheritance> inherited;
    if (!options.takeover.empty()) {
        auto claimed = Inheritance::claim(options.takeover);
        if (!claimed) return exit_for(claimed.error());
        if (*claimed) inherited.emplace(std::move(**claimed));
    }
    auto program = Program::create(options, std::move(loaded->configuration),
                                   inherited ? &*inherited : nullptr);
    if (!program) return exit_for(program.error());
    (*program)->start();
    if (!options.ready_file.empty())
        if (auto written = write_ready_file(options.ready_file, (*program)->addresses(),
                                            (*program)->admin_address());
            !written)
            return exit_for(written.error());
    std::string where;
    for (const auto& [name, address] : (*program)->addresses())
        where += fmt::format(" {}={}", name, address);
    log::info("ready: listening on{}, admin {}", where,
              (*program)->admin_address().empty() ? "off" : (*program)->admin_address());
    std::optional<TakeoverServer> takeover;
    if (!options.takeover.empty()) {
        auto listening = TakeoverServer::listen(options.takeover);
        if (!listening) return exit_for(listening.error());
        takeover.emplace(std::move(*listening));
    }
    if (inherited) {
        inherited->ready();
        log::info("took over from a running Weir");
        inherited.reset();
    }
    Supervisor(**program, source, options, std::move(loaded->fingerprint), std::move(takeover))
        .run();
    (*program)->stop();
    log::info("stopped");
    return Exit::done;
}

}  // namespace weir::cli
