#include "net/listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "base/log.h"

namespace weir::net {
namespace {

constexpr int kBacklog = 4096;
constexpr int kAcceptsPerTurn = 64;  // then other connections get their turn
constexpr std::chrono::milliseconds kPauseWhenFull{100};

/// A bound socket, or -1 with errno set.
int bind_socket(const Address& address, bool shared) {
    int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (shared) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (::bind(fd, address.get(), address.length) == 0) return fd;
    int error = errno;
    ::close(fd);
    errno = error;
    return -1;
}

std::unexpected<Error> listen_error(const Address& address) {
    return fail(codes::listen_failed,
                fmt::format("cannot listen on {}: {}", address.to_string(), std::strerror(errno)));
}

}  // namespace

Result<Address> parse_listen_address(std::string_view text) {
    auto colon = text.rfind(':');
    auto bad = [&] {
        return fail(
            codes::config_invalid,
            fmt::format("'{}' is not an address; write HOST:PORT, as in 127.0.0.1:1975", text));
    };
    if (colon == std::string_view::npos) return bad();
    unsigned port = 0;
    auto digits = text.substr(colon + 1);
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size() || port > 65535) return bad();
    auto host = text.substr(0, colon);
    if (host.empty() || host == "*") host = "0.0.0.0";
    if (host == "localhost") host = "127.0.0.1";
    auto address = parse_address(host, static_cast<uint16_t>(port));
    if (!address) return bad();
    return *address;
}

Result<ListenSockets> ListenSockets::open(const Address& address, std::size_t count) {
    ListenSockets self;
    self.address_ = address;
    // A socket without SO_REUSEPORT cannot bind where any other listens: that proves the address
    // ours.
    int probe = bind_socket(address, false);
    if (probe < 0 || ::listen(probe, 1) != 0) {
        if (probe >= 0) ::close(probe);
        return listen_error(address);
    }
    ::getsockname(probe, reinterpret_cast<sockaddr*>(&self.address_.storage),
                  &self.address_.length);
    ::close(probe);
    WEIR_CHECK(self.grow(count));
    return self;
}

Result<ListenSockets> ListenSockets::adopt(std::vector<int> sockets, std::size_t count) {
    ListenSockets self;
    self.sockets_ = std::move(sockets);
    self.address_.length = sizeof self.address_.storage;
    if (self.sockets_.empty() ||
        ::getsockname(self.sockets_.front(), reinterpret_cast<sockaddr*>(&self.address_.storage),
                      &self.address_.length) != 0)
        return fail(codes::listen_failed, "what was handed over is no listening socket");
    WEIR_CHECK(self.grow(count));
    return self;
}

Result<void> ListenSockets::grow(std::size_t count) {
    while (sockets_.size() < count) {
        int fd = bind_socket(address_, true);
        if (fd < 0) return listen_error(address_);
        sockets_.push_back(fd);
        int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
                     sizeof on);  // inherited by what is accepted
        if (::listen(fd, kBacklog) != 0) return listen_error(address_);
    }
    return {};
}

ListenSockets::~ListenSockets() {
    for (int fd : sockets_)
        if (fd >= 0) ::close(fd);
}

int ListenSockets::take(std::size_t index) {
    return std::exchange(sockets_.at(index), -1);
}

ListenSockets& ListenSockets::operator=(ListenSockets&& other) noexcept {
    std::swap(address_, other.address_);
    std::swap(sockets_, other.sockets_);
    return *this;
}

Result<int> ListenSockets::duplicate(std::size_t index) const {
    int fd = ::fcntl(sockets_.at(index), F_DUPFD_CLOEXEC, 0);
    if (fd < 0) return listen_error(address_);
    return fd;
}

struct Listener::State final : std::enable_shared_from_this<State>,
                               Poller::Client,
                               Deadlines::Node {
    Worker& worker;
    int fd;
    OnAccept on_accept;
    std::size_t reserve;
    std::vector<int> spare;  // duplicates of the listening socket, for the sake of their number

    State(Worker& w, int socket, OnAccept callback, std::size_t reserved)
        : worker(w), fd(socket), on_accept(std::move(callback)), reserve(reserved) {
        fill_spare();
        listen();
    }

    bool open() const { return fd >= 0; }
    void listen() { worker.poller().add(fd, *this, EPOLLIN); }
    void close() {
        if (!open()) return;
        worker.deadlines().clear(*this);
        worker.poller().remove(fd, *this);
        ::close(std::exchange(fd, -1));
        give_up_spare();
    }

    void fill_spare() {
        while (spare.size() < reserve) {
            int duplicate = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
            if (duplicate < 0) return;
            spare.push_back(duplicate);
        }
    }
    void give_up_spare() {
        for (int duplicate : spare)
            ::close(duplicate);
        spare.clear();
    }

    void on_events(uint32_t) override {
        auto alive = shared_from_this();
        for (int i = 0; i < kAcceptsPerTurn && open(); ++i) {
            Address peer;
            peer.length = sizeof peer.storage;
            int accepted = ::accept4(fd, reinterpret_cast<sockaddr*>(&peer.storage), &peer.length,
                                     SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (accepted >= 0) {
                on_accept(Stream::adopt(worker, accepted), peer);
                continue;
            }
            if ((errno == EMFILE || errno == ENFILE) && !spare.empty()) {
                ::close(spare.back());
                spare.pop_back();
                continue;
            }
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                return rest();
            break;  // nothing waits, or that one connection failed
        }
        if (open() && spare.size() < reserve) fill_spare();
    }

    // Out of descriptors: those waiting stay in the backlog until some are free again.
    void rest() {
        log::warn("cannot accept connections: {}; pausing {} ms", std::strerror(errno),
                  kPauseWhenFull.count());
        worker.poller().remove(fd, *this);
        worker.deadlines().set(*this, std::chrono::steady_clock::now() + kPauseWhenFull);
    }
    void on_deadline() override { listen(); }
};

Listener::Listener(Worker& worker, int fd, OnAccept on_accept, std::size_t reserve)
    : state_(std::make_shared<State>(worker, fd, std::move(on_accept), reserve)) {}

Listener::~Listener() {
    close();
}

void Listener::close() {
    state_->close();
}

}  // namespace weir::net
