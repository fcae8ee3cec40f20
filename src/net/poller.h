/// Readiness of every descriptor of one worker: the one place where its loop waits.
///
/// A stream is registered once, edge-triggered, for its whole life, so that a wait costs no system
/// call; what is not a stream (listening sockets, c-ares's) is registered level-triggered. Why not
/// Asio's reactor: docs/adr/0006-poller.md. Semantics of the edges: epoll(7).
///
/// Threads: one worker; interrupt() any. A client may be removed from within any callback.
#pragma once
#include <sys/epoll.h>

#include <array>
#include <chrono>
#include <cstdint>

namespace weir::net {

class Poller {
public:
    class Client {
    public:
        /// `events` as epoll reports them. May remove or destroy any client, this one too.
        virtual void on_events(uint32_t events) = 0;

    protected:
        ~Client() = default;
    };
    static constexpr uint32_t kEdges = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

    Poller();
    ~Poller();
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    /// Reports every later change of readiness of `fd`, and its state now; with `events` without
    /// EPOLLET, those states for as long as they last.
    void add(int fd, Client& client, uint32_t events = kEdges);
    /// Before `fd` is closed. No event is delivered afterwards, not even one already fetched.
    void remove(int fd, Client& client);

    /// Waits until something is ready, interrupt() or `longest` (rounded up to milliseconds; none
    /// if negative), and delivers up to kBatch events. Returns how many there were.
    int wait(std::chrono::nanoseconds longest);
    /// Ends a wait() that runs, or else the next.
    void interrupt();

private:
    static constexpr std::size_t kBatch = 128;  // then other work of the loop gets its turn

    int set_;
    int interrupter_;
    std::array<epoll_event, kBatch> batch_{};
    int next_ = 0;  // of the batch being delivered
    int count_ = 0;
};

}  // namespace weir::net
