// Clients of HTTP/2 that ask too much, too often or nothing.
#include <gmock/gmock.h>

#include "http/h2/test_server_session.h"

namespace weir::http::h2 {
namespace {

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

TEST_F(H2ServerTest, ASilentClientIsPingedAndThenGivenUp) {
    ServerOptions options;
    options.http2.keepalive = {.interval = milliseconds(50), .timeout = milliseconds(100)};
    start(options);
    client->begin();
    client->send(client->head(1, TestClient::post("/wait"), true));
    client->until([&] { return client->count(NGHTTP2_PING) == 1; });
    const std::string payload(std::begin(Keepalive::kPayload), std::end(Keepalive::kPayload));
    client->send(frame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, payload));
    client->until([&] { return client->count(NGHTTP2_PING) == 2; });
    EXPECT_EQ(waiter.cancelled, 0) << "it has answered the first";
    EXPECT_TRUE(server->loop.until([&] { return counters().open == 0; }));
    EXPECT_EQ(counters().pings_lost, 1u);
    EXPECT_EQ(waiter.cancelled, 1);
}

TEST_F(H2ServerTest, AnAnswerToKeepaliveDoesNotHastenADrain) {
    ServerOptions options;
    options.http2.keepalive = {.interval = milliseconds(50)};
    start(options);
    client->begin();
    client->send(client->head(1, TestClient::post("/wait"), true));
    client->until([&] { return client->count(NGHTTP2_PING) == 1; });
    server->server->drain();
    const std::string payload(std::begin(Keepalive::kPayload), std::end(Keepalive::kPayload));
    client->send(frame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, payload));
    client->send(client->head(3, TestClient::post("/ignore"), true));
    client->expect_closed(3);
    EXPECT_EQ(field(client->heads[3], ":status"), "204") << "it was sent before the last GOAWAY";
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
