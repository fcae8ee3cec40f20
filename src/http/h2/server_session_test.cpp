#include "http/h2/server_session.h"

#include <gmock/gmock.h>

#include "http/h2/test_client.h"
#include "http/test_server.h"

namespace weir::http::h2 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

net::Task<void> echo(Exchange& exchange) {
    auto body = co_await exchange.read_all();
    exchange.begin(body ? 200 : body.error().status());
    exchange.header("Content-Type", "text/plain");
    exchange.header("connection", "close");
    co_await exchange.send(body ? *body : body.error().code().name);
}
net::Task<void> stream_echo(Exchange& exchange) {
    exchange.begin(200);
    exchange.start_chunked();
    while (true) {
        auto piece = co_await exchange.read_some();
        if (!piece) co_return exchange.abort();
        if (piece->empty()) break;
        co_await exchange.write(*piece);
    }
    co_await exchange.finish("", "x-end: yes\r\n");
}
net::Task<void> ignore(Exchange& exchange) {
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
        server->on("/stream", stream_echo);
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

TEST_F(H2ServerTest, AnswersByPriorKnowledge) {
    start();
    client->begin();
    client->send(client->head(1, TestClient::post("/echo"), false) +
                 TestClient::data(1, "hello", true));
    client->expect_closed(1);
    EXPECT_EQ(field(client->heads[1], ":status"), "200");
    EXPECT_EQ(field(client->heads[1], "content-type"), "text/plain");
    EXPECT_EQ(field(client->heads[1], "content-length"), "5");
    EXPECT_EQ(field(client->heads[1], "connection"), "(none)");
    EXPECT_EQ(client->bodies[1], "hello");
    EXPECT_EQ(counters().streams, 1u);
    EXPECT_EQ(server->server->counters().active, 0u);
}

TEST_F(H2ServerTest, ByteByByteIsTheSame) {
    start();
    std::string bytes = std::string(TestClient::kPreface) + frame(NGHTTP2_SETTINGS, 0, 0, "");
    bytes += client->head(1, TestClient::post("/stream"), false);
    bytes += TestClient::data(1, "one", false) + TestClient::data(1, "two", true);
    bytes += client->head(3, TestClient::post("/echo"), true);
    client->drip(bytes);
    client->expect_closed(1);
    client->expect_closed(3);
    EXPECT_EQ(client->bodies[1], "onetwo");
    EXPECT_EQ(field(client->heads[1], "x-end"), "yes") << "trailers";
    EXPECT_EQ(field(client->heads[3], ":status"), "200");
}

TEST_F(H2ServerTest, ManyStreamsAtOnce) {
    start();
    client->begin();
    std::string bytes;
    for (int i = 0; i < 100; ++i)
        bytes += client->head(2 * i + 1, TestClient::post("/echo"), false);
    for (int i = 0; i < 100; ++i)
        bytes += TestClient::data(2 * i + 1, std::to_string(i), true);
    client->send(bytes);
    client->until([&] { return client->ended.size() == 100; });
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(client->bodies[2 * i + 1], std::to_string(i));
}

TEST_F(H2ServerTest, ABodyMayBeLargerThanEveryWindow) {
    start();
    client->begin();
    client->send(client->head(1, TestClient::post("/echo"), false));
    std::string sent;
    int64_t window = 65535;
    int64_t connection = 65535;
    std::size_t seen = 0;
    auto take_credit = [&] {
        client->receive();
        for (; seen < client->frames.size(); ++seen) {
            const TestFrame& f = client->frames[seen];
            if (f.type == NGHTTP2_WINDOW_UPDATE)
                (f.stream ? window : connection) += static_cast<int64_t>(f.word());
            if (f.type == NGHTTP2_SETTINGS && !(f.flags & NGHTTP2_FLAG_ACK)) window += 1;
        }
    };
    for (int i = 0; i < 128; ++i) {
        std::string piece(16000, static_cast<char>('a' + i % 26));
        auto size = static_cast<int64_t>(piece.size());
        client->until([&] {
            take_credit();
            return window >= size && connection >= size;
        });
        window -= size;
        connection -= size;
        client->send(TestClient::data(1, piece, i == 127));
        sent += piece;
    }
    client->send(TestClient::window(0, 1 << 24) + TestClient::window(1, 1 << 24));
    client->expect_closed(1);
    EXPECT_TRUE(client->bodies[1] == sent);
}

TEST_F(H2ServerTest, WindowOpensOnlyAsTheHandlerReads) {
    start();
    client->begin();
    client->send(client->head(1, TestClient::post("/wait"), false));
    for (int i = 0; i < 4; ++i)
        client->send(TestClient::data(1, std::string(16000, 'x'), false));
    client->until([&] { return waiter.entered == 1; });
    client->send(frame(NGHTTP2_PING, 0, 0, "12345678"));
    client->until([&] { return client->count(NGHTTP2_PING) == 1; });
    for (const auto& f : client->frames)
        EXPECT_FALSE(f.type == NGHTTP2_WINDOW_UPDATE && f.stream == 1);
    client->send(TestClient::data(1, std::string(16000, 'x'), false));
    client->expect_reset(1);
    EXPECT_EQ(client->resets[1], static_cast<uint32_t>(NGHTTP2_FLOW_CONTROL_ERROR));
    EXPECT_EQ(waiter.cancelled, 1);
}

TEST_F(H2ServerTest, AClientThatOpensNoWindowStopsTheHandler) {
    start();
    client->begin();
    client->send(client->head(1, TestClient::post("/hose"), true));
    client->until([&] { return client->bodies[1].size() == 65535; });
    for (int i = 0; i < 100; ++i)
        server->loop.turn();
    EXPECT_LE(hose.taken, 65535u);
    client->send(TestClient::window(0, 100'000) + TestClient::window(1, 100'000));
    client->until([&] { return client->bodies[1].size() == 165'535; });
    client->send(TestClient::reset(1));
    client->until([&] { return hose.cancelled; });
}

TEST_F(H2ServerTest, ASlowSocketCostsOneBuffer) {
    start();
    client->begin(big_endian(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 2) + big_endian(1 << 30, 4));
    client->send(TestClient::window(0, 1 << 30));
    for (int i = 0; i < 4; ++i)
        client->send(client->head(2 * i + 1, TestClient::post("/hose"), true));
    uint64_t before = 0;
    server->loop.until([&] {  // nothing is received here, so the socket fills
        bool still = hose.taken > 0 && hose.taken == before;
        before = hose.taken;
        for (int i = 0; i < 200; ++i)
            server->loop.turn();
        return still;
    });
    EXPECT_LE(server->loop.worker.blocks().lent(), 2u);
    client->peer.abort();
    server->loop.until([&] { return counters().open == 0; });
    EXPECT_TRUE(hose.cancelled);
    EXPECT_EQ(server->server->counters().active, 0u);
}

TEST_F(H2ServerTest, AStreamTakenBackCancelsItsExchangeAlone) {
    start();
    client->begin();
    client->send(client->head(1, TestClient::post("/wait"), true));
    client->send(client->head(3, TestClient::post("/wait"), true));
    client->until([&] { return waiter.entered == 2; });
    client->send(TestClient::reset(1));
    client->until([&] { return waiter.cancelled == 1; });
    client->send(client->head(5, TestClient::post("/echo"), true));
    client->expect_closed(5);
    EXPECT_EQ(waiter.cancelled, 1);
    client->peer.close();
    server->loop.until([&] { return waiter.cancelled == 2; });
    server->loop.until([&] { return server->server->counters().open == 0; });
}

TEST_F(H2ServerTest, ARequestThatIsNotReadToItsEndIsAnsweredAllTheSame) {
    start();
    client->begin();
    client->send(client->head(1, TestClient::post("/ignore"), false));
    client->expect_reset(1);
    EXPECT_EQ(client->resets[1], static_cast<uint32_t>(NGHTTP2_NO_ERROR));
    EXPECT_EQ(field(client->heads[1], ":status"), "204");
    client->send(TestClient::data(1, "late", true));
    client->send(client->head(3, TestClient::post("/echo"), true));
    client->expect_closed(3);
}

TEST_F(H2ServerTest, ContinueIsSaidWhenTheBodyIsWanted) {
    start();
    client->begin();
    TestFields fields = TestClient::post("/echo");
    fields.emplace_back("expect", "100-continue");
    client->send(client->head(1, fields, false));
    client->until([&] { return client->heads.contains(1); });
    EXPECT_EQ(field(client->heads[1], ":status"), "100");
    client->send(TestClient::data(1, "x", true));
    client->expect_closed(1);
    EXPECT_EQ(field(client->heads[1], ":status"), "200");
}

TEST_F(H2ServerTest, MalformedMessagesReachNoHandler) {
    struct Case {
        const char* name;
        TestFields fields;
        std::string body;
    };
    auto with = [](const std::string& name, const std::string& value) {
        TestFields out = TestClient::post("/wait");
        out.emplace_back(name, value);
        return out;
    };
    TestFields late = TestClient::post("/wait");
    late.emplace_back("x", "y");
    std::swap(late.front(), late.back());
    const Case cases[] = {
        {"upper case", with("X-Upper", "1"), ""},
        {"connection", with("connection", "close"), ""},
        {"transfer-encoding", with("transfer-encoding", "chunked"), ""},
        {"te", with("te", "gzip"), ""},
        {"line end in a value", with("x", "a\r\nb: c"), ""},
        {"NUL in a value", with("x", std::string("a\0b", 3)), ""},
        {"space in a name", with("x y", "z"), ""},
        {"blank around a value", with("x", " z"), ""},
        {"no method", {{":scheme", "http"}, {":path", "/wait"}, {":authority", "a"}}, ""},
        {"two paths", with(":path", "/wait"), ""},
        {"unknown pseudo", with(":x", "y"), ""},
        {"late pseudo", late, ""},
        {"empty path",
         {{":method", "GET"}, {":scheme", "http"}, {":path", ""}, {":authority", "a"}},
         ""},
    };
    for (const auto& c : cases) {
        start();
        client->begin();
        client->send(client->head(1, c.fields, true));
        client->expect_reset(1);
        EXPECT_EQ(client->resets[1], static_cast<uint32_t>(NGHTTP2_PROTOCOL_ERROR)) << c.name;
        EXPECT_EQ(waiter.entered, 0) << c.name;
        EXPECT_EQ(misuse(Misuse::malformed), 1u) << c.name;
        client->send(client->head(3, TestClient::post("/echo"), true));
        client->expect_closed(3);
        EXPECT_EQ(field(client->heads[3], ":status"), "200") << c.name << ": the others go on";
    }
}

TEST_F(H2ServerTest, AMalformedMessageMayEndTheConnection) {
    ServerOptions options;
    options.http2.end_connection = true;
    start(options);
    client->begin();
    TestFields fields = TestClient::post("/wait");
    fields.emplace_back("connection", "close");
    client->send(client->head(1, fields, true));
    EXPECT_EQ(client->expect_goaway(), NGHTTP2_PROTOCOL_ERROR);
}

TEST_F(H2ServerTest, ABodyThatIsNotAsLongAsItSaysBreaksItsStream) {
    for (std::string body : {"12", "1234"}) {
        start();
        client->begin();
        TestFields fields = TestClient::post("/stream");
        fields.emplace_back("content-length", "3");
        client->send(client->head(1, fields, false) + TestClient::data(1, body, true));
        client->expect_reset(1);
        EXPECT_EQ(client->resets[1], static_cast<uint32_t>(NGHTTP2_PROTOCOL_ERROR)) << body;
        EXPECT_FALSE(client->ended.contains(1)) << "no answer that looks whole";
    }
}

TEST_F(H2ServerTest, RefusalsAreAnswered) {
    ServerOptions options;
    options.body_limit = 10;
    start(options);
    client->begin();
    TestFields other = TestClient::post("/echo");
    other.emplace_back("host", "b");
    TestFields large = TestClient::post("/echo");
    large.emplace_back("content-length", "11");
    TestFields head = TestClient::post("/echo");
    head.emplace_back("x", std::string(33'000, 'x'));
    client->send(client->head(1, other, true));
    client->send(client->head(3, large, false));
    client->send(client->head(7, TestClient::post("/echo"), false) +
                 TestClient::data(7, "12345678901", true));
    std::string block = client->block(head);
    client->send(frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 9, block.substr(0, 16384)) +
                 frame(NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, 9, block.substr(16384)));
    for (int32_t id : {1, 3, 7, 9})
        client->expect_closed(id);
    EXPECT_EQ(field(client->heads[1], ":status"), "400");
    EXPECT_EQ(field(client->heads[3], ":status"), "413");
    EXPECT_EQ(field(client->heads[7], ":status"), "413");
    EXPECT_EQ(field(client->heads[9], ":status"), "431");
    EXPECT_EQ(field(client->heads[3], "x-refused"), "7 /echo unhandled");
    EXPECT_EQ(server->server->counters().refused, 3u);
}

TEST_F(H2ServerTest, RapidResetEndsTheConnection) {
    start();
    client->begin();
    std::string bytes;
    for (int i = 0; i <= 250; ++i)
        bytes +=
            client->head(2 * i + 1, TestClient::post("/wait"), true) + TestClient::reset(2 * i + 1);
    client->send(bytes);
    expect_calm(Misuse::resets);
    EXPECT_EQ(waiter.entered, waiter.cancelled);
}

TEST_F(H2ServerTest, FloodsEndTheConnection) {
    struct Case {
        const char* name;
        std::string piece;
        int times;
        Misuse misuse;
    };
    const Case cases[] = {
        {"settings", frame(NGHTTP2_SETTINGS, 0, 0, ""), 101, Misuse::control_frames},
        {"pings", frame(NGHTTP2_PING, 0, 0, "12345678"), 101, Misuse::control_frames},
        {"priority", frame(NGHTTP2_PRIORITY, 0, 7, std::string(5, '\0')), 1001,
         Misuse::idle_frames},
        {"unknown", frame(0xfa, 0, 0, ""), 1001, Misuse::idle_frames},
        {"windows", TestClient::window(0, 1), 1001, Misuse::window_updates},
        {"empty data", TestClient::data(1, "", false), 101, Misuse::empty_frames},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        start();
        client->begin();
        std::string bytes = client->head(1, TestClient::post("/stream"), false);
        for (int i = 0; i < c.times; ++i)
            bytes += c.piece;
        client->send(bytes);
        expect_calm(c.misuse);
    }
}

TEST_F(H2ServerTest, ContinuationsEndTheConnection) {
    start();
    client->begin();
    std::string bytes = frame(NGHTTP2_HEADERS, 0, 1, client->block(TestClient::post("/echo")));
    for (int i = 0; i < 9; ++i)
        bytes += frame(NGHTTP2_CONTINUATION, 0, 1, "");
    client->send(bytes);
    expect_calm(Misuse::continuations);
}

TEST_F(H2ServerTest, AHpackBombEndsTheConnection) {
    start();
    client->begin();
    TestFields fields = TestClient::post("/echo");
    fields.emplace_back("x", std::string(3000, 'x'));
    client->send(client->head(1, fields, true));
    client->expect_closed(1);
    // The field is in the table now: one byte for each time it is said again.
    std::string bomb = client->block(TestClient::post("/echo")) + std::string(100, '\xbe');
    client->send(
        frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM | NGHTTP2_FLAG_END_HEADERS, 3, bomb));
    expect_calm(Misuse::header_list);
}

TEST_F(H2ServerTest, StreamsBeyondTheLimitAreRefused) {
    ServerOptions options;
    options.http2.max_streams = 2;
    start(options);
    client->begin();
    std::string bytes;
    for (int i = 0; i < 3; ++i)
        bytes += client->head(2 * i + 1, TestClient::post("/wait"), true);
    client->send(bytes);
    client->expect_reset(5);
    EXPECT_EQ(client->resets[5], static_cast<uint32_t>(NGHTTP2_REFUSED_STREAM));
    EXPECT_EQ(waiter.entered, 2);
    EXPECT_EQ(counters().refused, 1u);
}

TEST_F(H2ServerTest, AStalledStreamIsGivenUp) {
    ServerOptions options;
    options.stall_timeout = milliseconds(100);
    start(options);
    client->begin();
    client->send(client->head(1, TestClient::post("/hose"), true));
    client->expect_reset(1);
    EXPECT_EQ(misuse(Misuse::stalled), 1u);
    EXPECT_TRUE(hose.cancelled);
    client->send(client->head(3, TestClient::post("/echo"), false));
    client->expect_closed(3);
    EXPECT_EQ(field(client->heads[3], ":status"), "408") << "a body that does not come";
}

TEST_F(H2ServerTest, AnIdleConnectionIsToldToGo) {
    ServerOptions options;
    options.idle_timeout = options.head_timeout = milliseconds(100);
    start(options);
    client->begin();
    client->send(client->head(1, TestClient::post("/echo"), true));
    EXPECT_EQ(client->expect_goaway(), NGHTTP2_NO_ERROR);
    EXPECT_TRUE(client->ended.contains(1));
    start(options);
    client->begin();
    EXPECT_EQ(client->expect_goaway(), NGHTTP2_NO_ERROR) << "one that asks nothing";
    start(options);
    client->begin();
    client->send(frame(NGHTTP2_HEADERS, 0, 1, client->block(TestClient::post("/echo"))));
    EXPECT_EQ(client->expect_goaway(), NGHTTP2_NO_ERROR) << "a head without an end";
}

TEST_F(H2ServerTest, DrainIsGracefulInTwoSteps) {
    start();
    client->begin();
    client->send(client->head(1, TestClient::post("/stream"), false));
    client->until([&] { return counters().streams == 1; });
    server->server->drain();
    client->until([&] { return client->count(NGHTTP2_PING) == 1; });
    ASSERT_EQ(client->goaways.size(), 1u);
    EXPECT_EQ(client->goaways[0].word(), 0x7fffffffu) << "a notice: what is on its way is heard";
    client->send(client->head(3, TestClient::post("/echo"), true));
    client->send(frame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, std::string(8, '\0')));
    client->until([&] { return client->goaways.size() == 2; });
    EXPECT_EQ(client->goaways[1].word(), 3u);
    client->send(client->head(5, TestClient::post("/wait"), true));
    client->expect_closed(3);
    client->send(TestClient::data(1, "end", true));
    EXPECT_EQ(client->expect_goaway(), NGHTTP2_NO_ERROR);
    EXPECT_EQ(client->bodies[1], "end");
    EXPECT_EQ(waiter.entered, 0);
    EXPECT_TRUE(server->loop.until([&] { return server->server->counters().open == 0; }));
}

TEST_F(H2ServerTest, AnIdleConnectionDrainsWithoutAPing) {
    start();
    client->begin();
    client->until([&] { return client->count(NGHTTP2_SETTINGS) >= 2; });
    server->server->drain();
    EXPECT_EQ(client->expect_goaway(), NGHTTP2_NO_ERROR);
    EXPECT_EQ(client->goaways.size(), 2u);
}

TEST_F(H2ServerTest, ClosingCancelsWhatRuns) {
    start();
    client->begin();
    client->send(client->head(1, TestClient::post("/wait"), true));
    client->until([&] { return waiter.entered == 1; });
    server->server->close_all();
    EXPECT_EQ(waiter.cancelled, 1);
    server->loop.until([&] { return server->server->counters().open == 0; });
}

TEST_F(H2ServerTest, AConnectionTooManyIsToldSo) {
    ConnectionCount count;
    count.limit = 0;
    ServerOptions options;
    options.connections = &count;
    start(options);
    server->on("/over", [](Exchange& exchange) -> net::Task<void> {
        exchange.begin(exchange.over_limit() ? 503 : 200);
        co_await exchange.send("");
    });
    client->begin();
    client->send(client->head(1, TestClient::post("/over"), true));
    EXPECT_EQ(client->expect_goaway(), NGHTTP2_NO_ERROR);
    EXPECT_EQ(field(client->heads[1], ":status"), "503");
    server.reset();
}

TEST_F(H2ServerTest, OtherThanFramesEndsTheConnection) {
    start();
    client->send(std::string(TestClient::kPreface) + "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    client->until([&] { return client->peer.ended; });
    start();
    client->send("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n");
    client->until([&] { return client->peer.ended; });
    start();
    client->send("GET / HTTP/1.1\r\nhost: a\r\n\r\n" + std::string(TestClient::kPreface));
    client->peer.expect(server->loop, "HTTP/1.1 505");  // only at the beginning
    ServerOptions options;
    options.http2.enabled = false;
    start(options);
    client->send(TestClient::kPreface);
    client->peer.expect(server->loop, "HTTP/1.1 505");
}

}  // namespace
}  // namespace weir::http::h2
