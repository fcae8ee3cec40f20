// The server's side of HTTP/2: exchanges, flow control, drain.
#include <gmock/gmock.h>

#include "http/h2/test_server_session.h"

namespace weir::http::h2 {
namespace {

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

}  // namespace
}  // namespace weir::http::h2
