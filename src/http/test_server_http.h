/// For tests of the server: handlers that echo, wait or ignore, and a server that has them. Only
/// *_test.cpp files include this.
#pragma once
#include "http/test_server.h"

namespace weir::http {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Answers with the body it got.
inline net::Task<void> echo(Exchange& exchange) {
    auto body = co_await exchange.read_all();
    exchange.begin(body ? 200 : body.error().status());
    exchange.header("content-type", "text/plain");
    co_await exchange.send(body ? *body : body.error().code().name);
}
inline net::Task<void> ignore(Exchange& exchange) {
    exchange.begin(200);
    co_await exchange.send("early");
}

/// A handler that stops until the test opens it or its exchange is cancelled.
struct Hold final : net::Wakeable {
    bool entered = false;
    bool cancelled = false;
    net::CancelSource* source = nullptr;
    std::coroutine_handle<> waiting;
    bool await_ready() const { return source->cancelled(); }
    void await_suspend(std::coroutine_handle<> h) {
        waiting = h;
        source->enter(*this);
    }
    void await_resume() {
        if (source->cancelled()) {
            cancelled = true;
            throw net::Cancelled();
        }
    }
    void wake_cancelled() override { std::exchange(waiting, nullptr).resume(); }
    void open() {
        source->leave();
        std::exchange(waiting, nullptr).resume();
    }
    static net::Task<void> handle(Exchange& exchange, Hold& hold) {
        auto body = co_await exchange.read_all();
        hold.source = &exchange.cancel();
        hold.entered = true;
        co_await hold;
        exchange.begin(200);
        co_await exchange.send(*body);
    }
    TestServer::Function function() {
        return [this](Exchange& exchange) { return handle(exchange, *this); };
    }
};

inline std::string request(std::string_view path, std::string_view body,
                           std::string_view fields = "") {
    return fmt::format("POST {} HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n{}\r\n{}", path,
                       body.size(), fields, body);
}
inline std::string chunk(std::string_view data) {
    return fmt::format("{:x}\r\n{}\r\n", data.size(), data);
}
inline const std::string kChunkedHead =
    "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";

/// The body of the last answer.
inline std::string body_of(const net::Peer& peer) {
    auto at = peer.received.rfind("\r\n\r\n");
    return at == std::string::npos ? "" : peer.received.substr(at + 4);
}

struct ServerFixture : testing::Test {
    ServerFixture() { make({}); }
    void make(const ServerOptions& options) {
        server.reset();
        server = std::make_unique<TestServer>(options);
        server->on("/echo", echo);
        server->on("/stream", [](Exchange& exchange) { return stream_back(exchange, {}); });
        server->on("/ignore", ignore);
    }
    net::TestLoop& loop() { return server->loop; }
    std::unique_ptr<TestServer> server;
};
using ServerHttp = ServerFixture;

}  // namespace weir::http
