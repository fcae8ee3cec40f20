#include "http/server.h"

#include <gmock/gmock.h>

#include "http/test_server_http.h"

namespace weir::http {
namespace {

using testing::HasSubstr;
using testing::Not;

net::Task<Result<std::string>> get(ClientPool& pool, Origin origin) {
    WEIR_CO_TRY(ClientExchange exchange,
                co_await pool.acquire(origin, net::in(std::chrono::seconds(5)), nullptr));
    std::string text = "POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello";
    iovec piece{text.data(), text.size()};
    WEIR_CO_CHECK(co_await exchange.send({&piece, 1}, std::chrono::seconds(5)));
    WEIR_CO_TRY(const ResponseHead* head,
                co_await exchange.read_head("POST", net::in(std::chrono::seconds(5))));
    std::string out = std::to_string(head->status) + " ";
    while (true) {
        WEIR_CO_TRY(std::string_view body,
                    co_await exchange.read_body(net::in(std::chrono::seconds(5))));
        if (body.empty()) break;
        out += body;
    }
    exchange.release();
    co_return out;
}

TEST(ServerTest, ServerAndPoolExchangeRequestsOnOneWorker) {
    TestServer server;
    net::Resolver resolver(server.loop.worker);
    ClientPool pool(server.loop.worker, resolver, {});
    Origin origin{{"127.0.0.1", server.address.port(), nullptr, ""}, "a"};
    server.on("/x", [](Exchange& exchange) -> net::Task<void> {
        auto body = co_await exchange.read_all();
        exchange.begin(200);
        exchange.header("content-type", "text/plain");
        co_await exchange.send(*body);
    });
    for (int i = 0; i < 3; ++i) {
        auto answer = server.loop.run(get(pool, origin));
        ASSERT_TRUE(answer) << answer.error().to_string();
        EXPECT_EQ(*answer, "200 hello");
    }
    EXPECT_EQ(pool.counters().dialled, 1u);
    EXPECT_EQ(pool.counters().reused, 2u);
    EXPECT_EQ(server.server->counters().requests, 3u);
}

TEST_F(ServerHttp, KeepAliveThenClose) {
    auto peer = server->connect();
    peer.send(loop(), request("/echo", "one"));
    peer.expect(loop(), "one");
    EXPECT_THAT(peer.received, Not(HasSubstr("connection:")));
    peer.send(loop(), request("/echo", "two", "connection: close\r\n"));
    peer.expect(loop(), "two");
    EXPECT_THAT(peer.received, HasSubstr("connection: close"));
    peer.expect_end(loop());
    EXPECT_FALSE(peer.reset);
    loop().until([&] { return server->server->counters().open == 0; });
}

TEST_F(ServerHttp, PipelinedRequestsAreAnsweredInOrder) {
    auto peer = server->connect();
    std::string all;
    for (int i = 0; i < 50; ++i)
        all += request("/echo", fmt::format("<{}>", i), i % 2 ? "x: y\r\n" : "") +
               (i % 7 ? "" : "\r\n");
    peer.send(loop(), all);
    peer.expect(loop(), "<49>");
    std::size_t at = 0;
    for (int i = 0; i < 50; ++i) {
        at = peer.received.find(fmt::format("<{}>", i), at);
        ASSERT_NE(at, std::string::npos) << i;
    }
    EXPECT_EQ(server->server->counters().accepted, 1u);
}

// More pipelined bytes than a block holds, while the first handler is busy with a body in that
// block.
TEST_F(ServerHttp, PipelinedBytesDuringAnExchangeLeaveItsBodyAlone) {
    Hold hold;
    server->on("/hold", hold.function());
    auto peer = server->connect();
    std::string body(20000, 'b');
    peer.send(loop(), request("/hold", body));
    loop().until([&] { return hold.entered; });
    std::string more;
    for (int i = 0; i < 12; ++i)
        more += request("/echo", std::string(10000, static_cast<char>('c' + i)));
    peer.send(loop(), more);
    for (int i = 0; i < 20; ++i)
        loop().turn();
    hold.open();
    peer.expect(loop(), std::string(10000, 'n'));
    EXPECT_EQ(peer.count(body), 1u);
    for (int i = 0; i < 12; ++i)
        EXPECT_EQ(peer.count(std::string(10000, static_cast<char>('c' + i))), 1u) << i;
}

TEST_F(ServerHttp, PipelinedRequestsAtEveryOffsetOfTheBlock) {
    for (std::size_t first : {30000, 32600, 32700, 65300, 65400, 65450, 65470, 65480, 65536}) {
        Hold hold;
        server->on("/hold", hold.function());
        auto peer = server->connect();
        peer.send(loop(), request("/hold", std::string(first, 'b')) +
                              request("/echo", std::string(30000, 'c')) + request("/echo", "end"));
        loop().until([&] { return hold.entered; });
        for (int i = 0; i < 5; ++i)
            loop().turn();
        hold.open();
        peer.expect(loop(), "end");
        EXPECT_EQ(peer.count(std::string(first, 'b')), 1u) << first;
        EXPECT_EQ(peer.count(std::string(30000, 'c')), 1u) << first;
    }
}

TEST_F(ServerHttp, BodiesOfEverySizeAroundABlock) {
    const std::size_t head = request("/echo", "").size() + 4;
    for (std::size_t size : {std::size_t{0}, std::size_t{1}, 65536 - head - 65, 65536 - head - 64,
                             65536 - head - 63, 65536 - head - 1, 65536 - head, 65536 - head + 1,
                             std::size_t{65536}, std::size_t{200000}, std::size_t{3000000}}) {
        std::string body(size, 'b');
        if (size) body.back() = 'z';
        for (bool chunked : {false, true}) {
            auto peer = server->connect();
            if (chunked) {
                std::string message = kChunkedHead;
                for (std::size_t at = 0; at < size; at += 50000)
                    message += chunk(std::string_view(body).substr(at, 50000));
                peer.send(loop(), message + "0\r\n\r\n");
            } else {
                peer.send(loop(), request("/echo", body));
            }
            peer.expect(loop(), "\r\n\r\n" + body);
            EXPECT_TRUE(body_of(peer) == body) << size;
            peer.send(loop(), request("/echo", "again"));  // the connection is in order afterwards
            peer.expect(loop(), "again");
        }
    }
    EXPECT_EQ(server->server->counters().refused, 0u);
}

TEST_F(ServerHttp, HeadAndBodyByteByByte) {
    for (std::string message : {"\r\n" + request("/echo", "hello"),
                                kChunkedHead + chunk("hel") + chunk("lo") + "0\r\nx: y\r\n\r\n"}) {
        auto peer = server->connect();
        for (char c : message) {
            peer.send(loop(), {&c, 1});
            loop().turn();
        }
        peer.expect(loop(), "\r\n\r\nhello");
    }
}

TEST_F(ServerHttp, ChunkedBothWays) {
    auto peer = server->connect();
    peer.send(loop(), "POST /stream HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n" +
                          chunk("hello "));
    peer.expect(loop(), "6\r\nhello \r\n");
    peer.send(loop(), chunk("world") + "0\r\n\r\n" + request("/echo", "next"));
    peer.expect(loop(), "5\r\nworld\r\n0\r\n\r\n");
    peer.expect(loop(), "next");
}

TEST_F(ServerHttp, TrailersOfAnAnswer) {
    server->on("/t", [](Exchange& exchange) -> net::Task<void> {
        exchange.begin(200);
        exchange.start_chunked();
        co_await exchange.finish("last", "x-usage: 5\r\n");
    });
    auto peer = server->connect();
    peer.send(loop(), request("/t", ""));
    peer.expect(loop(), "4\r\nlast\r\n0\r\nx-usage: 5\r\n\r\n");
}

TEST_F(ServerHttp, ContinueOnlyWhenTheBodyIsAwaited) {
    const std::string head =
        "POST /echo HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n";
    auto peer = server->connect();
    peer.send(loop(), head);
    peer.expect(loop(), "HTTP/1.1 100 Continue\r\n\r\n");
    peer.send(loop(), "hello");
    peer.expect(loop(), "\r\n\r\nhello");
    EXPECT_EQ(peer.count("100 Continue"), 1u);
    // The body came along: nothing to ask for.
    auto eager = server->connect();
    eager.send(loop(), head + "hello");
    eager.expect(loop(), "\r\n\r\nhello");
    EXPECT_EQ(eager.count("100 Continue"), 0u);
    // The handler does not want it: the answer, then the end.
    auto unwanted = server->connect();
    unwanted.send(
        loop(),
        "POST /ignore HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n");
    unwanted.expect(loop(), "early");
    unwanted.expect_end(loop());
    EXPECT_EQ(unwanted.count("100 Continue"), 0u);
}

TEST_F(ServerHttp, AnswersWithoutBody) {
    server->on("/204", [](Exchange& exchange) -> net::Task<void> {
        exchange.begin(204);
        co_await exchange.send("never");
    });
    server->on("/304", [](Exchange& exchange) -> net::Task<void> {
        exchange.begin(304);
        exchange.start_chunked();
        co_await exchange.write("never");
        co_await exchange.finish();
    });
    auto peer = server->connect();
    peer.send(loop(), "HEAD /ignore HTTP/1.1\r\nhost: a\r\n\r\n" + request("/204", "") +
                          request("/304", "") + request("/echo", "last"));
    peer.expect(loop(), "last");
    EXPECT_THAT(peer.received, HasSubstr("content-length: 5\r\n\r\nHTTP/1.1 204"));
    EXPECT_THAT(peer.received, Not(HasSubstr("early")));
    EXPECT_THAT(peer.received, Not(HasSubstr("never")));
    EXPECT_THAT(peer.received, Not(HasSubstr("transfer-encoding")));
}

TEST_F(ServerHttp, HttpOnePointZero) {
    auto peer = server->connect();
    peer.send(loop(), "POST /stream HTTP/1.0\r\ncontent-length: 5\r\n\r\nhello");
    peer.expect_end(loop());
    EXPECT_TRUE(peer.received.ends_with("\r\n\r\nhello")) << peer.received;
    EXPECT_THAT(peer.received, HasSubstr("connection: close"));
    auto kept = server->connect();
    kept.send(loop(),
              "POST /echo HTTP/1.0\r\nconnection: keep-alive\r\ncontent-length: 3\r\n\r\none");
    kept.expect(loop(), "\r\n\r\none");
    EXPECT_THAT(kept.received, HasSubstr("connection: keep-alive"));
    kept.send(loop(), "POST /echo HTTP/1.0\r\ncontent-length: 3\r\n\r\ntwo");
    kept.expect(loop(), "\r\n\r\ntwo");
    kept.expect_end(loop());
}

// An answer that ends with the connection must not look whole when it is cut.
TEST_F(ServerHttp, CutAnswerToHttpOnePointZeroIsAReset) {
    server->on("/cut", [](Exchange& exchange) -> net::Task<void> {
        exchange.begin(200);
        exchange.start_chunked();
        co_await exchange.write("part");
        throw std::runtime_error("broken half way");
    });
    auto peer = server->connect();
    peer.send(loop(), "GET /cut HTTP/1.0\r\n\r\n");
    peer.expect_end(loop());
    EXPECT_TRUE(peer.reset);
    auto chunked = server->connect();
    chunked.send(loop(), request("/cut", ""));
    chunked.expect(loop(), "part");
    chunked.expect_end(loop());
    EXPECT_THAT(chunked.received, Not(HasSubstr("0\r\n\r\n")));
}

TEST_F(ServerHttp, HandlerThatThrowsOrForgetsToAnswer) {
    server->on("/throw", [](Exchange&) -> net::Task<void> {
        throw std::runtime_error("a secret reason");
        co_return;
    });
    server->on("/forget", [](Exchange&) -> net::Task<void> { co_return; });
    server->on("/begun", [](Exchange& exchange) -> net::Task<void> {
        exchange.begin(200);
        exchange.header("x", "y");
        co_return;
    });
    for (const char* path : {"/throw", "/forget", "/begun"}) {
        auto peer = server->connect();
        peer.send(loop(), request(path, "x"));
        peer.expect(loop(), "HTTP/1.1 500 ");
        peer.expect_end(loop());
        EXPECT_TRUE(peer.received.ends_with("internal.error")) << peer.received;
        EXPECT_THAT(peer.received, HasSubstr(fmt::format("x-refused: 7 {} handled\r\n", path)));
        EXPECT_FALSE(peer.reset);
    }
    EXPECT_THAT(server->failures, testing::ElementsAre("internal.error"));
}

TEST_F(ServerHttp, WholeBodyMayBeAskedForTwiceAndIsPadded) {
    server->on("/twice", [](Exchange& exchange) -> net::Task<void> {
        auto first = co_await exchange.read_all();
        auto second = co_await exchange.read_all();
        unsigned sum = 0;
        for (std::size_t i = 0; i < kBodyPadding; ++i)
            sum += static_cast<unsigned char>(second->data()[second->size() + i]);
        exchange.begin(*first == *second && exchange.body_done() && sum < 1000000 ? 200 : 500);
        co_await exchange.send(*second);
    });
    for (std::size_t size : {10u, 65380u, 200000u}) {
        auto peer = server->connect();
        peer.send(loop(), request("/twice", std::string(size, 'b')));
        peer.expect(loop(), std::string(size, 'b'));
        EXPECT_THAT(peer.received.substr(0, 20), HasSubstr("200"));
    }
}

}  // namespace
}  // namespace weir::http
