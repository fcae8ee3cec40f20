/// The server side of HTTP: connections of HTTP/1.1, that carry one exchange after the other, and
/// of HTTP/2 (h2/server_session.h), that carry many at once.
///
///     class Hello : public Handler {
///         Task<void> handle(Exchange& exchange) override {
///             WEIR… body = co_await exchange.read_all(limit);
///             exchange.begin(200);
///             exchange.header("content-type", "text/plain");
///             co_await exchange.send("hello");
///         }
///     };
///
/// A Server belongs to one worker and owns its connections. Requests on a connection are answered
/// in order; a pipelined request waits in the buffer. While a handler works, the connection watches
/// its client: if it goes away, the exchange's CancelSource is cancelled and the handler's next
/// wait (or write) throws Cancelled. Destroying a Server destroys its connections and what their
/// handlers hold.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/entrance.h"
#include "http/exchange.h"
#include "http/h2/limits.h"
#include "http/message.h"
#include "net/deadlines.h"
#include "net/stream.h"
#include "net/task_scope.h"

namespace weir::http {

/// An answer that the server gives itself. Its views are valid during the call only.
struct Refusal {
    const Error& error;
    const RequestHead* head;  ///< null: it could not be parsed
    std::string_view peer;    ///< as Exchange::peer()
    uint32_t listener;        ///< as Exchange::listener()
    net::Duration since;      ///< the first byte of the head
    bool handled;             ///< a handler had the request, and failed to answer it
};

/// What answers requests. One per worker; outlives the Server.
class Handler {
public:
    virtual net::Task<void> handle(Exchange& exchange) = 0;
    /// Body and content type of an answer that the server gives itself.
    virtual void render_error(const Error& error, std::string& content_type, std::string& body) = 0;
    /// Told of each such answer before it leaves; may append fields of its head, as complete lines
    /// ("name: value\r\n"), to `lines`.
    virtual void on_refusal(const Refusal&, std::string& /*lines*/) {}
    /// Told of every request that never reached handle(), and of every exception it threw.
    virtual void on_failure(const Error&) {}

protected:
    ~Handler() = default;
};

/// Counters of one worker's server; read by its thread only.
struct ServerCounters {
    uint64_t accepted = 0;
    uint64_t open = 0;
    uint64_t active = 0;  ///< exchanges being handled
    uint64_t requests = 0;
    uint64_t refused = 0;     ///< requests answered with an error before a handler saw them
    uint64_t over_limit = 0;  ///< connections beyond ConnectionCount::limit or their listener's
    uint64_t handshakes = 0;  ///< of TLS, that succeeded
    uint64_t handshakes_resumed = 0;
    uint64_t handshakes_failed = 0;
    uint64_t handshakes_refused = 0;  ///< beyond HandshakeCount::limit
    uint64_t proxy_refused = 0;       ///< connections with no or a wrong PROXY header
    h2::Counters http2;
};

class ServerConnection;

class Server {
public:
    /// `handler` must outlive the Server. `options` hold for listeners without an Entrance of their
    /// own; both may be changed between exchanges.
    Server(net::Worker& worker, Handler& handler, const ServerOptions& options);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Serves one accepted connection until it closes. `listener` is handed to the exchanges.
    void serve(net::StreamPtr stream, std::string peer, uint32_t listener);
    /// No connection takes another request: idle ones close now, busy ones after their answer, new
    /// ones that have not asked anything yet after a second.
    void drain();
    /// The same for the connections of one listener; the others go on.
    void drain(uint32_t listener);
    bool draining() const { return draining_; }
    /// Calls `done` once, when no connection is left (at once if none is).
    void when_empty(std::function<void()> done) { connections_.when_empty(std::move(done)); }
    /// Cancels every exchange and closes every connection.
    void close_all();
    const ServerCounters& counters() const { return counters_; }
    void set_options(const ServerOptions& options);
    /// By listener number; null where `options` hold. Idle connections that the new ones would not
    /// let in are closed.
    void set_entrances(std::vector<std::shared_ptr<const Entrance>> entrances);
    const std::shared_ptr<const Entrance>& entrance(uint32_t listener) const;

private:
    friend ServerConnection;
    /// Ends what a drain left alone.
    struct Grace final : net::Deadlines::Node {
        explicit Grace(Server& owner) : server(owner) {}
        void on_deadline() override { server.drain_connections(std::nullopt, true); }
        Server& server;
    };
    void drain_connections(std::optional<uint32_t> listener, bool newcomers_too);

    net::Worker& worker_;
    Handler& handler_;
    Grace grace_;
    std::shared_ptr<const Entrance> plain_;
    std::vector<std::shared_ptr<const Entrance>> entrances_;  // by listener number; may be null
    ServerCounters counters_;
    bool draining_ = false;
    ServerConnection* first_ = nullptr;
    net::TaskScope connections_;  // last, so that it goes first: its tasks use everything above
};

}  // namespace weir::http
