/// Handing the listening sockets of a running Weir to a new one, so that an upgrade loses nobody.
///
/// Both are started with `--takeover PATH`, a Unix socket. The new one connects, is given the
/// sockets themselves (their queues of waiting connections with them), serves, and says so; only
/// then does the old one stop accepting and drain. A new one that dies before that changes nothing.
///
/// Protocol: SOCK_SEQPACKET records. Old to new: the key of an address, with up to kBatch
/// descriptors of it (SCM_RIGHTS), as often as needed; then an empty key "." New to old: "ready".
/// Only a process of the same user is given anything. Threads: the main thread's.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "net/listener.h"

namespace weir::cli {

/// One address and its sockets; borrowed.
struct Handed {
    std::string key;
    std::vector<int> sockets;
};

/// What a new Weir was given. Closes what it does not use.
class Inheritance {
public:
    /// Nothing if no Weir answers at `path`. Fails with listen.failed if one does but gives
    /// nothing.
    static Result<std::optional<Inheritance>> claim(const std::string& path);
    Inheritance(Inheritance&& other) noexcept;
    Inheritance& operator=(Inheritance&&) = delete;
    ~Inheritance();

    /// The sockets of that key, at least `count` of them; nothing if the old Weir had none.
    Result<std::optional<net::ListenSockets>> take(const std::string& key, std::size_t count);
    /// Tells the old Weir that this one serves.
    void ready() const;

private:
    explicit Inheritance(int connection) : connection_(connection) {}
    Result<void> receive();

    int connection_ = -1;
    std::map<std::string, std::vector<int>> sockets_;
};

/// The old Weir's end.
class TakeoverServer {
public:
    /// Takes `path` over from whoever had it. Fails with listen.failed.
    static Result<TakeoverServer> listen(const std::string& path);
    TakeoverServer(TakeoverServer&& other) noexcept;
    TakeoverServer& operator=(TakeoverServer&&) = delete;
    ~TakeoverServer();

    /// Readable when a new Weir asks.
    int descriptor() const { return listening_; }
    /// Answers it. Fails with listen.failed if that was not possible; nothing has changed then.
    Result<void> hand_over(const std::vector<Handed>& addresses);
    /// Readable when the new Weir is ready, or gone; -1 if there is none.
    int newcomer() const { return newcomer_; }
    /// Once newcomer() is readable: true if it serves, false if it is gone.
    bool newcomer_serves();

private:
    TakeoverServer(std::string path, int listening)
        : path_(std::move(path)), listening_(listening) {}
    void forget_newcomer();

    std::string path_;
    int listening_ = -1;
    int newcomer_ = -1;
    bool handed_over_ = false;  ///< the path belongs to the new one
};

}  // namespace weir::cli
