#include "http/server.h"

#include "http/server_connection.h"

namespace weir::http {

Server::Server(net::Worker& worker, Handler& handler, ServerOptions options)
    : worker_(worker), handler_(handler), options_(options) {}

Server::~Server() = default;

void Server::serve(net::StreamPtr stream, std::string peer, uint32_t listener) {
    if (draining_) return;
    ++counters_.accepted;
    auto connection = std::make_unique<ServerConnection>(*this, std::move(stream), std::move(peer), listener);
    connection->next_ = first_;
    connection->previous_ = &first_;
    if (first_) first_->previous_ = &connection->next_;
    first_ = connection.get();
    ++counters_.open;
    worker_.tasks().spawn(ServerConnection::run(std::move(connection)));
}

void Server::drain() {
    draining_ = true;
    for (ServerConnection* c = first_; c;) {
        ServerConnection* next = c->next();  // draining an idle one destroys it
        c->drain();
        c = next;
    }
}

void Server::close_all() {
    draining_ = true;
    while (first_) {
        ServerConnection* before = first_;
        before->close_now();
        if (first_ == before) break;  // it is suspended in work that will notice later
    }
}

}  // namespace weir::http
