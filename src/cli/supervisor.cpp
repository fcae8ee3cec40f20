#include "cli/supervisor.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>

#include "base/log.h"
#include "cli/load.h"
#include "cli/ready_file.h"
#include "cli/shutdown.h"

namespace weir::cli {
namespace {

constexpr std::chrono::milliseconds kQuiet{50};  // files are read once nothing happens for so long,
constexpr std::chrono::milliseconds kLongest{500};  // or after so long

std::string plural(std::size_t n, std::string_view noun) {
    return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

}  // namespace

Supervisor::Supervisor(Program& program, ConfigurationSource& source, const RunOptions& options,
                       config::Fingerprint fingerprint, std::optional<TakeoverServer> takeover)
    : program_(program),
      source_(source),
      options_(options),
      in_force_(std::move(fingerprint)),
      takeover_(std::move(takeover)),
      signals_(signal_descriptor()) {
    program_.reload_status().accepted(std::chrono::system_clock::now(), {});
    if (!options_.watch || !source_.reloadable()) return;
    auto watch = control::Watch::create();
    if (!watch) {
        log::warn("{}; the configuration is read again on SIGHUP only", watch.error().detail());
        return;
    }
    watch_.emplace(std::move(*watch));
    follow_files();
}

Supervisor::~Supervisor() {
    ::close(signals_);
}

void Supervisor::follow_files() {
    if (watch_) watch_->follow(source_.watched());
}

void Supervisor::run() {
    while (true) {
        std::array<pollfd, 4> wanted{pollfd{signals_, POLLIN, 0},
                                     pollfd{watch_ ? watch_->descriptor() : -1, POLLIN, 0},
                                     pollfd{takeover_ ? takeover_->descriptor() : -1, POLLIN, 0},
                                     pollfd{takeover_ ? takeover_->newcomer() : -1, POLLIN, 0}};
        if (::poll(wanted.data(), wanted.size(), -1) < 0) continue;  // EINTR
        if (wanted[0].revents) {
            auto received = wait_signal(std::chrono::milliseconds(0));
            if (!received) continue;
            if (*received != SIGHUP) return drain();
            program_.reopen_logs();
            reload();
        } else if (wanted[3].revents) {
            if (takeover_->newcomer_serves()) return drain(true);
            log::warn("the new Weir went away before it served; serving on");
        } else if (wanted[2].revents) {
            hand_over();
        } else if (wanted[1].revents && files_changed()) {
            reload();
        }
    }
}

void Supervisor::hand_over() {
    if (auto handed = takeover_->hand_over(program_.sockets()); !handed)
        log::error("{}", handed.error().detail());
    else
        log::info("a new Weir was given the listening sockets");
}

/// An editor or a deployment writes several files: waits until they are all there, or a signal.
bool Supervisor::files_changed() {
    if (!watch_->drain()) return false;
    auto deadline = std::chrono::steady_clock::now() + kLongest;
    while (std::chrono::steady_clock::now() < deadline) {
        std::array<pollfd, 2> wanted{pollfd{watch_->descriptor(), POLLIN, 0},
                                     pollfd{signals_, POLLIN, 0}};
        if (::poll(wanted.data(), wanted.size(), static_cast<int>(kQuiet.count())) <= 0) break;
        watch_->drain();
        if (wanted[1].revents) break;
    }
    return true;
}

void Supervisor::reload() {
    if (!source_.reloadable()) {
        log::info("the configuration came from {}: it is not read again",
                  options_.paths.empty() ? "the environment" : "standard input");
        return;
    }
    auto loaded = source_.load();
    follow_files();  // folders and links may be others now
    if (!loaded) return refuse({loaded.error().detail()});
    std::vector<std::string> mistakes;
    for (const auto& diagnostic : loaded->diagnostics)
        if (diagnostic.severity == config::Severity::error || diagnostic.refuses_run)
            mistakes.push_back(line_of(diagnostic));
    if (!mistakes.empty()) return refuse(std::move(mistakes));
    auto changes = config::changes(in_force_, loaded->fingerprint);
    if (changes.empty() && !program_.reload_status().last_refused()) {
        log::info("configuration read again: nothing changed");
        return;
    }
    auto addresses = program_.addresses();
    if (auto replaced = program_.replace(std::move(loaded->configuration)); !replaced)
        return refuse({replaced.error().detail()});
    in_force_ = std::move(loaded->fingerprint);
    std::vector<std::string> said;
    for (const auto& change : changes)
        said.push_back(config::to_string(change));
    program_.reload_status().accepted(std::chrono::system_clock::now(), said);
    log::info("configuration {} in force: {}", program_.reload_status().generation(),
              changes.empty() ? "as before" : plural(changes.size(), "object") + " changed");
    for (const auto& line : said)
        log::info("  {}", line);
    if (options_.ready_file.empty() || addresses == program_.addresses()) return;
    if (auto written =
            write_ready_file(options_.ready_file, program_.addresses(), program_.admin_address());
        !written)
        log::error("{}", written.error().detail());
}

void Supervisor::refuse(std::vector<std::string> mistakes) {
    log::error("configuration refused, the old one stays in force: {}",
               plural(mistakes.size(), "mistake"));
    for (const auto& mistake : mistakes)
        log::error("  {}", mistake);
    program_.reload_status().refused(std::chrono::system_clock::now(), std::move(mistakes));
}

void Supervisor::drain(bool replaced) {
    log::info("{}: no new connections; running exchanges have {} ms",
              replaced ? "a new Weir serves, stopping" : "stopping",
              options_.drain_timeout.count());
    program_.begin_drain(replaced);
    auto deadline = std::chrono::steady_clock::now() + options_.drain_timeout;
    while (!program_.drained() && std::chrono::steady_clock::now() < deadline) {
        auto again = wait_signal(std::chrono::milliseconds(20));
        if (again && *again != SIGHUP) break;  // a second signal does not wait
    }
    if (!program_.drained())
        log::warn("stopping with {} connections open", program_.open_connections());
}

}  // namespace weir::cli
