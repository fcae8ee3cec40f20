/// A connection to a Redis or Sentinel: commands out, replies in.
///
/// Threads: the worker's; one task uses a channel. Everything fails with store.unavailable and the
/// reason in words, after which the channel is of no use; waits throw Cancelled.
#pragma once
#include "net/dial.h"
#include "store/redis_protocol.h"
#include "store/redis_url.h"

namespace weir::store {

/// The loop and what is needed on it to connect. All outlive what is made with it; `tls` null:
/// none.
struct Network {
    net::Worker& worker;
    net::Resolver& resolver;
    net::TlsContext* tls = nullptr;
};

class Channel {
public:
    /// Connects and handshakes. `cancel` outlives the channel.
    static net::Task<Result<std::unique_ptr<Channel>>> open(Network network, const RedisHost& host,
                                                            net::TimePoint deadline,
                                                            net::CancelSource& cancel);

    /// Says who we are; nothing is sent without a password.
    net::Task<Result<void>> login(const std::string& user, const Secret& password,
                                  net::TimePoint deadline);
    /// Appends a command; flush() or any wait sends it.
    void send(std::span<const std::string> words) { append_command(out_, words); }
    /// For commands appended by other hands.
    std::string& out() { return out_; }
    /// Writes what the socket takes now.
    Result<void> flush();

    /// The next reply; fails if none came before the deadline.
    net::Task<Result<Reply>> reply(net::TimePoint deadline);
    /// A reply that is here already.
    Result<std::optional<Reply>> next() { return reader_.next(); }
    /// Waits for bytes; false: none came before the deadline.
    net::Task<Result<bool>> read_more(net::TimePoint deadline);

private:
    Channel(net::StreamPtr stream, net::CancelSource& cancel)
        : stream_(std::move(stream)), cancel_(cancel) {}

    net::StreamPtr stream_;
    net::CancelSource& cancel_;
    ReplyReader reader_;
    std::string out_;
};

/// Where to ask, and as whom.
struct Login {
    std::string user;
    Secret password;
};

/// One command on a connection of its own.
net::Task<Result<Reply>> ask(Network network, RedisHost host, const Login& login,
                             std::vector<std::string> words, net::TimePoint deadline,
                             net::CancelSource& cancel);

}  // namespace weir::store
