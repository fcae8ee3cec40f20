/// The mock provider: answers like OpenAI, Anthropic and Bedrock, and misbehaves on demand.
///
///     auto script = std::make_shared<const mock::Script>();
///     mock::MockServer server(worker, script);             // on each worker
///     server.listen(sockets.take(i));                      // net::ListenSockets, any loopback
///     port
///
/// What is answered: answer.h; how it is said: render.h; faults: script.h, docs/mock.md. It keeps
/// no conversation, needs no key and never prints or stores what it was sent.
///
/// Ownership: a MockServer owns its listeners, connections and handler; destroy it on its worker's
/// thread, or after the loop has stopped. Threads: one worker each; the Script is shared.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "http/server.h"
#include "mock/ledger.h"
#include "mock/render.h"
#include "mock/script.h"
#include "net/listener.h"
#include "net/worker.h"

namespace weir::mock {

/// Handles the requests of one worker.
class MockProvider final : public http::Handler {
public:
    /// `clock` says when ("created"), in seconds since 1970; the default is the machine's.
    MockProvider(net::Worker& worker, std::shared_ptr<const Script> script,
                 std::function<int64_t()> clock = {}, std::shared_ptr<Ledger> ledger = {});

    net::Task<void> handle(http::Exchange& exchange) override;
    void render_error(const Error& error, std::string& content_type, std::string& body) override;

private:
    net::Task<Result<std::string_view>> read_body(http::Exchange& exchange,
                                                  uint64_t bytes_per_second, std::string& storage);
    net::Task<void> refuse(http::Exchange& exchange, dialect::Dialect shape, Error error);
    net::Task<void> answer(http::Exchange& exchange, Question question, Actions actions,
                           std::string request_id);
    net::Task<void> show_ledger(http::Exchange& exchange);
    net::Task<void> fail_with_status(http::Exchange& exchange, Question question, Actions actions);
    net::Task<void> whole(http::Exchange& exchange, std::string body, Actions actions,
                          Ledger::Line& line);
    net::Task<void> stream(http::Exchange& exchange, StreamPlan plan, Actions actions,
                           Ledger::Line& line);
    net::Task<void> silence(http::Exchange& exchange);

    net::Worker& worker_;
    std::shared_ptr<const Script> script_;
    std::function<int64_t()> clock_;
    std::shared_ptr<Ledger> ledger_;
};

/// A MockProvider with its HTTP server and listeners.
class MockServer {
public:
    MockServer(net::Worker& worker, std::shared_ptr<const Script> script,
               http::ServerOptions options = {}, std::shared_ptr<Ledger> ledger = {});
    ~MockServer();

    /// Accepts on a bound, listening socket, which it takes over.
    void listen(int fd);
    http::Server& server() { return server_; }
    /// Accepts nothing more and ends every connection.
    void close();

private:
    net::Worker& worker_;
    MockProvider provider_;
    http::Server server_;
    std::vector<std::unique_ptr<net::Listener>> listeners_;
};

}  // namespace weir::mock
