#include "linux.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <string>
#include <system_error>

namespace weir::bench {
namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::system_category(), what);
}

void set_option(int fd, int level, int name, int value) {
    if (::setsockopt(fd, level, name, &value, sizeof value) != 0) fail("setsockopt");
}

// Room for a whole 32 KB message, so that the generator never has to come back for the rest of a
// write.
void prepare(int fd) {
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_SNDBUF, 256 * 1024);
    if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0) fail("fcntl");
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

Fd::~Fd() {
    if (fd_ >= 0) ::close(fd_);
}

sockaddr_in parse_address(std::string_view host_port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    const auto colon = host_port.rfind(':');
    const std::string host(host_port.substr(0, colon));
    std::uint16_t port = 0;
    if (colon != std::string_view::npos) {
        std::from_chars(host_port.data() + colon + 1, host_port.data() + host_port.size(), port);
    }
    if (port == 0 || ::inet_pton(AF_INET, host.c_str(), &out.sin_addr) != 1) {
        throw std::system_error(EINVAL, std::system_category(),
                                "address " + std::string(host_port));
    }
    out.sin_port = htons(port);
    return out;
}

Fd listen_on(const sockaddr_in& address) {
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) fail("socket");
    set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        fail("bind");
    if (::listen(fd.get(), 4096) != 0) fail("listen");
    return fd;
}

Fd connect_to(const sockaddr_in& address) {
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) fail("socket");
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        fail("connect");
    prepare(fd.get());
    return fd;
}

Fd accept_from(const Fd& listener) {
    Fd fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd)
        prepare(fd.get());
    else if (errno != EAGAIN && errno != ECONNABORTED)
        fail("accept");
    return fd;
}

Poller::Poller() : fd_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!fd_) fail("epoll_create1");
}

void Poller::add(const Fd& fd, std::uint32_t events, std::uint64_t token) {
    epoll_event event{.events = events, .data = {.u64 = token}};
    if (::epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0) fail("epoll_ctl add");
}

void Poller::change(const Fd& fd, std::uint32_t events, std::uint64_t token) {
    epoll_event event{.events = events, .data = {.u64 = token}};
    if (::epoll_ctl(fd_.get(), EPOLL_CTL_MOD, fd.get(), &event) != 0) fail("epoll_ctl mod");
}

std::span<const epoll_event> Poller::wait(Steady::time_point until) {
    const auto left =
        std::max(nanoseconds(0), std::chrono::duration_cast<nanoseconds>(until - Steady::now()));
    const timespec timeout{.tv_sec = left.count() / 1'000'000'000,
                           .tv_nsec = left.count() % 1'000'000'000};
    const int n = ::epoll_pwait2(fd_.get(), ready_.data(), static_cast<int>(ready_.size()),
                                 &timeout, nullptr);
    if (n < 0 && errno != EINTR) fail("epoll_pwait2");
    return {ready_.data(), static_cast<std::size_t>(std::max(n, 0))};
}

nanoseconds cpu_time(std::span<const pid_t> pids) {
    nanoseconds total{0};
    for (const pid_t pid : pids) {
        clockid_t clock{};
        timespec used{};
        if (const int error = ::clock_getcpuclockid(pid, &clock); error != 0) {
            throw std::system_error(error, std::system_category(),
                                    "CPU clock of process " + std::to_string(pid));
        }
        if (::clock_gettime(clock, &used) != 0) fail("clock_gettime");
        total += std::chrono::seconds(used.tv_sec) + nanoseconds(used.tv_nsec);
    }
    return total;
}

void pin_to_core(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    if (::sched_setaffinity(0, sizeof set, &set) != 0) fail("sched_setaffinity");
}

void raise_file_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) fail("getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) fail("setrlimit");
}

void sharpen_timers() {
    ::prctl(PR_SET_TIMERSLACK, 1000UL);
}

}  // namespace weir::bench
