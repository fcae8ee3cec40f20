#include "http/client.h"

#include "http/client_connection.h"

namespace weir::http {

ClientExchange::ClientExchange(ClientPool& pool, std::unique_ptr<ClientConnection> connection,
                               net::CancelSource* cancel)
    : pool_(&pool), connection_(std::move(connection)), cancel_(cancel) {}
ClientExchange::ClientExchange() = default;
ClientExchange::ClientExchange(ClientExchange&&) noexcept = default;
ClientExchange& ClientExchange::operator=(ClientExchange&&) noexcept = default;
ClientExchange::~ClientExchange() = default;

bool ClientExchange::reused() const {
    return connection_->used;
}
net::Task<Result<void>> ClientExchange::send(std::span<iovec> pieces, net::Duration stall) {
    return connection_->send(pieces, stall, cancel_);
}
net::Task<Result<void>> ClientExchange::send_more(std::span<iovec> pieces, net::Duration stall) {
    return connection_->send_more(pieces, stall, cancel_);
}
bool ClientExchange::takes_more() const {
    return connection_->takes_more();
}
net::Task<Result<const ResponseHead*>> ClientExchange::read_head(std::string_view method,
                                                                 net::TimePoint deadline) {
    return connection_->read_head(method, deadline, cancel_);
}
net::Task<Result<std::string_view>> ClientExchange::read_body(net::TimePoint deadline) {
    return connection_->read_body(deadline, cancel_);
}
bool ClientExchange::body_done() const {
    return connection_->body_done();
}
const std::string& ClientExchange::trailers() const {
    return connection_->trailers();
}
uint64_t ClientExchange::received() const {
    return connection_->received();
}
bool ClientExchange::untouched() const {
    return connection_->untouched();
}

void ClientExchange::release() {
    if (connection_ && connection_->reusable()) pool_->put_back(std::move(connection_));
    connection_.reset();
}

ClientPool::ClientPool(net::Worker& worker, net::Resolver& resolver, Options options)
    : worker_(worker), resolver_(resolver), options_(options) {}

ClientPool::~ClientPool() {
    close_idle();
}

net::Task<Result<ClientExchange>> ClientPool::acquire(const Origin& origin, net::TimePoint deadline,
                                                      net::CancelSource* cancel, bool fresh) {
    if (!fresh) {
        auto known = idle_.find(origin.key);
        while (known != idle_.end() && !known->second.empty()) {
            std::unique_ptr<ClientConnection> connection = std::move(known->second.back());
            known->second.pop_back();
            --counters_.idle;
            if (!connection->unpark()) continue;
            ++counters_.reused;
            co_return ClientExchange(*this, std::move(connection), cancel);
        }
    }
    ++counters_.dialled;
    Result<net::StreamPtr> stream =
        co_await net::dial(worker_, resolver_, origin.target, deadline, cancel);
    if (!stream && stream.error().code().name == codes::overloaded.name && counters_.idle > 0) {
        close_idle();  // their descriptors are worth more to a request that waits
        stream = co_await net::dial(worker_, resolver_, origin.target, deadline, cancel);
    }
    if (!stream) {
        ++counters_.failed;
        co_return std::unexpected(std::move(stream).error());
    }
    co_return ClientExchange(
        *this, std::make_unique<ClientConnection>(*this, origin, std::move(*stream)), cancel);
}

void ClientPool::put_back(std::unique_ptr<ClientConnection> connection) {
    auto& idle = idle_[connection->key()];
    if (idle.size() >= options_.idle_per_origin) return;
    auto now = std::chrono::steady_clock::now();
    if (connection->worn_out(now)) return;
    connection->park(now + connection->idle_timeout(options_.idle_timeout));
    idle.push_back(std::move(connection));
    ++counters_.idle;
}

void ClientPool::drop_idle(ClientConnection& connection) {
    auto known = idle_.find(connection.key());
    if (known == idle_.end()) return;
    std::erase_if(known->second,
                  [&](const auto& candidate) { return candidate.get() == &connection; });
    --counters_.idle;
}

void ClientPool::close_idle() {
    counters_.idle = 0;
    idle_.clear();
}

}  // namespace weir::http
