// Connections that end: by their client, by their handler, by draining.
#include <gmock/gmock.h>

#include "http/test_server_http.h"

namespace weir::http {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(ServerHttp, ClientGoneDuringTheHandlerCancelsIt) {
    for (bool reset : {false, true})
        for (std::size_t size : {5u, 65383u, 300000u}) {
            Hold hold;
            server->on("/hold", hold.function());
            auto peer = server->connect();
            peer.send(loop(), request("/hold", std::string(size, 'x')));
            loop().until([&] { return hold.entered; });
            auto before = std::chrono::steady_clock::now();
            reset ? peer.abort() : peer.close();
            loop().until([&] { return hold.cancelled; });
            EXPECT_LT(std::chrono::steady_clock::now() - before, milliseconds(500));
            EXPECT_EQ(server->server->counters().active, 0u);
        }
    loop().until([&] { return server->server->counters().open == 0; });
}

// The next request was already pipelined when the client went.
TEST_F(ServerHttp, ClientGoneAfterPipelining) {
    Hold hold;
    server->on("/hold", hold.function());
    auto peer = server->connect();
    peer.send(loop(), request("/hold", "x") + request("/echo", "y"));
    loop().until([&] { return hold.entered; });
    for (int i = 0; i < 5; ++i)
        loop().turn();
    peer.close();
    loop().until([&] { return hold.cancelled; });
}

TEST_F(ServerHttp, WriteAfterTheClientWentThrows) {
    bool thrown = false;
    net::Deadlines* deadlines = &loop().worker.deadlines();
    (void)deadlines;
    server->on("/write", [&thrown](Exchange& exchange) {
        struct Go {
            static net::Task<void> run(Exchange& e, bool& out) {
                e.begin(200);
                e.start_chunked();
                try {
                    for (int i = 0; i < 1000000; ++i)
                        co_await e.write(std::string(1000, 'x'));
                } catch (const net::Cancelled&) {
                    out = true;
                    throw;
                }
            }
        };
        return Go::run(exchange, thrown);
    });
    auto peer = server->connect();
    peer.send(loop(), request("/write", ""));
    peer.expect(loop(), "xxx");
    peer.close();
    loop().until([&] { return thrown; });
    loop().until([&] { return server->server->counters().open == 0; });
}

TEST_F(ServerHttp, RequestCutInTheMiddleNeverReachesTheHandlerAsWhole) {
    for (std::string part :
         {std::string("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhel"),
          kChunkedHead + "5\r\nhel", kChunkedHead + "3\r\nhel\r\n0\r\n",
          std::string("POST /echo HTTP/1.1\r\nho")}) {
        auto peer = server->connect();
        peer.send(loop(), part);
        loop().turn();
        peer.finish();
        peer.expect_end(loop());
        EXPECT_EQ(peer.received, "") << part;
    }
}

TEST_F(ServerHttp, UnreadBodyIsDroppedOrTheConnectionEnds) {
    auto small = server->connect();
    small.send(loop(), request("/ignore", std::string(100000, 'x')) + request("/echo", "next"));
    small.expect(loop(), "next");
    auto large = server->connect();
    large.send(loop(), "POST /ignore HTTP/1.1\r\nhost: a\r\ncontent-length: 900000\r\n\r\n" +
                           std::string(500000, 'x'));
    large.expect(loop(), "early");
    large.send(loop(),
               std::string(400000, 'x'));  // still being read, so that the answer is not lost
    large.expect_end(loop());
    EXPECT_FALSE(large.reset);
}

TEST_F(ServerHttp, DrainClosesIdleAndFinishesBusyConnections) {
    Hold hold;
    server->on("/hold", hold.function());
    auto fresh = server->connect(), idle = server->connect(), busy = server->connect();
    idle.send(loop(), request("/echo", "x"));
    idle.expect(loop(), "\r\n\r\nx");
    busy.send(loop(), request("/hold", "slow") + request("/echo", "never"));
    loop().until([&] { return hold.entered && server->server->counters().open == 3; });
    server->server->drain();
    fresh.expect_end(loop());
    idle.expect_end(loop());
    EXPECT_EQ(server->server->counters().open, 1u);
    hold.open();
    busy.expect(loop(), "slow");
    busy.expect_end(loop());
    EXPECT_THAT(busy.received, HasSubstr("connection: close"));
    EXPECT_THAT(busy.received, Not(HasSubstr("never")));
    EXPECT_FALSE(busy.reset);
    auto late = server->connect();
    late.expect_end(loop());
}

TEST_F(ServerHttp, CloseAllCancelsEveryExchange) {
    Hold holds[3];
    std::vector<net::Peer> peers;
    for (int i = 0; i < 3; ++i) {
        server->on(fmt::format("/hold{}", i), holds[i].function());
        peers.push_back(server->connect());
        peers.back().send(loop(), request(fmt::format("/hold{}", i), "x"));
    }
    loop().until([&] { return holds[0].entered && holds[1].entered && holds[2].entered; });
    server->server->close_all();
    for (auto& hold : holds)
        EXPECT_TRUE(hold.cancelled);
    EXPECT_EQ(server->server->counters().open, 0u);
    for (auto& peer : peers)
        peer.expect_end(loop());
}

TEST_F(ServerHttp, DestroyedWithConnectionsInEveryState) {
    Hold hold;
    server->on("/hold", hold.function());
    auto fresh = server->connect(), idle = server->connect(), busy = server->connect(),
         half = server->connect();
    idle.send(loop(), request("/echo", "x"));
    idle.expect(loop(), "\r\n\r\nx");
    half.send(loop(), "POST /ec");
    busy.send(loop(), request("/hold", "slow"));
    loop().until([&] { return hold.entered && server->server->counters().open == 4; });
    server->server.reset();
    loop().turn();
    for (net::Peer* peer : {&fresh, &idle, &busy, &half}) {
        loop().until([&] { return peer->receive() ? peer->ended : peer->ended; });
    }
    server->listener->close();
}

TEST_F(ServerHttp, AbortIsSeenAsAReset) {
    server->on("/abort", [](Exchange& exchange) -> net::Task<void> {
        exchange.begin(200);
        exchange.start_chunked();
        co_await exchange.write("part");
        exchange.abort();
    });
    auto peer = server->connect();
    peer.send(loop(), request("/abort", ""));
    peer.expect_end(loop());
    EXPECT_TRUE(peer.reset);
    loop().until([&] { return server->server->counters().open == 0; });
}

}  // namespace
}  // namespace weir::http
