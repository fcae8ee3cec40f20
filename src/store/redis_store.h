/// The Store of shared limits in one Redis or Valkey: one connection, claims pipelined on it.
///
/// Connects at start() and again whenever the connection is lost, with growing pauses; Sentinels,
/// if the address names them, are asked each time where the primary is. A Redis that lost its
/// memory (a restart without persistence, FLUSHALL, a replica promoted without the last writes) is
/// recognised by a key and a replication id that name its memory, at each connection and each
/// kLook; for kSettling after that only what gateways claim to have is taken for granted, so that
/// all of them can say so before anything is granted anew. What that means for limits:
/// docs/limits.md, docs/adr/0012-leases-in-redis.md.
///
/// Threads: the worker's. The Store outlives the worker's loop, or its task (ended()).
#pragma once
#include <deque>

#include "store/shared_store.h"

namespace weir::store {

class RedisStore final : public SharedStore {
public:
    static constexpr std::chrono::milliseconds kSettling{1000};
    static constexpr std::chrono::milliseconds kFirstPause{50};
    static constexpr std::chrono::milliseconds kLongestPause{500};  // less than kSettling
    static constexpr std::chrono::milliseconds kConnect{2000};
    static constexpr std::chrono::milliseconds kAnswer{1000};
    static constexpr std::chrono::milliseconds kLook{500};

    /// `dice` gives a number in [0, 1). `stats`: where to count, if not here. All outlive the
    /// Store.
    RedisStore(Network network, RedisAddress address, std::function<double()> dice, Changed changed,
               RedisStats* stats = nullptr);
    ~RedisStore() override;

    void start() override;
    void stop() override;
    void claim(std::vector<quota::Claim> claims, Done done) override;
    bool answers(std::chrono::milliseconds patience) const override;
    bool settled() const override;

    bool connected() const { return connected_; }
    /// Stopped, and its task is gone.
    bool ended() const { return ended_; }
    /// The key that names the memory, if it is not PREFIX + "born"; for the next connection.
    void name_memory(std::string key) { birth_key_ = std::move(key); }

private:
    struct Call;
    struct Running;
    net::Task<void> run();
    net::Task<Result<void>> session();
    net::Task<Result<void>> greet(net::TimePoint deadline);
    net::Task<Result<void>> serve();
    void look();
    Result<void> recognise(const Reply& reply);
    Result<void> take(const Reply& reply);
    void queue(std::size_t replies, Done done);
    void lose(const Error& why);
    void drop_calls();

    Network network_;
    std::function<double()> dice_;
    RedisStats& counted_;
    net::CancelSource cancel_;
    std::unique_ptr<Channel> channel_;
    std::deque<Call> calls_;
    std::string claim_digest_;
    std::string birth_key_;
    std::string replication_;  ///< id of the primary's history
    std::string memory_;       ///< the name of Redis's memory when it was last seen
    bool connected_ = false;
    bool said_lost_ = false;
    bool ended_ = false;
    net::TimePoint settled_{};
    net::TimePoint looked_{};
};

}  // namespace weir::store
