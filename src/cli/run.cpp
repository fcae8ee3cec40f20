#include <fmt/format.h>

#include <csignal>
#include <ctime>

#include "base/log.h"
#include "cli/load.h"
#include "cli/options.h"
#include "cli/program.h"
#include "cli/ready_file.h"
#include "cli/shutdown.h"

namespace weir::cli {
namespace {

/// The configuration, or the exit status that says why not.
std::expected<config::Loaded, Exit> load_configuration(const RunOptions& options) {
    config::Options load = load_options();
    load.mock = options.mock;
    load.allow_unenforced = options.allow_unenforced;
    config::Loaded loaded;
    if (options.paths.empty()) {
        loaded = config::from_environment(load.env);
    } else {
        auto documents = read_documents(options.paths);
        if (!documents) {
            fmt::print(stderr, "error: {}\n", documents.error().detail());
            return std::unexpected(Exit::refused);
        }
        loaded = config::load(*documents, load);
    }
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

/// Until a signal says stop; SIGHUP reopens the access log.
void serve(Program& program, std::chrono::milliseconds drain_timeout) {
    while (true) {
        auto received = wait_signal();
        if (received && *received == SIGHUP) {
            program.reopen_logs();
            continue;
        }
        break;
    }
    log::info("stopping: no new connections; running exchanges have {} ms", drain_timeout.count());
    program.begin_drain();
    auto deadline = std::chrono::steady_clock::now() + drain_timeout;
    while (!program.drained() && std::chrono::steady_clock::now() < deadline) {
        auto again = wait_signal(std::chrono::milliseconds(20));
        if (again && *again != SIGHUP) break;  // a second signal does not wait
    }
    if (!program.drained())
        log::warn("stopping with {} connections open", program.open_connections());
}

}  // namespace

Exit run(const RunOptions& options) {
    block_signals();
    raise_descriptor_limit();
    if (!log::configure(options.log_level)) {
        fmt::print(
            stderr,
            "weir: --log-level '{}' is unknown; use trace, debug, info, warn, error or off\n",
            options.log_level);
        return Exit::usage;
    }
    auto loaded = load_configuration(options);
    if (!loaded) return loaded.error();
    auto program = Program::create(options, std::move(loaded->configuration));
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
    serve(**program, options.drain_timeout);
    (*program)->stop();
    log::info("stopped");
    return Exit::done;
}

}  // namespace weir::cli
