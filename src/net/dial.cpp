#include "net/dial.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "base/encoding.h"

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

/// The status line of `head`, as a number; 0: it is none.
int status_of(std::string_view head) {
    int status = 0;
    if (!head.starts_with("HTTP/1.") || head.size() < 12) return 0;
    auto [end, error] = std::from_chars(head.data() + 9, head.data() + 12, status);
    return error == std::errc() && end == head.data() + 12 ? status : 0;
}

std::string connect_request(const Target& target) {
    bool v6 = target.host.find(':') != std::string::npos;
    std::string authority =
        fmt::format("{}{}{}:{}", v6 ? "[" : "", target.host, v6 ? "]" : "", target.port);
    std::string out = fmt::format("CONNECT {0} HTTP/1.1\r\nhost: {0}\r\n", authority);
    if (!target.tunnel->credentials.empty())
        out.append("proxy-authorization: Basic ")
            .append(base64_encode(target.tunnel->credentials.reveal()))
            .append("\r\n");
    return out + "\r\n";
}

/// Asks the proxy at the other end of `stream` for the target; afterwards it is the target's.
Task<Result<void>> open_tunnel(Stream& stream, const Target& target, TimePoint deadline,
                               CancelSource* cancel) {
    constexpr std::size_t kMostHead = 8 * 1024;
    auto failed = [&](std::string_view why) {
        return fail(
            codes::upstream_connect,
            fmt::format("the proxy {}:{} does not connect to {}:{}: {}", target.tunnel->host,
                        target.tunnel->port, target.host, target.port, why));
    };
    std::string request = connect_request(target);
    iovec piece{request.data(), request.size()};
    auto left = deadline - std::chrono::steady_clock::now();
    if (co_await write_all(stream, {&piece, 1}, left, cancel) != 0)
        co_return failed("it does not take the request");
    std::string head(kMostHead, '\0');
    while (true) {
        IoResult r = stream.peek({head.data(), head.size()});
        if (r.closed()) co_return failed("it closed the connection");
        std::string_view got(head.data(), r.size);
        if (auto end = got.find("\r\n\r\n"); end != std::string_view::npos) {
            int status = status_of(got);
            if (status / 100 != 2) co_return failed(fmt::format("it answered {}", status));
            stream.skip(end + 4);
            co_return Result<void>();
        }
        if (r.size == kMostHead) co_return failed("its answer has no end");
        if (co_await stream.arriving(deadline, cancel) == Wake::deadline)
            co_return fail(codes::upstream_connect_timeout,
                           fmt::format("the proxy {}:{} did not answer in time",
                                       target.tunnel->host, target.tunnel->port));
    }
}

}  // namespace

Task<Result<StreamPtr>> dial(Worker& worker, Resolver& resolver, const Target& target,
                             TimePoint deadline, CancelSource* cancel) {
    WEIR_CO_TRY(std::vector<Address> addresses,
                co_await resolver.resolve(target.tunnel ? target.tunnel->host : target.host,
                                          target.tunnel ? target.tunnel->port : target.port,
                                          deadline, cancel));
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
        if (target.tunnel) WEIR_CO_CHECK(co_await open_tunnel(*stream, target, deadline, cancel));
        if (!target.tls) co_return stream;
        WEIR_CO_TRY(auto session, target.tls->connect(stream->fd(), target.server_name));
        WEIR_CO_CHECK(co_await handshake(*stream, *session, codes::upstream_tls,
                                         codes::upstream_connect_timeout, deadline, cancel));
        stream->set_tls(std::move(session));
        co_return stream;
    }
    co_return fail(late ? codes::upstream_connect_timeout : codes::upstream_connect,
                   fmt::format("cannot connect to {}{}: {}", target.tunnel ? "the proxy " : "",
                               target.tunnel ? target.tunnel->host : target.host,
                               reasons.empty() ? "no time left" : reasons));
}

}  // namespace weir::net
