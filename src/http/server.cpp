#include "http/server.h"

#include "http/server_connection.h"

namespace weir::http {

Server::Server(net::Worker& worker, Handler& handler, const ServerOptions& options)
    : worker_(worker), handler_(handler) {
    set_options(options);
}

Server::~Server() = default;

void Server::serve(net::StreamPtr stream, std::string peer, uint32_t listener) {
    if (draining_) return;
    ++counters_.accepted;
    auto connection =
        std::make_unique<ServerConnection>(*this, std::move(stream), std::move(peer), listener);
    connection->next_ = first_;
    connection->previous_ = &first_;
    if (first_) first_->previous_ = &connection->next_;
    first_ = connection.get();
    ++counters_.open;
    connections_.spawn(ServerConnection::run(std::move(connection)));
}

void Server::drain() {
    draining_ = true;
    for (ServerConnection* c = first_; c;) {
        ServerConnection* next = c->next();  // draining an idle one destroys it
        c->drain();
        c = next;
    }
}

void Server::drain(uint32_t listener) {
    for (ServerConnection* c = first_; c;) {
        ServerConnection* next = c->next();
        if (c->listener() == listener) c->drain();
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
    options_ = options;
    options_.head_limit = std::min(options.head_limit, net::Blocks::kSize / 2);
}

}  // namespace weir::http
