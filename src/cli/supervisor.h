/// What the main thread does while the workers serve: signals, and configuration files that change.
///
///   SIGTERM, SIGINT  drain and end (a second one does not wait)
///   SIGHUP           reopen the access log, read the configuration again
///   a file changed   read the configuration again, once the files have been quiet for a moment
///   a new Weir asks  hand the sockets over; drain and end once it serves (cli/takeover.h)
///
/// A configuration with mistakes is refused, each logged with its place, and the old one serves on.
#pragma once
#include <optional>

#include "cli/configuration_source.h"
#include "cli/program.h"
#include "cli/takeover.h"
#include "control/watch.h"

namespace weir::cli {

class Supervisor {
public:
    /// Everything outlives the Supervisor. `fingerprint` is that of the configuration in force.
    Supervisor(Program& program, ConfigurationSource& source, const RunOptions& options,
               config::Fingerprint fingerprint, std::optional<TakeoverServer> takeover);
    ~Supervisor();
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    /// Until Weir is to end; the drain is over when it returns.
    void run();

private:
    void follow_files();
    bool files_changed();
    void reload();
    void refuse(std::vector<std::string> mistakes);
    void hand_over();
    void drain(bool replaced = false);

    Program& program_;
    ConfigurationSource& source_;
    const RunOptions& options_;
    config::Fingerprint in_force_;
    std::optional<control::Watch> watch_;
    std::optional<TakeoverServer> takeover_;
    int signals_ = -1;
};

}  // namespace weir::cli
