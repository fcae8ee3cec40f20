/// For tests: a Server on loopback whose handlers are functions, one per path.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "http/client.h"
#include "http/server.h"
#include "net/test_loop.h"

namespace weir::http {

/// A handler that streams the body back piece by piece; `trailers` as Exchange::finish() takes
/// them.
inline net::Task<void> stream_back(Exchange& exchange, std::string_view trailers) {
    exchange.begin(200);
    exchange.start_chunked();
    while (true) {
        auto piece = co_await exchange.read_some();
        if (!piece) co_return exchange.abort();
        if (piece->empty()) break;
        co_await exchange.write(*piece);
    }
    co_await exchange.finish("", trailers);
}

class TestServer final : public Handler {
public:
    using Function = std::function<net::Task<void>(Exchange&)>;

    explicit TestServer(ServerOptions options = {}) {
        auto sockets = net::ListenSockets::open(*net::parse_address("127.0.0.1", 0), 1);
        EXPECT_TRUE(sockets) << sockets.error().to_string();
        address = sockets->address();
        server = std::make_unique<Server>(loop.worker, *this, options);
        listener = std::make_unique<net::Listener>(
            loop.worker, sockets->take(0), [this](net::StreamPtr stream, const net::Address& peer) {
                server->serve(std::move(stream), peer.to_string(), 7);
            });
    }

    void on(std::string path, Function function) {
        functions_[std::move(path)] = std::move(function);
    }
    net::Peer connect() const { return net::Peer::connect(address); }

    net::Task<void> handle(Exchange& exchange) override {
        auto found = functions_.find(std::string(exchange.request().path));
        if (found != functions_.end()) return found->second(exchange);
        return missing(exchange);
    }
    void render_error(const Error& error, std::string& content_type, std::string& body) override {
        content_type = "text/plain";
        body = error.code().name;
    }
    void on_refusal(const Refusal& refusal, std::string& lines) override {
        lines += fmt::format("x-refused: {} {} {}\r\n", refusal.listener,
                             refusal.head ? refusal.head->path : "unparsed",
                             refusal.handled ? "handled" : "unhandled");
        refused.emplace_back(refusal.peer);
    }
    void on_failure(const Error& error) override { failures.emplace_back(error.code().name); }

    net::TestLoop loop;
    net::Address address;
    std::unique_ptr<Server> server;
    std::unique_ptr<net::Listener> listener;
    std::vector<std::string> failures;
    std::vector<std::string> refused;  // peers

private:
    static net::Task<void> missing(Exchange& exchange) {
        exchange.begin(404);
        co_await exchange.send("no such path");
    }
    std::map<std::string, Function> functions_;
};

}  // namespace weir::http
