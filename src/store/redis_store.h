/// The Store of shared limits in a Redis or Valkey: one connection, claims pipelined on it.
///
/// Connects at start() and again whenever the connection is lost, with growing pauses. A Redis that
/// lost its memory (a restart without persistence, FLUSHALL) is recognised by a key that names its
/// memory; for kSettling after that key was made only what gateways claim to have is taken for
/// granted, so that all of them can say so before anything is granted anew. What that means for
/// limits: docs/limits.md, docs/adr/0012-leases-in-redis.md.
///
/// Threads: the worker's, but for stats(). The Store outlives the worker's loop.
#pragma once
#include <atomic>
#include <deque>
#include <functional>
#include <memory>

#include "net/dial.h"
#include "net/tls.h"
#include "store/redis_protocol.h"
#include "store/redis_url.h"

namespace weir::store {

/// For metrics. Any thread.
struct RedisStats {
    std::atomic<bool> connected{false};
    std::atomic<uint64_t> connections{0};  ///< made
    std::atomic<uint64_t> failures{0};     ///< connections lost or not made
    std::atomic<uint64_t> answers{0};
    std::atomic<uint64_t> waited_ns{0};  ///< by all answers together
};

class RedisStore final : public quota::Store {
public:
    static constexpr std::chrono::milliseconds kSettling{1000};
    static constexpr std::chrono::milliseconds kFirstPause{50};
    static constexpr std::chrono::milliseconds kLongestPause{500};  // less than kSettling
    static constexpr std::chrono::milliseconds kConnect{2000};
    static constexpr std::chrono::milliseconds kAnswer{1000};
    static constexpr std::chrono::milliseconds kPing{1000};

    enum class Change : uint8_t {
        connected,  ///< to the Redis that was known
        forgot,     ///< connected, and it may not know what was granted
        lost,
    };
    /// Called before any claim of a new connection, and when one is lost or could not be made.
    using Changed = std::function<void(Change)>;

    /// `tls` for a TLS address, else null; `dice` gives a number in [0, 1). All outlive the Store.
    RedisStore(net::Worker& worker, net::Resolver& resolver, RedisAddress address,
               net::TlsContext* tls, std::function<double()> dice, Changed changed);
    ~RedisStore() override;

    /// Begins to connect; the task is the worker's.
    void start();
    void stop() { cancel_.cancel(); }
    void claim(std::vector<quota::Claim> claims, Done done) override;

    /// Connected, and no claim has waited longer than `patience`.
    bool answers(std::chrono::milliseconds patience) const;
    /// It knows what all gateways were granted.
    bool settled() const;
    const RedisStats& stats() const { return stats_; }
    const RedisAddress& address() const { return address_; }

private:
    struct Call;
    net::Task<void> run();
    net::Task<Result<void>> session();
    net::Task<Result<void>> greet(net::TimePoint deadline);
    net::Task<Result<Reply>> reply(net::TimePoint deadline);
    net::Task<Result<void>> serve();
    net::Task<Result<bool>> read_more(net::TimePoint deadline);
    Result<void> take(const Reply& reply);
    Result<void> flush();
    void queue(std::size_t replies, Done done);
    void lose(const Error& why);

    net::Worker& worker_;
    net::Resolver& resolver_;
    const RedisAddress address_;
    net::TlsContext* tls_;
    std::function<double()> dice_;
    Changed changed_;
    net::CancelSource cancel_;
    net::StreamPtr stream_;
    std::unique_ptr<ReplyReader> reader_;
    std::string out_;
    std::deque<Call> calls_;
    std::string claim_digest_;
    std::string memory_;  ///< the name of Redis's memory when it was last seen
    bool connected_ = false;
    bool said_lost_ = false;
    net::TimePoint settled_{};
    RedisStats stats_;
};

}  // namespace weir::store
