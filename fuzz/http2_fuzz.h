/// For the fuzz targets of HTTP/2: a loop, and a connection whose far end writes what it is given.
#pragma once
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "net/stream.h"
#include "net/worker.h"

namespace weir::fuzz {

inline std::string http2_frame(uint8_t type, uint8_t flags, uint32_t stream,
                               std::string_view payload) {
    std::string out;
    for (int shift : {16, 8, 0})
        out += static_cast<char>(payload.size() >> shift);
    out += static_cast<char>(type);
    out += static_cast<char>(flags);
    for (int shift : {24, 16, 8, 0})
        out += static_cast<char>(stream >> shift);
    return out.append(payload);
}

/// Two ends of a connection; one is a Stream of the loop.
class Wire {
public:
    explicit Wire(net::Worker& worker) : worker_(worker) {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
            std::abort();
        stream = net::Stream::adopt(worker, ends[0]);
        far_ = ends[1];
    }
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;
    ~Wire() {
        if (far_ >= 0) ::close(far_);
    }
    /// Writes `bytes` in pieces of `cut`, the loop turning in between; reads what comes back.
    void feed(std::string_view bytes, std::size_t cut) {
        while (!bytes.empty()) {
            std::string_view piece = bytes.substr(0, cut);
            ssize_t n = ::send(far_, piece.data(), piece.size(), MSG_NOSIGNAL);
            turn();
            if (n <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(n));
        }
    }
    void turn() {
        for (int i = 0; i < 4; ++i)
            worker_.turn(std::chrono::milliseconds(0));
        char sink[65536];
        while (::recv(far_, sink, sizeof sink, 0) > 0) {
        }
    }
    void close() { ::close(std::exchange(far_, -1)); }

    net::StreamPtr stream;

private:
    net::Worker& worker_;
    int far_ = -1;
};

}  // namespace weir::fuzz
