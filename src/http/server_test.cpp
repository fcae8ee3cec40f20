#include "http/server.h"

#include <gmock/gmock.h>

#include "http/test_server.h"

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

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Answers with the body it got.
net::Task<void> echo(Exchange& exchange) {
    auto body = co_await exchange.read_all();
    exchange.begin(body ? 200 : body.error().status());
    exchange.header("content-type", "text/plain");
    co_await exchange.send(body ? *body : body.error().code().name);
}
/// Streams the body back piece by piece.
net::Task<void> stream_echo(Exchange& exchange) {
    exchange.begin(200);
    exchange.start_chunked();
    while (true) {
        auto piece = co_await exchange.read_some();
        if (!piece) co_return;
        if (piece->empty()) break;
        co_await exchange.write(*piece);
    }
    co_await exchange.finish();
}
net::Task<void> ignore(Exchange& exchange) {
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

std::string request(std::string_view path, std::string_view body, std::string_view fields = "") {
    return fmt::format("POST {} HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n{}\r\n{}", path,
                       body.size(), fields, body);
}
std::string chunk(std::string_view data) {
    return fmt::format("{:x}\r\n{}\r\n", data.size(), data);
}
const std::string kChunkedHead =
    "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";

/// The body of the last answer.
std::string body_of(const net::Peer& peer) {
    auto at = peer.received.rfind("\r\n\r\n");
    return at == std::string::npos ? "" : peer.received.substr(at + 4);
}

struct ServerFixture : testing::Test {
    ServerFixture() { make({}); }
    void make(const ServerOptions& options) {
        server.reset();
        server = std::make_unique<TestServer>(options);
        server->on("/echo", echo);
        server->on("/stream", stream_echo);
        server->on("/ignore", ignore);
    }
    net::TestLoop& loop() { return server->loop; }
    std::unique_ptr<TestServer> server;
};
using ServerHttp = ServerFixture;

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
