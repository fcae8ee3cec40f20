/// A connected byte stream: a TCP socket, with or without TLS, on one worker.
///
/// Reading and writing are tried at once with non-blocking system calls; only when the kernel says
/// "not now" does a coroutine wait. The stream is registered once, edge-triggered (poller.h), so a
/// wait, and the watch for a client that goes away, cost no system call. An edge may come late, for
/// bytes that were read already: a wait that ends tells that a read is worth trying, no more.
///
///     while (true) {
///         IoResult r = stream->read(space);
///         if (r.again()) { WEIR_CO_TRY(auto ok, co_await stream->readable(deadline, cancel));
///         continue; } if (r.closed()) …            // orderly end, or r.error != 0
///         use(space.first(r.size));
///     }
///
/// Ownership: StreamPtr counts references; the last one closes the socket. Threads: one worker. One
/// coroutine waits on a Stream at a time.
#pragma once
#include <sys/uio.h>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <coroutine>
#include <span>
#include <string>

#include "net/cancel.h"
#include "net/deadlines.h"
#include "net/worker.h"

namespace weir::net {

class TlsSession;

/// What one system call did.
struct IoResult {
    enum class State : uint8_t { done, again, end, failed };
    State state = State::done;
    int error = 0;         ///< errno when failed
    std::size_t size = 0;  ///< bytes moved when done
    bool done() const { return state == State::done; }
    bool again() const { return state == State::again; }
    bool closed() const { return state == State::end || state == State::failed; }
};

/// How a wait ended (Cancelled is thrown instead).
enum class Wake : uint8_t { ready, deadline };

class Stream final : private Deadlines::Node, private Poller::Client {
public:
    using Ptr = boost::intrusive_ptr<Stream>;

    /// Told when bytes or an end arrive while no coroutine waits.
    class Observer {
    public:
        /// May read, close or drop the stream.
        virtual void on_readable(Stream& stream) = 0;

    protected:
        ~Observer() = default;
    };

    /// Takes over a connected, non-blocking socket.
    static Ptr adopt(Worker& worker, int fd);

    Worker& worker() { return worker_; }
    int fd() const { return fd_; }
    bool open() const { return fd_ >= 0; }

    IoResult read(std::span<char> space);
    /// Gathers; may write less than all.
    IoResult write(std::span<const iovec> pieces);

    class Wait;
    /// Waits until a read may succeed, or `deadline`. `cancel` may be null.
    Wait readable(TimePoint deadline, CancelSource* cancel);
    Wait writable(TimePoint deadline, CancelSource* cancel);
    /// Until either a read or a write may succeed.
    Wait ready(TimePoint deadline, CancelSource* cancel);
    /// As readable(), after something other than read() found nothing (a TLS handshake).
    Wait arriving(TimePoint deadline, CancelSource* cancel);

    /// While no coroutine waits, `observer` hears of bytes and of the end (null: nobody).
    void watch(Observer* observer);
    void unwatch() { observer_ = nullptr; }

    /// After an exchange: true if nothing more has come, so that the connection may be kept.
    bool quiet();
    /// True if the peer has closed and nothing is left to read, or has reset the connection; reads
    /// nothing.
    bool at_end();
    /// For a watched, idle connection: true if the peer has closed or sent something since.
    bool stale() const;
    /// Nothing more is sent from here; reading goes on.
    void end_output();
    void close();
    /// Closes with RST, so the peer sees an abort rather than an orderly end.
    void abort();

    /// What the socket has to read, left there: up to `space`. Before set_tls() only.
    IoResult peek(std::span<char> space);
    /// Takes `size` bytes that peek() has shown.
    void skip(std::size_t size);

    /// From now on bytes pass through `session`, whose handshake is done.
    void set_tls(std::unique_ptr<TlsSession> session);
    TlsSession* tls() { return tls_.get(); }

    /// Bytes received and sent in all (below TLS they are not counted).
    uint64_t received() const { return received_; }
    uint64_t sent() const { return sent_; }

    friend void intrusive_ptr_add_ref(Stream* s) { ++s->references_; }
    friend void intrusive_ptr_release(Stream* s) {
        if (--s->references_ == 0) delete s;
    }

private:
    enum class Direction : uint8_t { read, write, both };

    Stream(Worker& worker, int fd);
    ~Stream();
    void on_events(uint32_t events) override;
    void on_deadline() override;

    Worker& worker_;
    std::unique_ptr<TlsSession> tls_;
    Wait* waiting_ = nullptr;
    Observer* observer_ = nullptr;
    uint64_t received_ = 0;
    uint64_t sent_ = 0;
    uint32_t references_ = 0;
    int fd_;
    bool maybe_readable_ = false;  // false once a read found less than it had room for
    bool ending_ = false;          // the peer has closed its side: reading goes on until the end
    bool gone_ = false;            // neither side can send: it was reset, or both have closed
};

/// Awaiter of readable() and writable(). Lives in the waiting coroutine's frame.
class [[nodiscard]] Stream::Wait final : private Wakeable {
public:
    Wait(Stream& stream, Direction direction, TimePoint deadline, CancelSource* cancel)
        : stream_(stream), cancel_(cancel), deadline_(deadline), direction_(direction) {}
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    ~Wait() {
        if (caller_) forget();
    }
    bool await_ready() const noexcept {
        return (cancel_ && cancel_->cancelled()) || !stream_.open() ||
               (direction_ != Direction::write && stream_.maybe_readable_);
    }
    void await_suspend(std::coroutine_handle<> caller);
    /// Throws Cancelled if the source was cancelled before or during the wait.
    Wake await_resume();

private:
    friend Stream;
    void wake_cancelled() override;
    void resume(Wake outcome);
    void forget();

    Stream& stream_;
    CancelSource* cancel_;
    std::coroutine_handle<> caller_;
    TimePoint deadline_;
    Direction direction_;
    Wake outcome_ = Wake::ready;
};

using StreamPtr = Stream::Ptr;

/// Takes `size` bytes off the front of `pieces`; returns those with something left.
std::span<iovec> consume(std::span<iovec> pieces, std::size_t size);

/// Writes all of `pieces` (their iovecs are consumed), waiting as needed. Returns 0, or the errno
/// that ended it (ETIMEDOUT: nothing could be written for `stall_limit`).
Task<int> write_all(Stream& stream, std::span<iovec> pieces, Duration stall_limit,
                    CancelSource* cancel);

}  // namespace weir::net
