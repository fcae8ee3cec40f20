#include "cli/shutdown.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

#include "base/log.h"

namespace weir::cli {
namespace {
sigset_t handled() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}
}  // namespace

void block_signals() {
    sigset_t set = handled();
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

std::optional<int> wait_signal(std::optional<std::chrono::milliseconds> timeout) {
    sigset_t set = handled();
    while (true) {
        int received = 0;
        if (timeout) {
            timespec limit{timeout->count() / 1000, timeout->count() % 1000 * 1'000'000};
            received = ::sigtimedwait(&set, nullptr, &limit);
        } else {
            received = ::sigwaitinfo(&set, nullptr);
        }
        if (received > 0) return received;
        if (errno == EAGAIN) return std::nullopt;
    }
}

int signal_descriptor() {
    sigset_t set = handled();
    return ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

uint64_t descriptor_limit() {
    rlimit limit{};
    return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 1024;
}

bool start_process(const std::string& log_level) {
    block_signals();
    raise_descriptor_limit();
    if (log::configure(log_level)) return true;
    fmt::print(stderr,
               "weir: --log-level '{}' is unknown; use trace, debug, info, warn, error or off\n",
               log_level);
    return false;
}

}  // namespace weir::cli
