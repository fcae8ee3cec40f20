/// Readiness of every stream of one worker, with one registration for a stream's whole life.
///
/// Asio re-arms a descriptor with epoll_ctl for each wait and runs an operation object through its
/// queue for each event. A gateway waits twice per request, so here the streams are registered
/// once, edge-triggered, in an epoll set of their own, and Asio's reactor has that set as one of
/// its internal descriptors: it is never re-armed, so a turn costs two epoll_wait and nothing else.
/// What it saves is measured in docs/adr/0006-poller.md. Semantics of the edges: epoll(7).
///
/// Threads: one worker. A client of the poller may be removed from within any callback.
#pragma once
#include <sys/epoll.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>

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

    explicit Poller(boost::asio::io_context& io);
    ~Poller();
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    /// Reports every later change of readiness of `fd`, and its state now.
    void add(int fd, Client& client);
    /// Before `fd` is closed. No event is delivered afterwards, not even one already fetched.
    void remove(int fd, Client& client);

private:
    static constexpr std::size_t kBatch = 128;
    static constexpr int kRounds = 4;        // batches before other work of the loop gets its turn
    static constexpr int kWorthAnother = 8;  // events that make it likely that more have come

    class Turn;
    void dispatch();

    int set_;
    std::unique_ptr<Turn> turn_;
    std::array<epoll_event, kBatch> batch_{};
    int next_ = 0;  // of the batch being delivered
    int count_ = 0;
};

}  // namespace weir::net
