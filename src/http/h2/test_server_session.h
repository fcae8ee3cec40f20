/// For tests of the server's side of HTTP/2: handlers and a server that has them, with one client.
/// Only *_test.cpp files include this.
#pragma once
#include "http/h2/server_session.h"
#include "http/h2/test_client.h"
#include "http/test_server.h"

namespace weir::http::h2 {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline net::Task<void> echo(Exchange& exchange) {
    auto body = co_await exchange.read_all();
    exchange.begin(body ? 200 : body.error().status());
    exchange.header("Content-Type", "text/plain");
    exchange.header("connection", "close");
    co_await exchange.send(body ? *body : body.error().code().name);
}
inline net::Task<void> ignore(Exchange& exchange) {
    exchange.begin(204);
    co_await exchange.send("");
}

/// Streams 16 KiB pieces for ever, counting what has been taken.
struct Firehose {
    uint64_t taken = 0;
    bool cancelled = false;
    static net::Task<void> handle(Exchange& exchange, Firehose& self) {
        std::string piece(16384, 'x');
        exchange.begin(200);
        exchange.start_chunked();
        try {
            while (true) {
                co_await exchange.write(piece);
                self.taken += piece.size();
            }
        } catch (const net::Cancelled&) {
            self.cancelled = true;
            throw;
        }
    }
};

/// Waits on its exchange's CancelSource alone, as one does for a provider.
struct Waiter {
    int entered = 0;
    int cancelled = 0;
    static net::Task<void> handle(net::Worker& worker, Exchange& exchange, Waiter& self) {
        ++self.entered;
        Bell bell(worker);
        try {
            co_await bell.wait(net::kNever, &exchange.cancel());
        } catch (const net::Cancelled&) {
            ++self.cancelled;
            throw;
        }
    }
};

class H2ServerTest : public testing::Test {
protected:
    void start(ServerOptions options = {}) {
        server = std::make_unique<TestServer>(options);
        server->on("/echo", echo);
        server->on("/stream",
                   [](Exchange& exchange) { return stream_back(exchange, "x-end: yes\r\n"); });
        server->on("/ignore", ignore);
        server->on("/hose", [this](Exchange& e) { return Firehose::handle(e, hose); });
        server->on("/wait",
                   [this](Exchange& e) { return Waiter::handle(server->loop.worker, e, waiter); });
        client.emplace(server->loop, server->connect());
    }
    Counters& counters() { return const_cast<Counters&>(server->server->counters().http2); }
    uint64_t misuse(Misuse what) { return counters().misuse[static_cast<std::size_t>(what)]; }
    /// The connection ends with ENHANCE_YOUR_CALM, and the misuse is counted.
    void expect_calm(Misuse what) {
        EXPECT_EQ(client->expect_goaway(), NGHTTP2_ENHANCE_YOUR_CALM);
        EXPECT_EQ(misuse(what), 1u);
        EXPECT_TRUE(server->loop.until([&] { return counters().open == 0; }));
    }
    static std::string field(const TestFields& fields, const std::string& name) {
        for (const auto& [n, v] : fields)
            if (n == name) return v;
        return "(none)";
    }

    Firehose hose;
    Waiter waiter;
    std::unique_ptr<TestServer> server;
    std::optional<TestClient> client;
};

}  // namespace weir::http::h2
