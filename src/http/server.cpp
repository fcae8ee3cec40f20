#include "http/server.h"

#include "http/server_connection.h"

namespace weir::http {
namespace {
constexpr std::chrono::seconds kNewcomerGrace{1};  // for the first request of a new connection
}

Server::Server(net::Worker& worker, Handler& handler, const ServerOptions& options)
    : worker_(worker), handler_(handler), grace_(*this) {
    set_options(options);
}

Server::~Server() = default;

void Server::serve(net::StreamPtr stream, std::string peer, uint32_t listener) {
    if (draining_) return;
    ++counters_.accepted;
    bool over_limit = false;
    if (ConnectionCount* count = entrance(listener)->hosts.front().connections) {
        uint32_t open = count->open.fetch_add(1, std::memory_order_relaxed);
        uint32_t limit = count->limit.load(std::memory_order_relaxed);
        over_limit = open >= limit;
        if (over_limit) ++counters_.over_limit;
        if (over_limit && open - limit >= ConnectionCount::kMargin) {
            count->open.fetch_sub(1, std::memory_order_relaxed);
            return;
        }
    }
    auto connection = std::make_unique<ServerConnection>(*this, std::move(stream), std::move(peer),
                                                         listener, over_limit);
    connection->next_ = first_;
    connection->previous_ = &first_;
    if (first_) first_->previous_ = &connection->next_;
    first_ = connection.get();
    ++counters_.open;
    connections_.spawn(ServerConnection::run(std::move(connection)));
}

void Server::drain() {
    draining_ = true;
    drain_connections(std::nullopt, false);
    worker_.deadlines().set(grace_, std::chrono::steady_clock::now() + kNewcomerGrace);
}

void Server::drain(uint32_t listener) {
    drain_connections(listener, true);
}

void Server::drain_connections(std::optional<uint32_t> listener, bool newcomers_too) {
    for (ServerConnection* c = first_; c;) {
        ServerConnection* next = c->next();  // draining an idle one destroys it
        if (!listener || c->listener() == *listener) c->drain(newcomers_too);
        c = next;
    }
}

void Server::close_all() {
    draining_ = true;
    for (ServerConnection* c = first_; c;) {
        ServerConnection* next = c->next();  // one that waits is destroyed by this
        c->close_now();
        c = next;
    }
}

void Server::set_options(const ServerOptions& options) {
    auto made = std::make_shared<Entrance>();
    made->hosts.front() = options;
    made->hosts.front().head_limit = std::min(options.head_limit, net::Blocks::kSize / 2);
    plain_ = std::move(made);
}

const std::shared_ptr<const Entrance>& Server::entrance(uint32_t listener) const {
    if (listener < entrances_.size() && entrances_[listener]) return entrances_[listener];
    return plain_;
}

void Server::set_entrances(std::vector<std::shared_ptr<const Entrance>> entrances) {
    entrances_ = std::move(entrances);
    for (ServerConnection* c = first_; c;) {
        ServerConnection* next = c->next();  // draining an idle one destroys it
        if (!c->stays()) c->drain(true);
        c = next;
    }
}

}  // namespace weir::http
