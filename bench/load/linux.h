/// The little of Linux a load generator needs: sockets, an epoll set, CPU clocks of other
/// processes.
///
/// Kept apart from src/net on purpose: the instrument must not share code, and so mistakes or
/// luck, with what it measures. Errors throw std::system_error; main() prints them and ends with 1.
/// Threading: one thread.
#pragma once
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::bench {

using Steady = std::chrono::steady_clock;
using std::chrono::nanoseconds;

/// Owns a file descriptor.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept;
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd();
    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

/// "127.0.0.1:8080" (IPv4 literals only).
sockaddr_in parse_address(std::string_view host_port);
Fd listen_on(const sockaddr_in& address);
/// Connected, non-blocking, no delay. Waits for the handshake, which on loopback is immediate.
Fd connect_to(const sockaddr_in& address);
/// Accepted, non-blocking, no delay; empty when no connection waits.
Fd accept_from(const Fd& listener);

/// Level-triggered epoll set. Tokens are the caller's numbers.
class Poller {
public:
    Poller();
    void add(const Fd& fd, std::uint32_t events, std::uint64_t token);
    void change(const Fd& fd, std::uint32_t events, std::uint64_t token);
    /// Waits until something is ready or `until` has come; nanosecond timer. The span lives until
    /// the next call.
    std::span<const epoll_event> wait(Steady::time_point until);

private:
    Fd fd_;
    std::array<epoll_event, 512> ready_{};
};

/// CPU time, user and system, that these processes used so far, their ended threads included.
nanoseconds cpu_time(std::span<const pid_t> pids);
void pin_to_core(int core);
/// Raises the soft limit of open files to the hard one.
void raise_file_limit();
/// Asks for timers that are exact to the microsecond.
void sharpen_timers();

}  // namespace weir::bench
