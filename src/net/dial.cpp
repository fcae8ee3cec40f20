#include "net/dial.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace weir::net {
namespace {

int open_socket(int family) {
    int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return fd;
    int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    return fd;
}

/// One address. 0 and a stream, or an errno.
Task<int> connect_one(Worker& worker, const Address& address, TimePoint deadline,
                      CancelSource* cancel, StreamPtr& stream) {
    int fd = open_socket(address.storage.ss_family);
    if (fd < 0) co_return errno;
    // Connecting begins before the socket is registered: an idle one would report that it is hung
    // up.
    int outcome = ::connect(fd, address.get(), address.length) == 0 ? 0 : errno;
    stream = Stream::adopt(worker, fd);
    if (outcome != EINPROGRESS) co_return outcome;
    if (co_await stream->writable(deadline, cancel) == Wake::deadline) co_return ETIMEDOUT;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    co_return error;
}

Task<Result<void>> handshake(Stream& stream, TlsSession& session, TimePoint deadline,
                             CancelSource* cancel) {
    while (true) {
        TlsSession::Step step = session.handshake();
        if (step == TlsSession::Step::done) co_return Result<void>();
        if (step == TlsSession::Step::failed)
            co_return fail(codes::upstream_tls, session.failure());
        Wake wake;
        if (step == TlsSession::Step::want_read)
            wake = co_await stream.arriving(deadline, cancel);
        else
            wake = co_await stream.writable(deadline, cancel);
        if (wake == Wake::deadline)
            co_return fail(codes::upstream_connect_timeout, "the TLS handshake took too long");
    }
}

}  // namespace

Task<Result<StreamPtr>> dial(Worker& worker, Resolver& resolver, const Target& target,
                             TimePoint deadline, CancelSource* cancel) {
    WEIR_CO_TRY(std::vector<Address> addresses,
                co_await resolver.resolve(target.host, target.port, deadline, cancel));
    std::string reasons;
    bool late = false;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        auto now = std::chrono::steady_clock::now();
        if (now >= deadline) {
            late = true;
            break;
        }
        auto share = (deadline - now) / static_cast<int64_t>(addresses.size() - i);
        StreamPtr stream;
        int error = co_await connect_one(worker, addresses[i], now + share, cancel, stream);
        late = error == ETIMEDOUT;
        if (error == EMFILE || error == ENFILE)
            co_return fail(codes::overloaded,
                           "no descriptor is left for a connection to a provider");
        if (error != 0) {
            reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : ", ",
                                   addresses[i].to_string(), std::strerror(error));
            continue;
        }
        if (!target.tls) co_return stream;
        WEIR_CO_TRY(auto session,
                    target.tls->connect(stream->fd(), target.server_name, target.offer_http2));
        WEIR_CO_CHECK(co_await handshake(*stream, *session, deadline, cancel));
        stream->set_tls(std::move(session));
        co_return stream;
    }
    co_return fail(late ? codes::upstream_connect_timeout : codes::upstream_connect,
                   fmt::format("cannot connect to {}: {}", target.host,
                               reasons.empty() ? "no time left" : reasons));
}

}  // namespace weir::net
