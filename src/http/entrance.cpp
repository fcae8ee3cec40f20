// What a connection passes before its first request: PROXY header, TLS handshake, the listener's
// limit of connections.
#include "http/entrance.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/log.h"
#include "http/server_connection.h"

namespace weir::http {
namespace {

void set_probes(int fd, const KeepAliveProbes& probes) {
    int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    auto set = [fd](int option, int value) {
        if (value > 0) ::setsockopt(fd, IPPROTO_TCP, option, &value, sizeof value);
    };
    set(TCP_KEEPCNT, probes.count);
    set(TCP_KEEPIDLE, probes.idle);
    set(TCP_KEEPINTVL, probes.interval);
}

/// One of HandshakeCount, as long as it lives.
class Place {
public:
    explicit Place(HandshakeCount* count) : count_(count) {
        if (count_)
            free_ = count_->running.fetch_add(1, std::memory_order_relaxed) <
                    count_->limit.load(std::memory_order_relaxed);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
        if (count_) count_->running.fetch_sub(1, std::memory_order_relaxed);
    }
    bool free() const { return free_; }

private:
    HandshakeCount* count_;
    bool free_ = true;
};

}  // namespace

int Entrance::host_of(const net::TlsSession* session) const {
    if (!session || !tls) return !session && !tls ? 0 : -1;
    int host = tls->host_for(session->server_name());
    if (host < 0 || !session->server()) return -1;
    const std::string& was = session->server()->identity(session->host());
    return tls->identity(static_cast<std::size_t>(host)) == was ? host : -1;
}

/// False: the connection ends, unheard.
net::Task<bool> ServerConnection::enter() {
    auto deadline = std::chrono::steady_clock::now() + entrance_->handshake_timeout;
    if (entrance_->probes) set_probes(stream_->fd(), *entrance_->probes);
    if (entrance_->proxy_protocol != net::ProxyProtocol::off) {
        auto header = co_await net::read_proxy_header(*stream_, entrance_->proxy_protocol, deadline,
                                                      &cancel_);
        if (!header) {
            ++server_.counters_.proxy_refused;
            log::debug("connection of {} closed: {}", peer_, header.error().detail());
            co_return false;
        }
        if (header->source) peer_ = header->source->to_string();
    }
    if (entrance_->tls && !co_await shake_hands(deadline)) co_return false;
    options_ = &entrance_->hosts[stream_->tls() ? stream_->tls()->host() : 0];
    co_return co_await count_in();
}

net::Task<bool> ServerConnection::shake_hands(net::TimePoint deadline) {
    std::optional<Place> place;
    if (!place.emplace(entrance_->handshakes).free()) {
        ++server_.counters_.handshakes_refused;
        co_return false;
    }
    auto session = entrance_->tls->accept(stream_->fd());
    Result<void> done;
    if (session)
        done = co_await net::handshake(*stream_, **session, codes::http_bad_request,
                                       codes::http_timeout, deadline, &cancel_);
    else
        done = std::unexpected(std::move(session).error());
    if (!done) {
        ++server_.counters_.handshakes_failed;
        log::debug("TLS handshake with {} failed: {}", peer_, done.error().detail());
        place.reset();
        co_await linger();  // an alert is on its way that says why
        co_return false;
    }
    ++server_.counters_.handshakes;
    if ((*session)->resumed()) ++server_.counters_.handshakes_resumed;
    stream_->set_tls(std::move(*session));
    co_return true;
}

/// The listener's own limit (ClientTrafficPolicy connectionLimit): one too many is closed without
/// an answer, after the delay that keeps clients from coming back at once.
net::Task<bool> ServerConnection::count_in() {
    if (!options_->listener_connections) co_return true;
    counted_ = options_->listener_connections;
    if (counted_->fetch_add(1, std::memory_order_relaxed) < options_->listener_limit)
        co_return true;
    counted_->fetch_sub(1, std::memory_order_relaxed);
    counted_.reset();
    ++server_.counters_.over_limit;
    auto until = std::chrono::steady_clock::now() + options_->close_delay;
    while (stream_->open() && std::chrono::steady_clock::now() < until) {
        char sink[4096];
        net::IoResult r = stream_->read(sink);
        if (r.closed()) break;
        if (r.again() && co_await stream_->readable(until, &cancel_) == net::Wake::deadline) break;
    }
    co_return false;
}

/// Before a request is read: the rules of the newest configuration. False: they do not let this
/// connection in any more.
bool ServerConnection::renew_entrance() {
    const std::shared_ptr<const Entrance>& newest = server_.entrance(listener_);
    if (newest == entrance_) return true;
    int host = newest->host_of(stream_->tls());
    if (host < 0) return false;
    entrance_ = newest;
    options_ = &entrance_->hosts[static_cast<std::size_t>(host)];
    return true;
}

bool ServerConnection::stays() const {
    if (entrance_->tls && !stream_->tls()) return true;  // in its handshake: judged after it
    return server_.entrance(listener_)->host_of(stream_->tls()) >= 0;
}

}  // namespace weir::http
