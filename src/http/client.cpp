#include "http/client.h"

#include <algorithm>
#include <optional>

#include "http/client_connection.h"
#include "http/h2/bell.h"
#include "http/h2/client_session.h"

namespace weir::http {

ClientExchange::ClientExchange(std::unique_ptr<ClientCarrier> carrier, net::CancelSource* cancel)
    : carrier_(std::move(carrier)), cancel_(cancel) {}
ClientExchange::ClientExchange() = default;
ClientExchange::ClientExchange(ClientExchange&&) noexcept = default;
ClientExchange& ClientExchange::operator=(ClientExchange&&) noexcept = default;
ClientExchange::~ClientExchange() = default;

bool ClientExchange::reused() const {
    return carrier_->reused();
}
net::Task<Result<void>> ClientExchange::send(std::span<iovec> pieces, net::Duration stall,
                                             RequestBody body) {
    return carrier_->send(pieces, body, stall, cancel_);
}
net::Task<Result<void>> ClientExchange::send_more(std::span<iovec> pieces, net::Duration stall) {
    return carrier_->send_more(pieces, stall, cancel_);
}
net::Task<Result<void>> ClientExchange::send_end(net::Duration stall) {
    return carrier_->send_end(stall, cancel_);
}
bool ClientExchange::takes_more() const {
    return carrier_->takes_more();
}
net::Task<Result<const ResponseHead*>> ClientExchange::read_head(std::string_view method,
                                                                 net::TimePoint deadline) {
    return carrier_->read_head(method, deadline, cancel_);
}
net::Task<Result<std::string_view>> ClientExchange::read_body(net::TimePoint deadline) {
    return carrier_->read_body(deadline, cancel_);
}
bool ClientExchange::body_done() const {
    return carrier_->body_done();
}
const std::string& ClientExchange::trailers() const {
    return carrier_->trailers();
}
uint64_t ClientExchange::received() const {
    return carrier_->received();
}
bool ClientExchange::untouched() const {
    return carrier_->untouched();
}

void ClientExchange::release() {
    if (!carrier_) return;
    ClientCarrier& carrier = *carrier_;
    carrier.release(std::move(carrier_));
    carrier_.reset();
}

/// Connections of HTTP/2 to one origin that take streams, and who waits for one to be made.
struct ClientPool::Shared final : h2::ClientSession::Owner {
    void retired(h2::ClientSession& session) override { std::erase(sessions, &session); }
    void settled() override;
    /// A connection is being made, or how many streams it takes is not known yet.
    bool promising() const {
        return dialling || std::ranges::any_of(sessions, &h2::ClientSession::settling);
    }
    std::vector<h2::ClientSession*> sessions;
    std::vector<Awaited*> awaiting;
    bool dialling = false;
    bool only_http1 = false;  ///< the provider chose so, when it was asked
};

/// One that waits for another's dial.
struct ClientPool::Awaited {
    Awaited(Shared& of, net::Worker& worker) : shared(of), bell(worker) {
        shared.awaiting.push_back(this);
    }
    Awaited(const Awaited&) = delete;
    Awaited& operator=(const Awaited&) = delete;
    ~Awaited() { std::erase(shared.awaiting, this); }
    /// What has become of the dial. Resumed one after the other; any may go meanwhile.
    static void tell_all(Shared& shared, const Error* failure) {
        std::vector<Awaited*> all = shared.awaiting;
        for (Awaited* one : all) {
            if (std::ranges::find(shared.awaiting, one) == shared.awaiting.end()) continue;
            if (failure) one->failure = *failure;
            one->bell.ring();
        }
    }
    Shared& shared;
    h2::Bell bell;
    std::optional<Error> failure;
};

void ClientPool::Shared::settled() {
    Awaited::tell_all(*this, nullptr);
}

ClientPool::ClientPool(net::Worker& worker, net::Resolver& resolver, Options options)
    : worker_(worker), resolver_(resolver), options_(options) {}

ClientPool::~ClientPool() {
    close_idle();
    sessions_.destroy_all();
}

net::Task<Result<ClientExchange>> ClientPool::acquire(const Origin& origin, net::TimePoint deadline,
                                                      net::CancelSource* cancel, bool fresh) {
    if (origin.protocol != Protocol::http1) {
        auto known = shared_.find(origin.key);
        if (known == shared_.end() || !known->second->only_http1)
            co_return co_await acquire_http2(origin, deadline, cancel);
    }
    if (!fresh) {
        auto known = idle_.find(origin.key);
        while (known != idle_.end() && !known->second.empty()) {
            std::unique_ptr<ClientConnection> connection = std::move(known->second.back());
            known->second.pop_back();
            --counters_.idle;
            if (!connection->unpark()) continue;
            ++counters_.reused;
            co_return ClientExchange(std::move(connection), cancel);
        }
    }
    Result<net::StreamPtr> stream = co_await dial(origin, deadline, cancel);
    if (!stream) co_return std::unexpected(std::move(stream).error());
    co_return ClientExchange(std::make_unique<ClientConnection>(*this, origin, std::move(*stream)),
                             cancel);
}

net::Task<Result<net::StreamPtr>> ClientPool::dial(const Origin& origin, net::TimePoint deadline,
                                                   net::CancelSource* cancel) {
    ++counters_.dialled;
    Result<net::StreamPtr> stream =
        co_await net::dial(worker_, resolver_, origin.target, deadline, cancel);
    if (!stream && stream.error().code().name == codes::overloaded.name && counters_.idle > 0) {
        close_idle();  // their descriptors are worth more to a request that waits
        stream = co_await net::dial(worker_, resolver_, origin.target, deadline, cancel);
    }
    if (!stream) ++counters_.failed;
    co_return stream;
}

ClientExchange ClientPool::stream_of(h2::ClientSession& session, net::CancelSource* cancel) {
    return ClientExchange(session.open(), cancel);
}

net::Task<Result<ClientExchange>> ClientPool::acquire_http2(const Origin& origin,
                                                            net::TimePoint deadline,
                                                            net::CancelSource* cancel) {
    auto& slot = shared_[origin.key];
    if (!slot) slot = std::make_unique<Shared>();
    Shared& shared = *slot;
    while (true) {
        for (h2::ClientSession* session : shared.sessions)
            if (session->takes_streams()) {
                ++counters_.reused;
                co_return stream_of(*session, cancel);
            }
        if (!shared.promising()) break;
        Awaited awaited(shared, worker_);
        if (co_await awaited.bell.wait(deadline, cancel) == net::Wake::deadline)
            co_return fail(codes::upstream_connect_timeout,
                           "no connection to the provider was made in time");
        if (awaited.failure) co_return std::unexpected(std::move(*awaited.failure));
        if (shared.only_http1) co_return co_await acquire(origin, deadline, cancel);
    }
    struct Dialling {
        Shared& shared;
        const Error* failure = nullptr;
        explicit Dialling(Shared& s) : shared(s) { shared.dialling = true; }
        ~Dialling() {
            shared.dialling = false;
            Awaited::tell_all(shared, failure);
        }
    };
    std::optional<Dialling> dialling(std::in_place, shared);
    Result<net::StreamPtr> stream = co_await dial(origin, deadline, cancel);
    if (!stream) {
        dialling->failure = &stream.error();
        dialling.reset();
        co_return std::unexpected(std::move(stream).error());
    }
    if (origin.protocol == Protocol::negotiated &&
        !((*stream)->tls() && (*stream)->tls()->protocol() == "h2")) {
        shared.only_http1 = true;
        dialling.reset();
        co_return ClientExchange(
            std::make_unique<ClientConnection>(*this, origin, std::move(*stream)), cancel);
    }
    auto session = std::make_unique<h2::ClientSession>(
        origin, std::move(*stream), options_.idle_timeout, counters_.http2, shared);
    h2::ClientSession& made = *session;
    shared.sessions.push_back(&made);
    ++counters_.open;
    ClientExchange exchange = stream_of(made, cancel);
    sessions_.spawn(run_session(counters_, std::move(session)));
    dialling.reset();
    co_return exchange;
}

net::Task<void> ClientPool::run_session(PoolCounters& counters,
                                        std::unique_ptr<h2::ClientSession> session) {
    struct Count {
        PoolCounters& counters;
        ~Count() { --counters.open; }
    } count{counters};
    co_await session->serve();
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
