#include "store/cluster_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/log.h"
#include "net/sleep.h"

namespace weir::store {
namespace {

using Steady = std::chrono::steady_clock;

}  // namespace

struct ClusterStore::Node {
    RedisHost host;
    uint16_t lowest;  ///< slot
    std::unique_ptr<RedisStore> store;
};

/// The claims of one call, of which each primary answers some.
struct ClusterStore::Split {
    quota::Grants grants;
    std::size_t open = 0;
    Done done;
};

ClusterStore::ClusterStore(Network network, RedisAddress address, std::function<double()> dice,
                           Changed changed)
    : SharedStore(std::move(address), std::move(changed)),
      network_(network),
      dice_(std::move(dice)) {}

ClusterStore::~ClusterStore() = default;

void ClusterStore::start() {
    network_.worker.tasks().spawn(run());
}

void ClusterStore::stop() {
    for (auto& node : nodes_)
        node->store->stop();
    cancel_.cancel();
}

net::Task<void> ClusterStore::run() {
    while (true) {
        stale_ = false;
        auto ranges = co_await look();
        if (ranges) {
            if (std::exchange(said_lost_, false))
                log::info("limits: {} answers again", address_.to_string());
            take(*ranges);
        } else if (!std::exchange(said_lost_, true)) {
            log::error("limits: {} does not say which node has what: {}", address_.to_string(),
                       ranges.error().detail());
        }
        stale_ |= !ranges;
        auto next = Steady::now() + kLook;
        do
            co_await net::Sleep(network_.worker, Steady::now() + kPause, cancel_);
        while (!stale_ && Steady::now() < next);
        std::erase_if(retired_, [](const auto& node) { return node->store->ended(); });
    }
}

/// Asks the nodes that are known, then those of the address, until one answers.
net::Task<Result<std::vector<SlotRange>>> ClusterStore::look() {
    std::vector<RedisHost> hosts;
    for (const auto& node : nodes_)
        hosts.push_back(node->host);
    for (const auto& host : address_.hosts)
        if (std::find(hosts.begin(), hosts.end(), host) == hosts.end()) hosts.push_back(host);
    Login login{address_.user, address_.password};
    std::string reasons;
    for (const RedisHost& host : hosts) {
        std::vector<std::string> words{"CLUSTER", "SLOTS"};
        auto reply =
            co_await ask(network_, host, login, std::move(words), Steady::now() + kAsk, cancel_);
        auto ranges = reply ? read_slots(*reply, host) : std::unexpected(reply.error());
        if (ranges) co_return ranges;
        reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", host.to_string(),
                               ranges.error().detail());
    }
    co_return fail(codes::store_unavailable, std::move(reasons));
}

void ClusterStore::take(const std::vector<SlotRange>& ranges) {
    owners_.fill(nullptr);
    std::vector<std::pair<RedisHost, uint16_t>> lowest;
    for (const SlotRange& range : ranges) {
        auto known = std::find_if(lowest.begin(), lowest.end(),
                                  [&](const auto& entry) { return entry.first == range.owner; });
        if (known == lowest.end())
            lowest.emplace_back(range.owner, range.first);
        else
            known->second = std::min(known->second, range.first);
    }
    for (const auto& [host, slot] : lowest)
        node(host, slot);
    for (auto it = nodes_.begin(); it != nodes_.end();) {
        bool still = std::any_of(lowest.begin(), lowest.end(),
                                 [&](const auto& entry) { return entry.first == (*it)->host; });
        if (still) {
            ++it;
            continue;
        }
        (*it)->store->stop();
        retired_.push_back(std::move(*it));
        it = nodes_.erase(it);
    }
    for (const SlotRange& range : ranges) {
        auto owner = std::find_if(nodes_.begin(), nodes_.end(),
                                  [&](const auto& node) { return node->host == range.owner; });
        std::fill(owners_.begin() + range.first, owners_.begin() + range.last + 1, owner->get());
    }
}

/// The node of that host, connected to if it is new. The key that names its memory is in its lowest
/// slot, and moves with it.
ClusterStore::Node& ClusterStore::node(const RedisHost& host, uint16_t lowest) {
    auto known = std::find_if(nodes_.begin(), nodes_.end(),
                              [&](const auto& node) { return node->host == host; });
    if (known != nodes_.end() && (*known)->lowest == lowest) return **known;
    std::string birth = key_in_slot(address_.prefix + "born", lowest);
    if (known != nodes_.end()) {
        (*known)->lowest = lowest;
        (*known)->store->name_memory(std::move(birth));
        return **known;
    }
    RedisAddress address = address_;
    address.hosts = {host};
    Node& made = *nodes_.emplace_back(std::make_unique<Node>(host, lowest, nullptr));
    made.store = std::make_unique<RedisStore>(
        network_, std::move(address), dice_,
        [this, &made](Change change) { changed(made, change); }, &stats_);
    made.store->name_memory(std::move(birth));
    made.store->start();
    return made;
}

void ClusterStore::changed(const Node& node, Change change) {
    bool ours = std::any_of(nodes_.begin(), nodes_.end(),
                            [&](const auto& known) { return known.get() == &node; });
    if (!ours) return;
    if (change != Change::lost) return changed_(change);
    stale_ = true;
    changed_(connected() ? Change::connected : Change::lost);
}

void ClusterStore::claim(std::vector<quota::Claim> claims, Done done) {
    auto split = std::make_shared<Split>();
    split->grants.resize(claims.size());
    split->done = std::move(done);
    struct Part {
        std::vector<quota::Claim> claims;
        std::vector<std::size_t> places;
    };
    std::unordered_map<Node*, Part> parts;
    for (std::size_t i = 0; i < claims.size(); ++i) {
        Node* owner = owners_[key_slot(limit_key(address_.prefix, claims[i]))];
        if (!owner || !owner->store->answers(address_.timeout)) continue;
        parts[owner].claims.push_back(std::move(claims[i]));
        parts[owner].places.push_back(i);
    }
    split->open = parts.size();
    if (parts.empty())
        return network_.worker.post([split] { split->done(std::move(split->grants)); });
    for (auto& [owner, part] : parts) {
        owner->store->claim(std::move(part.claims),
                            [this, split, places = std::move(part.places)](quota::Grants grants) {
                                for (std::size_t i = 0; i < places.size(); ++i)
                                    split->grants[places[i]] = grants[i];
                                stale_ |= std::any_of(grants.begin(), grants.end(),
                                                      [](const auto& grant) { return !grant; });
                                if (--split->open == 0) split->done(std::move(split->grants));
                            });
    }
}

bool ClusterStore::connected() const {
    return std::any_of(nodes_.begin(), nodes_.end(),
                       [](const auto& node) { return node->store->connected(); });
}

bool ClusterStore::answers(std::chrono::milliseconds patience) const {
    return std::any_of(nodes_.begin(), nodes_.end(),
                       [&](const auto& node) { return node->store->answers(patience); });
}

bool ClusterStore::settled() const {
    return connected() && std::all_of(nodes_.begin(), nodes_.end(), [](const auto& node) {
               return !node->store->connected() || node->store->settled();
           });
}

}  // namespace weir::store
