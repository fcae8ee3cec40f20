// What the server refuses, waits for no longer, and holds in memory.
#include <gmock/gmock.h>

#include "http/test_server_http.h"

namespace weir::http {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(ServerHttp, MalformedAndOversizedHeads) {
    for (auto [text, status] :
         {std::pair<std::string, const char*>{"GET / HTTP/1.1\r\n\r\n", "400"},
          {"GET / HTTP/3.0\r\nhost: a\r\n\r\n", "505"},
          {"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n", "501"},
          {"GET / HTTP/1.1\r\nhost: a\r\nx: " + std::string(33000, 'y') + "\r\n\r\n", "431"},
          {"GET / HTTP/1.1\r\nhost: a\r\nx: " + std::string(200000, 'y'), "431"},
          {std::string(200000, 'G'), "431"}}) {
        auto peer = server->connect();
        peer.send(loop(), text);
        peer.expect(loop(), std::string("HTTP/1.1 ") + status);
        peer.finish();
        peer.expect_end(loop());
        EXPECT_FALSE(peer.reset) << status;
        EXPECT_THAT(peer.received, HasSubstr("connection: close"));
        EXPECT_THAT(peer.received, HasSubstr("x-refused: 7 unparsed unhandled\r\n"));
    }
    EXPECT_EQ(server->server->counters().refused, 6u);
    EXPECT_THAT(server->refused, testing::Each(testing::StartsWith("127.0.0.1:")));
    EXPECT_EQ(server->server->counters().requests, 0u);
}

TEST_F(ServerHttp, OversizedBodies) {
    ServerOptions options;
    options.body_limit = 100000;
    make(options);
    auto declared = server->connect();
    declared.send(loop(), "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 100001\r\n\r\n");
    declared.expect(loop(), "HTTP/1.1 413");  // before the body
    declared.expect(loop(), "x-refused: 7 /echo unhandled\r\n");
    EXPECT_EQ(server->server->counters().refused, 1u);
    for (const char* path : {"/echo", "/stream"}) {
        auto chunked = server->connect();
        chunked.send(
            loop(),
            fmt::format("POST {} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n", path) +
                chunk(std::string(90000, 'x')) + chunk(std::string(20000, 'x')) + "0\r\n\r\n");
        if (path == std::string("/echo")) chunked.expect(loop(), "HTTP/1.1 413");
        chunked.finish();
        chunked.expect_end(loop());
        EXPECT_THAT(chunked.received, Not(HasSubstr("0\r\n\r\n")));
    }
    auto announced = server->connect();
    announced.send(loop(), kChunkedHead + std::string("fffffffffff\r\n"));
    announced.expect(loop(), "HTTP/1.1 413");  // before the chunk
    auto exact = server->connect();
    exact.send(loop(), kChunkedHead + chunk(std::string(100000, 'x')) + "0\r\n\r\n");
    exact.expect(loop(), "HTTP/1.1 200");
}

TEST_F(ServerHttp, BodyMemoryIsBoundedAndGivenBack) {
    BodyMemory memory;
    memory.limit = 500000;
    ServerOptions options;
    options.body_memory = &memory;
    make(options);
    Hold hold;
    server->on("/hold", hold.function());
    auto holder = server->connect();
    holder.send(loop(), request("/hold", std::string(300000, 'h')));
    loop().until([&] { return hold.entered; });
    EXPECT_GE(memory.used.load(), 300000u);
    auto refused = server->connect();
    refused.send(loop(), request("/echo", std::string(300000, 'r')));
    refused.expect(loop(), "HTTP/1.1 503");
    auto small = server->connect();
    small.send(loop(), request("/echo", "small"));  // in its read buffer
    small.expect(loop(), "small");
    hold.open();
    holder.expect(loop(), std::string(300000, 'h'));
    loop().until([&] { return memory.used.load() == 0; });
    holder.send(loop(), request("/echo", std::string(300000, 'r')));
    holder.expect(loop(), std::string(300000, 'r'));
    server.reset();
    EXPECT_EQ(memory.used.load(), 0u);
}

// A client that does not read stops the handler: what it wrote is bounded by the sockets' buffers.
TEST_F(ServerHttp, SlowReaderStopsTheWriter) {
    static std::size_t written;
    written = 0;
    server->on("/big", [](Exchange& exchange) -> net::Task<void> {
        exchange.begin(200);
        exchange.start_chunked();
        std::string piece(100000, 'x');
        for (int i = 0; i < 1000; ++i) {
            co_await exchange.write(piece);
            written += piece.size();
        }
        co_await exchange.finish();
    });
    auto peer = server->connect();
    int small = 64 * 1024;
    ::setsockopt(peer.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    peer.send(loop(), request("/big", ""));
    loop().until([&] { return written > 0; });
    std::size_t before;
    do {
        before = written;
        for (int i = 0; i < 20; ++i)
            loop().turn();
    } while (written != before);
    EXPECT_LT(written, 16u << 20);
    std::size_t received = 0;
    loop().until([&] {
        while (peer.receive()) {
            received += peer.received.size();
            bool done = peer.received.ends_with("0\r\n\r\n");
            peer.received.clear();
            if (done || peer.ended) return true;
        }
        return false;
    });
    EXPECT_GT(received, 100000000u);
}

TEST_F(ServerHttp, SlowClientsTimeOut) {
    ServerOptions options;
    options.head_timeout = milliseconds(100);
    options.idle_timeout = milliseconds(100);
    options.stall_timeout = milliseconds(100);
    make(options);
    auto silent = server->connect();
    silent.expect_end(loop());
    EXPECT_EQ(silent.received, "");
    auto half = server->connect();
    half.send(loop(), "GET / HT");
    half.expect(loop(), "HTTP/1.1 408");
    auto idle = server->connect();
    idle.send(loop(), request("/echo", "x"));
    idle.expect(loop(), "\r\n\r\nx");
    idle.expect_end(loop());
    auto stalled = server->connect();
    stalled.send(loop(), "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhel");
    stalled.expect(loop(), "HTTP/1.1 408");
}

TEST_F(ServerHttp, ReleasedRequestGivesItsMemoryBack) {
    Hold hold;
    struct Handler {
        static net::Task<void> run(Exchange& exchange, Hold& held, std::size_t& size) {
            auto body = co_await exchange.read_all();
            size = body->size();
            exchange.release_request();
            held.source = &exchange.cancel();
            held.entered = true;
            co_await held;
            exchange.begin(200);
            co_await exchange.send("released");
        }
    };
    std::size_t size = 0;
    server->on("/release", [&](Exchange& exchange) { return Handler::run(exchange, hold, size); });
    auto peer = server->connect();
    peer.send(loop(), request("/release", "hello"));
    loop().until([&] { return hold.entered; });
    EXPECT_EQ(loop().worker.blocks().lent(), 0u);
    peer.send(loop(), request("/echo", "next"));  // arrives while the exchange owns no buffer
    for (int i = 0; i < 5; ++i)
        loop().turn();
    hold.open();
    peer.expect(loop(), "released");
    peer.expect(loop(), "next");
    loop().until([&] { return loop().worker.blocks().lent() == 0; });
    // Pipelined bytes are there already.
    hold.entered = false;
    peer.send(loop(), request("/release", "hello") + request("/echo", "third"));
    loop().until([&] { return hold.entered; });
    hold.open();
    peer.expect(loop(), "third");
    EXPECT_EQ(size, 5u);
}

TEST_F(ServerHttp, IdleConnectionsOwnNoBuffer) {
    std::vector<net::Peer> peers;
    for (int i = 0; i < 20; ++i) {
        peers.push_back(server->connect());
        peers.back().send(loop(), request("/echo", "x"));
        peers.back().expect(loop(), "\r\n\r\nx");
    }
    loop().until([&] { return loop().worker.blocks().lent() == 0; });
    EXPECT_EQ(server->server->counters().open, 20u);
}

}  // namespace
}  // namespace weir::http
