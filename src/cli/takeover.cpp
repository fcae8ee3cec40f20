#include "cli/takeover.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace weir::cli {
namespace {

constexpr std::size_t kBatch = 64;      // descriptors in one record (the kernel takes 253)
constexpr std::size_t kMaxKey = 512;    // bytes
constexpr std::string_view kEnd = ".";  // no key: keys hold a '='
constexpr std::string_view kReady = "ready";
constexpr timeval kPatience{10, 0};  // for one record

std::unexpected<Error> failed(std::string_view what, const std::string& path) {
    return fail(codes::listen_failed,
                fmt::format("--takeover {}: {}: {}", path, what, std::strerror(errno)));
}

Result<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path)
        return fail(codes::config_invalid,
                    fmt::format("--takeover {}: a socket's path has 1 to {} bytes", path,
                                sizeof address.sun_path - 1));
    path.copy(address.sun_path, path.size());
    return address;
}

int unix_socket(int flags) {
    return ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);
}

bool same_user(int connection) {
    ucred peer{};
    socklen_t size = sizeof peer;
    return ::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           peer.uid == ::geteuid();
}

bool send_record(int connection, std::string_view key, std::span<const int> sockets) {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kBatch)> control{};
    iovec text{const_cast<char*>(key.data()), key.size()};
    msghdr message{};
    message.msg_iov = &text;
    message.msg_iovlen = 1;
    if (!sockets.empty()) {
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(sockets.size_bytes());
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sockets.size_bytes());
        std::memcpy(CMSG_DATA(header), sockets.data(), sockets.size_bytes());
    }
    return ::sendmsg(connection, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(key.size());
}

}  // namespace

// --- the new Weir

Result<std::optional<Inheritance>> Inheritance::claim(const std::string& path) {
    WEIR_TRY(sockaddr_un address, address_of(path));
    int connection = unix_socket(0);
    if (connection < 0) return failed("no socket", path);
    Inheritance self(connection);
    if (::connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        if (errno == ENOENT || errno == ECONNREFUSED) return std::optional<Inheritance>();
        return failed("cannot be asked", path);
    }
    if (!same_user(connection))
        return fail(codes::listen_failed,
                    fmt::format("--takeover {}: another user's process answers there", path));
    ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
    if (auto received = self.receive(); !received) return std::unexpected(received.error());
    return std::optional<Inheritance>(std::move(self));
}

Result<void> Inheritance::receive() {
    while (true) {
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kBatch)> control{};
        std::array<char, kMaxKey> key{};
        iovec text{key.data(), key.size()};
        msghdr message{};
        message.msg_iov = &text;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        ssize_t size = ::recvmsg(connection_, &message, MSG_CMSG_CLOEXEC);
        if (size <= 0)
            return fail(
                codes::listen_failed,
                "--takeover: the running Weir did not hand its sockets over; is it ending?");
        std::string_view name(key.data(), static_cast<std::size_t>(size));
        for (cmsghdr* header = CMSG_FIRSTHDR(&message); header;
             header = CMSG_NXTHDR(&message, header)) {
            if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
            std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            std::vector<int>& sockets = sockets_[std::string(name)];
            std::size_t had = sockets.size();
            sockets.resize(had + count);
            std::memcpy(sockets.data() + had, CMSG_DATA(header), count * sizeof(int));
        }
        if (name == kEnd) return {};
    }
}

Inheritance::Inheritance(Inheritance&& other) noexcept
    : connection_(std::exchange(other.connection_, -1)), sockets_(std::move(other.sockets_)) {
    other.sockets_.clear();
}

Inheritance::~Inheritance() {
    for (const auto& [key, sockets] : sockets_)
        for (int fd : sockets)
            ::close(fd);
    if (connection_ >= 0) ::close(connection_);
}

Result<std::optional<net::ListenSockets>> Inheritance::take(const std::string& key,
                                                            std::size_t count) {
    auto known = sockets_.extract(key);
    if (known.empty()) return std::optional<net::ListenSockets>();
    WEIR_TRY(auto sockets, net::ListenSockets::adopt(std::move(known.mapped()), count));
    return std::optional<net::ListenSockets>(std::move(sockets));
}

void Inheritance::ready() const {
    send_record(connection_, kReady, {});
}

// --- the old Weir

Result<TakeoverServer> TakeoverServer::listen(const std::string& path) {
    std::string own = path + ".new";
    WEIR_TRY(sockaddr_un address, address_of(own));
    int listening = unix_socket(SOCK_NONBLOCK);
    if (listening < 0) return failed("no socket", path);
    TakeoverServer self(path, listening);
    ::unlink(own.c_str());
    mode_t before = ::umask(0177);  // this user only, from the first moment
    int bound = ::bind(listening, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::umask(before);
    if (bound != 0 || ::listen(listening, 4) != 0 || ::rename(own.c_str(), path.c_str()) != 0) {
        self.handed_over_ = true;  // whatever is at `path` is not ours
        return failed("cannot listen there", path);
    }
    return self;
}

TakeoverServer::TakeoverServer(TakeoverServer&& other) noexcept
    : path_(std::move(other.path_)),
      listening_(std::exchange(other.listening_, -1)),
      newcomer_(std::exchange(other.newcomer_, -1)),
      handed_over_(std::exchange(other.handed_over_, true)) {}

TakeoverServer::~TakeoverServer() {
    forget_newcomer();
    if (listening_ >= 0) ::close(listening_);
    if (!handed_over_) ::unlink(path_.c_str());
}

void TakeoverServer::forget_newcomer() {
    if (newcomer_ >= 0) ::close(std::exchange(newcomer_, -1));
}

Result<void> TakeoverServer::hand_over(const std::vector<Handed>& addresses) {
    forget_newcomer();  // who asks again gave up before
    int connection = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return {};
    newcomer_ = connection;
    auto give_up = [&](std::string_view why) {
        auto error = failed(why, path_);
        forget_newcomer();
        return error;
    };
    if (!same_user(connection)) return give_up("another user's process asked");
    ::setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
    for (const Handed& handed : addresses)
        for (std::size_t at = 0; at < handed.sockets.size(); at += kBatch)
            if (!send_record(connection, handed.key,
                             std::span(handed.sockets)
                                 .subspan(at, std::min(kBatch, handed.sockets.size() - at))))
                return give_up("the new Weir did not take the sockets");
    if (!send_record(connection, kEnd, {})) return give_up("the new Weir did not listen");
    return {};
}

bool TakeoverServer::newcomer_serves() {
    std::array<char, 16> said{};
    ssize_t size = ::recv(newcomer_, said.data(), said.size(), MSG_DONTWAIT);
    handed_over_ =
        size > 0 && std::string_view(said.data(), static_cast<std::size_t>(size)) == kReady;
    if (!handed_over_) forget_newcomer();
    return handed_over_;
}

}  // namespace weir::cli
