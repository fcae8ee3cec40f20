#include <fmt/format.h>

#include <csignal>

#include "base/log.h"
#include "cli/mock_service.h"
#include "cli/options.h"
#include "cli/ready_file.h"
#include "cli/shutdown.h"

namespace weir::cli {

Exit mock(const MockOptions& options) {
    if (!start_process(options.log_level)) return Exit::usage;
    auto refuse = [](const Error& error, Exit exit) {
        fmt::print(stderr, "error: {}\n", error.detail());
        return exit;
    };
    auto address = net::parse_listen_address(options.listen);
    if (!address) return refuse(address.error(), Exit::usage);
    auto sockets = net::ListenSockets::open(*address, options.workers);
    if (!sockets) return refuse(sockets.error(), Exit::listen);
    auto script = load_mock_script(options.script);
    if (!script) return refuse(script.error(), Exit::refused);
    auto ledger = std::make_shared<mock::Ledger>();
    std::vector<std::unique_ptr<MockService>> services;
    for (unsigned i = 0; i < options.workers; ++i) {
        services.push_back(std::make_unique<MockService>(static_cast<int>(i), *script, ledger));
        services.back()->listen(sockets->take(i));
    }
    for (auto& service : services)
        service->start();
    std::string where = sockets->address().to_string();
    if (!options.ready_file.empty())
        if (auto written = write_ready_file(options.ready_file, {{"mock", where}}, {}); !written)
            return refuse(written.error(), Exit::refused);
    log::info("ready: the mock provider listens on {}", where);
    while (auto received = wait_signal())
        if (*received != SIGHUP) break;
    for (auto& service : services)
        service->stop();
    return Exit::done;
}

}  // namespace weir::cli
