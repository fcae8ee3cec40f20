/// For tests of loops: a Worker driven by the test's own thread, and raw peers on loopback.
///
/// Nothing here sleeps: `until` turns the loop until a condition holds and fails the test if it
/// does not within kPatience. A Peer is a plain non-blocking socket that the test reads and writes
/// by hand while the loop turns, so one thread plays both sides. Only *_test.cpp files include
/// this.
#pragma once
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "net/listener.h"
#include "net/worker.h"

namespace weir::net {

inline constexpr std::chrono::seconds kPatience{20};

inline TimePoint in(Duration time) {
    return std::chrono::steady_clock::now() + time;
}

class TestLoop {
public:
    Worker worker{0};

    /// Turns the loop until `done`; false (and a failure) if that takes longer than kPatience.
    bool until(const std::function<bool()>& done) {
        TimePoint limit = in(kPatience);
        while (!done()) {
            if (std::chrono::steady_clock::now() > limit) {
                ADD_FAILURE() << "the condition did not come true in time";
                return false;
            }
            worker.turn(std::chrono::milliseconds(2));
        }
        return true;
    }
    /// Runs what is ready, without waiting.
    void turn() {
        while (worker.turn(Duration::zero())) {
        }
    }

    /// Runs a task to its end and returns its result, or throws its exception.
    template <class T>
    T run(Task<T> task) {
        Outcome<T> outcome;
        TaskScope scope;
        scope.spawn(keep(std::move(task), outcome));
        until([&] { return outcome.ended; });
        if (outcome.exception) std::rethrow_exception(outcome.exception);
        if (!outcome.ended) throw std::runtime_error("the task did not end");
        if constexpr (!std::is_void_v<T>) return std::move(*outcome.value);
    }

private:
    struct Nothing {};
    template <class T>
    struct Outcome {
        std::optional<std::conditional_t<std::is_void_v<T>, Nothing, T>> value;
        std::exception_ptr exception;
        bool ended = false;
    };
    template <class T>
    static Task<void> keep(Task<T> task, Outcome<T>& outcome) {
        try {
            if constexpr (std::is_void_v<T>)
                co_await std::move(task);
            else
                outcome.value.emplace(co_await std::move(task));
        } catch (...) {
            outcome.exception = std::current_exception();
        }
        outcome.ended = true;
    }
};

/// The far end of a connection, by hand.
class Peer {
public:
    Peer() = default;
    explicit Peer(int fd) : fd_(fd) {}
    Peer(Peer&& other) noexcept
        : received(std::move(other.received)),
          ended(other.ended),
          fd_(std::exchange(other.fd_, -1)) {}
    Peer& operator=(Peer&& other) noexcept {
        close();
        received = std::move(other.received);
        ended = other.ended;
        fd_ = std::exchange(other.fd_, -1);
        return *this;
    }
    ~Peer() { close(); }

    /// Connects to a listening socket of this process (the kernel completes it before accept).
    static Peer connect(const Address& address) {
        int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (::connect(fd, address.get(), address.length) != 0) {
            ADD_FAILURE() << "connect: " << std::strerror(errno);
        }
        return Peer(fd);
    }

    /// Sends all of `text`, turning the loop while the socket is full; false if the connection is
    /// gone.
    bool send(TestLoop& loop, std::string_view text) {
        bool broken = false;
        loop.until([&] {
            while (!text.empty() && !broken) {
                ssize_t n = ::send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
                if (n > 0)
                    text.remove_prefix(static_cast<std::size_t>(n));
                else if (errno == EAGAIN)
                    return false;
                else
                    broken = true;
            }
            return true;
        });
        return !broken;
    }
    /// Takes what has arrived; true if something (or the end) did.
    bool receive() {
        char space[16384];
        ssize_t n = ::recv(fd_, space, sizeof space, MSG_DONTWAIT);
        if (n > 0) received.append(space, static_cast<std::size_t>(n));
        if (n == 0) ended = true;
        if (n < 0 && errno != EAGAIN) ended = reset = true;
        return n >= 0;
    }
    /// Turns the loop until `text` has been received at least `times` times.
    bool expect(TestLoop& loop, std::string_view text, std::size_t times = 1) {
        bool found = loop.until([&] {
            while (!ended && receive()) {
            }
            return ended || count(text) >= times;
        });
        if (count(text) < times) {
            ADD_FAILURE() << "expected " << times << " x '" << text
                          << "', got: " << received.substr(0, 2000);
            return false;
        }
        return found;
    }
    bool expect_end(TestLoop& loop) {
        return loop.until([&] {
            while (!ended && receive()) {
            }
            return ended;
        });
    }
    std::size_t count(std::string_view text) const {
        std::size_t n = 0;
        for (std::size_t at = 0; (at = received.find(text, at)) != std::string::npos;
             at += text.size())
            ++n;
        return n;
    }
    void finish() { ::shutdown(fd_, SHUT_WR); }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }
    void abort() {
        linger now{1, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close();
    }
    int fd() const { return fd_; }

    std::string received;
    bool ended = false;
    bool reset = false;

private:
    int fd_ = -1;
};

/// A listening socket on loopback whose connections the test takes by hand.
class RawListener {
public:
    RawListener() {
        auto any = parse_address("127.0.0.1", 0);
        fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        EXPECT_EQ(::bind(fd_, any->get(), any->length), 0);
        EXPECT_EQ(::listen(fd_, 64), 0);
        address.length = sizeof address.storage;
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address.storage), &address.length);
    }
    ~RawListener() { close(); }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }
    /// Turns the loop until somebody has connected.
    Peer accept(TestLoop& loop) {
        int fd = -1;
        loop.until([&] {
            fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
            return fd >= 0;
        });
        return Peer(fd);
    }
    /// A connection that waits in the backlog, or nothing.
    std::optional<Peer> try_accept() {
        int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) return std::nullopt;
        return Peer(fd);
    }
    uint16_t port() const { return address.port(); }
    Address address;

private:
    int fd_ = -1;
};

/// A Stream and the Peer at its other end.
struct StreamPair {
    StreamPtr stream;
    Peer peer;
    explicit StreamPair(TestLoop& loop) {
        RawListener listener;
        peer = Peer::connect(listener.address);
        int fd = -1;
        loop.until([&] {
            auto accepted = listener.try_accept();
            if (!accepted) return false;
            fd = ::fcntl(accepted->fd(), F_DUPFD_CLOEXEC, 0);
            return true;
        });
        ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
        stream = Stream::adopt(loop.worker, fd);
    }
};

}  // namespace weir::net
