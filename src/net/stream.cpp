#include "net/stream.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "net/tls.h"

namespace weir::net {

Stream::Stream(Worker& worker, int fd) : worker_(worker), fd_(fd) {
    worker_.poller().add(fd_, *this);
}

Stream::~Stream() {
    close();
}

StreamPtr Stream::adopt(Worker& worker, int fd) {
    return StreamPtr(new Stream(worker, fd));
}

void Stream::set_tls(std::unique_ptr<TlsSession> session) {
    tls_ = std::move(session);
    maybe_readable_ = true;  // the handshake may have read more than its own
}

IoResult Stream::peek(std::span<char> space) {
    if (!open()) return {IoResult::State::failed, ECONNABORTED, 0};
    ssize_t n = ::recv(fd(), space.data(), space.size(), MSG_PEEK);
    if (n > 0) return {IoResult::State::done, 0, static_cast<std::size_t>(n)};
    if (n == 0) return {IoResult::State::end, 0, 0};
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return {IoResult::State::again, 0, 0};
    return {IoResult::State::failed, errno, 0};
}

void Stream::skip(std::size_t size) {
    char space[512];
    while (open() && size > 0) {
        ssize_t n = ::recv(fd(), space, std::min(size, sizeof space), 0);
        if (n <= 0) return;
        size -= static_cast<std::size_t>(n);
    }
    maybe_readable_ = true;
}

IoResult Stream::read(std::span<char> space) {
    if (!open()) return {IoResult::State::failed, ECONNABORTED, 0};
    if (tls_) {
        IoResult r = tls_->read(space);
        // One record at a time: more may wait in OpenSSL, in the kernel, or behind the bytes.
        maybe_readable_ = r.done() && (ending_ || tls_->holds_bytes());
        if (r.done()) received_ += r.size;
        return r;
    }
    ssize_t n = ::recv(fd(), space.data(), space.size(), 0);
    if (n > 0) {
        // A short read has emptied the socket, unless the end is waiting behind the bytes.
        maybe_readable_ = ending_ || static_cast<std::size_t>(n) == space.size();
        received_ += static_cast<uint64_t>(n);
        return {IoResult::State::done, 0, static_cast<std::size_t>(n)};
    }
    if (n == 0) return {IoResult::State::end, 0, 0};
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
        maybe_readable_ = false;
        return {IoResult::State::again, 0, 0};
    }
    return {IoResult::State::failed, errno, 0};
}

IoResult Stream::write(std::span<const iovec> pieces) {
    if (!open()) return {IoResult::State::failed, ECONNABORTED, 0};
    if (tls_) {
        IoResult r = tls_->write(pieces);
        if (r.done()) sent_ += r.size;
        return r;
    }
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    ssize_t n = ::sendmsg(fd(), &message, MSG_NOSIGNAL);
    if (n >= 0) {
        sent_ += static_cast<uint64_t>(n);
        return {IoResult::State::done, 0, static_cast<std::size_t>(n)};
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return {IoResult::State::again, 0, 0};
    return {IoResult::State::failed, errno, 0};
}

Stream::Wait Stream::readable(TimePoint deadline, CancelSource* cancel) {
    return Wait(*this, Direction::read, deadline, cancel);
}

Stream::Wait Stream::writable(TimePoint deadline, CancelSource* cancel) {
    return Wait(*this, Direction::write, deadline, cancel);
}

Stream::Wait Stream::ready(TimePoint deadline, CancelSource* cancel) {
    return Wait(*this, Direction::both, deadline, cancel);
}

Stream::Wait Stream::arriving(TimePoint deadline, CancelSource* cancel) {
    maybe_readable_ = false;
    return readable(deadline, cancel);
}

// Edges are told as they come. What came before anybody watched is told from the loop, soon: the
// observer may not be ready to be called from within its own watch().
void Stream::watch(Observer* observer) {
    observer_ = observer;
    if (!observer_ || !maybe_readable_ || !open()) return;
    worker_.post([self = Ptr(this)] {
        if (self->observer_ && !self->waiting_ && self->maybe_readable_ && self->open())
            self->observer_->on_readable(*self);
    });
}

void Stream::on_events(uint32_t events) {
    Ptr alive(this);
    constexpr uint32_t kRead = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
    constexpr uint32_t kWrite = EPOLLOUT | EPOLLHUP | EPOLLERR;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) ending_ = true;
    if (events & (EPOLLHUP | EPOLLERR)) gone_ = true;
    if (events & kRead) maybe_readable_ = true;
    if (waiting_) {
        bool wanted = waiting_->direction_ == Direction::read    ? events & kRead
                      : waiting_->direction_ == Direction::write ? events & kWrite
                                                                 : true;
        if (wanted) return waiting_->resume(Wake::ready);
    }
    if ((events & kRead) && observer_ && open()) observer_->on_readable(*this);
}

void Stream::on_deadline() {
    if (waiting_) waiting_->resume(Wake::deadline);
}

bool Stream::quiet() {
    if (!maybe_readable_) return open();
    char byte;
    return read({&byte, 1}).again();
}

bool Stream::at_end() {
    char byte;
    if (tls_ && open() && !gone_) {
        // Behind the last bytes stands a close_notify, so that the end itself is not to be seen.
        constexpr int kAlert = 64;
        int unread = 0;
        return ending_ && !tls_->holds_bytes() && ::ioctl(fd(), FIONREAD, &unread) == 0 &&
               unread < kAlert;
    }
    return open() && (gone_ || ::recv(fd(), &byte, 1, MSG_PEEK) == 0);
}

bool Stream::stale() const {
    return !open() || maybe_readable_;
}

void Stream::end_output() {
    if (!open()) return;
    if (tls_) tls_->shutdown();
    ::shutdown(fd(), SHUT_WR);
}

void Stream::close() {
    observer_ = nullptr;
    if (!open()) return;
    if (tls_) tls_->shutdown();
    worker_.poller().remove(fd_, *this);
    ::close(std::exchange(fd_, -1));
    worker_.deadlines().clear(*this);
    if (waiting_) waiting_->resume(Wake::ready);  // its next read or write says that it is closed
}

void Stream::abort() {
    if (!open()) return;
    linger reset{1, 0};
    ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    tls_.reset();
    close();
}

void Stream::Wait::await_suspend(std::coroutine_handle<> caller) {
    caller_ = caller;
    stream_.waiting_ = this;
    if (cancel_) cancel_->enter(*this);
    stream_.worker_.deadlines().set(stream_, deadline_);
}

Wake Stream::Wait::await_resume() {
    if (cancel_ && cancel_->cancelled()) throw Cancelled();
    return outcome_;
}

void Stream::Wait::wake_cancelled() {
    resume(Wake::ready);
}

void Stream::Wait::forget() {
    stream_.waiting_ = nullptr;
    stream_.worker_.deadlines().clear(stream_);
    if (cancel_) cancel_->leave();
}

void Stream::Wait::resume(Wake outcome) {
    outcome_ = outcome;
    forget();
    std::exchange(caller_, nullptr).resume();  // `this` is gone when it returns
}

std::span<iovec> consume(std::span<iovec> pieces, std::size_t size) {
    for (auto& piece : pieces) {
        std::size_t taken = std::min(piece.iov_len, size);
        piece.iov_base = static_cast<char*>(piece.iov_base) + taken;
        piece.iov_len -= taken;
        size -= taken;
    }
    while (!pieces.empty() && pieces.front().iov_len == 0)
        pieces = pieces.subspan(1);
    return pieces;
}

Task<int> write_all(Stream& stream, std::span<iovec> pieces, Duration stall_limit,
                    CancelSource* cancel) {
    pieces = consume(pieces, 0);
    while (!pieces.empty()) {
        IoResult r = stream.write(pieces);
        if (r.closed()) co_return r.error ? r.error : EPIPE;
        if (r.again()) {
            auto deadline = std::chrono::steady_clock::now() + stall_limit;
            if (co_await stream.writable(deadline, cancel) == Wake::deadline) co_return ETIMEDOUT;
        }
        pieces = consume(pieces, r.size);
    }
    co_return 0;
}

}  // namespace weir::net
