#include "telemetry/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace weir::telemetry {
namespace {

std::string read_file(const char* path) {
    std::ifstream in(path);
    std::ostringstream text;
    text << in.rdbuf();
    return std::move(text).str();
}

double boot_time() {
    std::istringstream stat(read_file("/proc/stat"));
    for (std::string key; stat >> key;) {
        double value = 0;
        if (key == "btime" && stat >> value) return value;
        stat.ignore(1 << 20, '\n');
    }
    return 0;
}

double open_descriptors() {
    DIR* folder = ::opendir("/proc/self/fd");
    if (!folder) return -1;
    double count = -3;  // ".", ".." and the folder itself
    while (::readdir(folder))
        ++count;
    ::closedir(folder);
    return count;
}

/// proc(5), /proc/PID/stat: the fields after the command's closing parenthesis, from field 3 on.
void from_stat(Sink& sink) {
    std::string text = read_file("/proc/self/stat");
    auto after = text.rfind(')');
    if (after == std::string::npos) return;
    std::istringstream fields(text.substr(after + 1));
    std::string skipped;
    double user = 0, system = 0, threads = 0, start = 0, virtual_bytes = 0, pages = 0;
    for (int field = 3; field <= 24 && fields; ++field) {
        switch (field) {
            case 14:
                fields >> user;
                break;
            case 15:
                fields >> system;
                break;
            case 20:
                fields >> threads;
                break;
            case 22:
                fields >> start;
                break;
            case 23:
                fields >> virtual_bytes;
                break;
            case 24:
                fields >> pages;
                break;
            default:
                fields >> skipped;
        }
    }
    if (!fields) return;
    auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    sink.counter("process_cpu_seconds_total", "User and system CPU time spent.",
                 (user + system) / ticks);
    sink.gauge("process_threads", "Threads of the process.", threads);
    sink.gauge("process_start_time_seconds", "When the process was started, since 1970.",
               boot_time() + start / ticks);
    sink.gauge("process_virtual_memory_bytes", "Virtual memory in use.", virtual_bytes);
    sink.gauge("process_resident_memory_bytes", "Resident memory in use.",
               pages * static_cast<double>(::sysconf(_SC_PAGESIZE)));
}

}  // namespace

void process_metrics(Sink& sink) {
    from_stat(sink);
    if (double open = open_descriptors(); open >= 0)
        sink.gauge("process_open_fds", "Open file descriptors.", open);
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
        sink.gauge("process_max_fds", "Most file descriptors that may be open.",
                   static_cast<double>(limit.rlim_cur));
}

}  // namespace weir::telemetry
