/// The client side of HTTP: pooled connections to providers, of HTTP/1.1 or, shared by the
/// exchanges of a worker, of HTTP/2 (h2/client_session.h).
///
///     WEIR_CO_TRY(ClientExchange upstream, co_await pool.acquire(origin, deadline, cancel));
///     WEIR_CO_CHECK(co_await upstream.send(pieces, stall));
///     WEIR_CO_TRY(const ResponseHead* head, co_await upstream.read_head("POST",
///     first_byte_deadline)); while (true) {
///         WEIR_CO_TRY(std::string_view piece, co_await upstream.read_body(idle_deadline));
///         if (piece.empty()) break;
///     }
///     upstream.release();  // back to the pool; without it the connection is closed
///
/// A connection that waits for bytes owns no buffer. Pooled connections are watched: one that the
/// provider closes leaves the pool at once. Threads: one pool per worker.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "http/h2/limits.h"
#include "http/message.h"
#include "net/dial.h"
#include "net/task_scope.h"

namespace weir::http {

/// Which HTTP a provider is spoken to in. `negotiated`: what it chooses in the TLS handshake.
enum class Protocol : uint8_t { http1, http2, negotiated };

/// How the body of a request is sent. `length`: the head has its Content-Length; the rest follows
/// with send_more().
enum class RequestBody : uint8_t { whole, length, chunked };

/// Where to connect, and the pool key that stands for it.
struct Origin {
    net::Target target;
    std::string key;      ///< equal keys share connections: scheme, host, port, server name, trust
    std::string address;  ///< "host:port", for logs
    uint32_t max_exchanges = 0;  ///< that one connection carries; 0: any number
    net::Duration idle{0};       ///< an unused connection is kept so long; 0: the pool's option
    net::Duration max_age{0};    ///< none is used again after that; 0: no limit
    Protocol protocol = Protocol::http1;
    h2::ClientLimits http2;
};

struct PoolCounters {
    uint64_t open = 0;
    uint64_t idle = 0;
    uint64_t dialled = 0;
    uint64_t reused = 0;
    uint64_t failed = 0;  ///< dials that failed
    h2::ClientCounters http2;
};

class ClientPool;
class ClientCarrier;
class ClientConnection;
namespace h2 {
class ClientSession;
}

/// One request and its response on a leased connection. Not complete when destroyed: the connection
/// is closed, which cancels the provider's work.
class ClientExchange {
public:
    ClientExchange();
    ClientExchange(ClientExchange&&) noexcept;
    ClientExchange& operator=(ClientExchange&&) noexcept;
    ~ClientExchange();

    explicit operator bool() const { return carrier_ != nullptr; }
    /// An earlier exchange used this connection, or the provider says that it did not look at the
    /// request: together with untouched(), it may be sent again.
    bool reused() const;
    /// Sends the request: the first piece is its whole head, as HTTP/1.1 has it, the others its
    /// body. Fails with upstream.reset, or upstream.request_timeout if the provider took nothing
    /// for `stall`.
    net::Task<Result<void>> send(std::span<iovec> pieces, net::Duration stall,
                                 RequestBody body = RequestBody::whole);
    /// More of the body of a request that send() did not send whole; fails likewise.
    net::Task<Result<void>> send_more(std::span<iovec> pieces, net::Duration stall);
    net::Task<Result<void>> send_end(net::Duration stall);
    /// False once the provider has closed or refused: its answer, if there is one, says why.
    bool takes_more() const;
    /// The final response head; 1xx are passed over. Fails with upstream.first_byte_timeout,
    /// upstream.reset, upstream.protocol. Valid until the first read_body().
    net::Task<Result<const ResponseHead*>> read_head(std::string_view method,
                                                     net::TimePoint deadline);
    /// The next piece of the body, at most one read buffer; empty at the end. Valid until the next
    /// call. Fails with upstream.idle_timeout, upstream.truncated, upstream.reset,
    /// upstream.protocol.
    net::Task<Result<std::string_view>> read_body(net::TimePoint deadline);
    bool body_done() const;
    const std::string& trailers() const;
    /// Bytes received, heads included.
    uint64_t received() const;
    /// Nothing of the response has arrived (so a reused connection may have died beforehand).
    bool untouched() const;
    void release();
    /// Waits on its behalf name another source from here on. Not while one is suspended.
    void wait_on(net::CancelSource& cancel) { cancel_ = &cancel; }

private:
    friend ClientPool;
    ClientExchange(std::unique_ptr<ClientCarrier> carrier, net::CancelSource* cancel);
    std::unique_ptr<ClientCarrier> carrier_;
    net::CancelSource* cancel_ = nullptr;
};

class ClientPool {
public:
    struct Options {
        std::size_t idle_per_origin = 256;
        net::Duration idle_timeout = std::chrono::seconds(60);
        std::size_t head_limit = 60 * 1024;
    };
    ClientPool(net::Worker& worker, net::Resolver& resolver, Options options);
    ~ClientPool();
    ClientPool(const ClientPool&) = delete;
    ClientPool& operator=(const ClientPool&) = delete;

    /// An idle connection, or a new one (`fresh`: always a new one); of HTTP/2 a stream of one that
    /// has room, or of a new one, that several may wait for together. Errors as net::dial.
    net::Task<Result<ClientExchange>> acquire(const Origin& origin, net::TimePoint deadline,
                                              net::CancelSource* cancel, bool fresh = false);
    const PoolCounters& counters() const { return counters_; }
    /// Closes idle connections of origins that are no longer configured, or all.
    void close_idle();

private:
    friend ClientConnection;
    struct Shared;
    struct Awaited;
    net::Task<Result<ClientExchange>> acquire_http2(const Origin& origin, net::TimePoint deadline,
                                                    net::CancelSource* cancel);
    net::Task<Result<net::StreamPtr>> dial(const Origin& origin, net::TimePoint deadline,
                                           net::CancelSource* cancel);
    static net::Task<void> run_session(PoolCounters& counters,
                                       std::unique_ptr<h2::ClientSession> session);
    static ClientExchange stream_of(h2::ClientSession& session, net::CancelSource* cancel);
    void put_back(std::unique_ptr<ClientConnection> connection);
    void drop_idle(ClientConnection& connection);

    net::Worker& worker_;
    net::Resolver& resolver_;
    Options options_;
    PoolCounters counters_;
    std::unordered_map<std::string, std::vector<std::unique_ptr<ClientConnection>>> idle_;
    std::unordered_map<std::string, std::unique_ptr<Shared>> shared_;
    net::TaskScope sessions_;  // last, so that it goes first
};

}  // namespace weir::http
