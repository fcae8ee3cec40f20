/// The Store of shared limits in a Redis Cluster: one RedisStore for each primary; a counter is in
/// the one that owns its key's slot (redis.io/docs/reference/cluster-spec).
///
/// Which primary owns which slot is asked of any node at the start, when a claim was sent to the
/// wrong one, when a connection is lost, and each kLook. What cannot be claimed now, because a
/// slot's owner is away or the slot is moving, is told so at once and claimed again later; other
/// counters do not notice.
///
/// Threads: the worker's.
#pragma once
#include <array>

#include "store/redis_store.h"
#include "store/slots.h"

namespace weir::store {

class ClusterStore final : public SharedStore {
public:
    static constexpr std::chrono::seconds kLook{60};
    static constexpr std::chrono::milliseconds kPause{100};  ///< between looks, at least
    static constexpr std::chrono::milliseconds kAsk{500};    ///< for a node's map

    ClusterStore(Network network, RedisAddress address, std::function<double()> dice,
                 Changed changed);
    ~ClusterStore() override;

    void start() override;
    void stop() override;
    void claim(std::vector<quota::Claim> claims, Done done) override;
    bool answers(std::chrono::milliseconds patience) const override;
    bool settled() const override;

    std::size_t nodes() const { return nodes_.size(); }

private:
    struct Node;
    struct Split;
    net::Task<void> run();
    net::Task<Result<std::vector<SlotRange>>> look();
    void take(const std::vector<SlotRange>& ranges);
    Node& node(const RedisHost& host, uint16_t lowest);
    void changed(const Node& node, Change change);
    bool connected() const;

    Network network_;
    std::function<double()> dice_;
    net::CancelSource cancel_;
    std::vector<std::unique_ptr<Node>> nodes_;
    std::vector<std::unique_ptr<Node>> retired_;  ///< until their tasks have ended
    std::array<Node*, kSlots> owners_{};
    bool stale_ = true;
    bool said_lost_ = false;
};

}  // namespace weir::store
