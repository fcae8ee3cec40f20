#include "http/h2/client_session.h"

#include <gmock/gmock.h>

#include "http/h2/test_client.h"
#include "http/test_server.h"

namespace weir::http::h2 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

struct Answer {
    int status = 0;
    std::string body;
    std::string trailers;
    std::string error;
    bool again = false;  ///< it may be sent again
    bool done = false;
};

iovec piece_of(std::string_view text) {
    return {const_cast<char*>(text.data()), text.size()};
}

/// One exchange from beginning to end, into `out`.
net::Task<void> ask(ClientPool& pool, const Origin& origin, std::string path, std::string body,
                    Answer& out, net::CancelSource* cancel = nullptr,
                    net::Duration patience = seconds(10)) {
    struct Done {
        Answer& out;
        ~Done() { out.done = true; }
    } done{out};
    auto failed = [&](const Error& error) { out.error = error.code().name; };
    auto exchange = co_await pool.acquire(origin, net::in(patience), cancel);
    if (!exchange) co_return failed(exchange.error());
    std::string head = "POST " + path + " HTTP/1.1\r\nHost: a\r\nX-Test: yes\r\ncontent-length: " +
                       std::to_string(body.size()) + "\r\n\r\n";
    std::array pieces{piece_of(head), piece_of(body)};
    auto sent = co_await exchange->send(pieces, patience);
    if (!sent) co_return failed(sent.error());
    auto answer = co_await exchange->read_head("POST", net::in(patience));
    if (!answer) {
        out.again = exchange->reused() && exchange->untouched();
        co_return failed(answer.error());
    }
    out.status = (*answer)->status;
    while (true) {
        auto piece = co_await exchange->read_body(net::in(patience));
        if (!piece) co_return failed(piece.error());
        if (piece->empty()) break;
        out.body += *piece;
    }
    out.trailers = exchange->trailers();
    exchange->release();
}

net::Task<void> echo(Exchange& exchange) {
    std::string test(exchange.request().headers.value("x-test"));
    auto body = co_await exchange.read_all();
    exchange.begin(200);
    exchange.header("x-test", test);
    co_await exchange.send(body ? *body : "");
}
net::Task<void> cut(Exchange& exchange) {
    exchange.begin(200);
    exchange.start_chunked();
    co_await exchange.write("half");
    exchange.abort();
}
net::Task<void> refuse(Exchange& exchange) {
    exchange.begin(413);
    co_await exchange.send("too large");
}

class H2ClientTest : public testing::Test {
protected:
    void start(ServerOptions options = {}) {
        server = std::make_unique<TestServer>(options);
        server->on("/echo", echo);
        server->on("/stream",
                   [](Exchange& exchange) { return stream_back(exchange, "x-end: yes\r\n"); });
        server->on("/cut", cut);
        server->on("/refuse", refuse);
        server->on("/wait", [this](Exchange& e) { return wait(server->loop.worker, e, *this); });
        use(server->loop, server->address.port());
    }
    /// A provider whose frames are written by hand.
    void start_by_hand() {
        own_loop = std::make_unique<net::TestLoop>();
        listener = std::make_unique<net::RawListener>();
        use(*own_loop, listener->port());
    }
    TestClient& accept() {
        providers.push_back(std::make_unique<TestClient>(*loop, listener->accept(*loop), 24));
        providers.back()->send(frame(NGHTTP2_SETTINGS, 0, 0, ""));
        return *providers.back();
    }
    void use(net::TestLoop& with, uint16_t port) {
        loop = &with;
        resolver = std::make_unique<net::Resolver>(loop->worker);
        pool = std::make_unique<ClientPool>(loop->worker, *resolver, ClientPool::Options{});
        origin = Origin{{"127.0.0.1", port, nullptr, ""}, "a"};
        origin.protocol = Protocol::http2;
    }
    void TearDown() override {
        tasks.destroy_all();
        pool.reset();
    }
    Answer run(std::string path, std::string body) {
        Answer out;
        loop->run(ask(*pool, origin, std::move(path), std::move(body), out));
        return out;
    }
    void spawn(std::string path, Answer& out, net::CancelSource* cancel = nullptr) {
        tasks.spawn(ask(*pool, origin, std::move(path), "x", out, cancel));
    }
    static net::Task<void> wait(net::Worker& worker, Exchange& exchange, H2ClientTest& self) {
        ++self.entered;
        Bell bell(worker);
        try {
            co_await bell.wait(self.release_at, &exchange.cancel());
        } catch (const net::Cancelled&) {
            ++self.cancelled;
            throw;
        }
        exchange.begin(200);
        co_await exchange.send("waited");
    }

    int entered = 0;
    int cancelled = 0;
    net::TimePoint release_at = net::kNever;
    std::unique_ptr<TestServer> server;
    std::unique_ptr<net::TestLoop> own_loop;
    std::unique_ptr<net::RawListener> listener;
    std::vector<std::unique_ptr<TestClient>> providers;
    net::TestLoop* loop = nullptr;
    std::unique_ptr<net::Resolver> resolver;
    std::unique_ptr<ClientPool> pool;
    Origin origin;
    net::TaskScope tasks;
};

TEST_F(H2ClientTest, OneConnectionCarriesManyExchanges) {
    start();
    for (int i = 0; i < 3; ++i) {
        Answer answer = run("/echo", "hello");
        EXPECT_EQ(answer.error, "");
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.body, "hello");
    }
    EXPECT_EQ(pool->counters().dialled, 1u);
    EXPECT_EQ(pool->counters().reused, 2u);
    EXPECT_EQ(server->server->counters().http2.streams, 3u);
}

TEST_F(H2ClientTest, ExchangesAtOnceShareItToo) {
    start();
    std::vector<Answer> answers(20);
    release_at = net::in(milliseconds(100));
    for (auto& answer : answers)
        spawn("/wait", answer);
    loop->until([&] { return std::ranges::all_of(answers, &Answer::done); });
    for (const auto& answer : answers)
        EXPECT_EQ(answer.body, "waited") << answer.error;
    EXPECT_EQ(pool->counters().dialled, 1u) << "all but one waited for the first one's dial";
    EXPECT_EQ(pool->counters().http2.open, 1u);
}

TEST_F(H2ClientTest, MoreThanTheProviderTakesGoOverAnotherConnection) {
    ServerOptions options;
    options.http2.max_streams = 2;
    start(options);
    EXPECT_EQ(run("/echo", "settings are known now").status, 200);
    std::vector<Answer> answers(6);
    release_at = net::in(milliseconds(200));
    for (auto& answer : answers)
        spawn("/wait", answer);
    loop->until([&] { return std::ranges::all_of(answers, &Answer::done); });
    for (const auto& answer : answers)
        EXPECT_EQ(answer.body, "waited") << answer.error;
    EXPECT_GE(pool->counters().dialled, 3u);
}

TEST_F(H2ClientTest, BodiesLargerThanTheWindowsPassBothWays) {
    start();
    std::string body;
    for (int i = 0; i < 300'000; ++i)
        body += std::to_string(i);
    Answer answer = run("/echo", body);
    EXPECT_EQ(answer.error, "");
    EXPECT_TRUE(answer.body == body);
    EXPECT_EQ(run("/stream", "x").trailers, "x-end: yes\r\n");
}

net::Task<void> upload(ClientPool& pool, Origin origin, RequestBody kind, Answer& out) {
    auto exchange = co_await pool.acquire(origin, net::in(seconds(5)), nullptr);
    if (!exchange) co_return;
    std::string head = "POST /stream HTTP/1.1\r\nhost: a\r\n";
    head += kind == RequestBody::chunked ? "transfer-encoding: chunked\r\n\r\n"
                                         : "content-length: 6\r\n\r\n";
    iovec piece = piece_of(head);
    (void)co_await exchange->send({&piece, 1}, seconds(5), kind);
    for (std::string_view part : {"one", "two"}) {
        piece = piece_of(part);
        (void)co_await exchange->send_more({&piece, 1}, seconds(5));
    }
    (void)co_await exchange->send_end(seconds(5));
    auto answer = co_await exchange->read_head("POST", net::in(seconds(5)));
    if (!answer) co_return;
    while (true) {
        auto got = co_await exchange->read_body(net::in(seconds(5)));
        if (!got || got->empty()) break;
        out.body += *got;
    }
    exchange->release();
}

TEST_F(H2ClientTest, ARequestMayBeSentInPieces) {
    start();
    for (Protocol protocol : {Protocol::http2, Protocol::http1}) {
        origin.protocol = protocol;
        origin.key = protocol == Protocol::http2 ? "2" : "1";
        for (RequestBody kind : {RequestBody::length, RequestBody::chunked}) {
            Answer answer;
            loop->run(upload(*pool, origin, kind, answer));
            EXPECT_EQ(answer.body, "onetwo");
        }
    }
}

TEST_F(H2ClientTest, WhatIsGivenUpIsTakenBack) {
    start();
    Answer answer;
    Answer other;
    net::CancelSource cancel;
    spawn("/wait", answer, &cancel);
    spawn("/wait", other);
    loop->until([&] { return entered == 2; });
    cancel.cancel();
    EXPECT_TRUE(answer.done);
    loop->until([&] { return cancelled == 1; });
    EXPECT_FALSE(other.done) << "the connection goes on";
    EXPECT_EQ(run("/echo", "x").body, "x");
    EXPECT_EQ(pool->counters().dialled, 1u);
    tasks.destroy_all();  // before what they write to goes
}

TEST_F(H2ClientTest, ACutAnswerDoesNotLookWhole) {
    start();
    Answer answer = run("/cut", "");
    EXPECT_EQ(answer.body, "half");
    EXPECT_EQ(answer.error, "upstream.truncated");
}

TEST_F(H2ClientTest, ARefusalBeforeTheBodyHasGoneIsRead) {
    start();
    Answer answer = run("/refuse", std::string(1 << 20, 'x'));
    EXPECT_EQ(answer.status, 413);
    EXPECT_EQ(answer.body, "too large");
}

TEST_F(H2ClientTest, AProviderThatDrainsFinishesWhatItHas) {
    start();
    release_at = net::in(milliseconds(150));
    Answer answer;
    spawn("/wait", answer);
    loop->until([&] { return entered == 1; });
    server->server->drain();
    loop->until([&] { return answer.done; });
    EXPECT_EQ(answer.body, "waited") << answer.error;
    EXPECT_GE(pool->counters().http2.goaways, 1u);
    loop->until([&] { return pool->counters().open == 0; });
}

TEST_F(H2ClientTest, AStreamThatWasNotLookedAtMayBeSentAgain) {
    start_by_hand();
    Answer refused;
    Answer beyond;
    Answer seen;
    spawn("/a", refused);
    TestClient& provider = accept();
    provider.until([&] { return provider.heads.contains(1); });
    spawn("/b", seen);
    spawn("/c", beyond);
    provider.until([&] { return provider.heads.contains(5); });
    provider.send(TestClient::reset(1, NGHTTP2_REFUSED_STREAM));
    loop->until([&] { return refused.done; });
    EXPECT_TRUE(refused.again);
    EXPECT_EQ(refused.error, "upstream.reset");
    provider.send(frame(NGHTTP2_GOAWAY, 0, 0, big_endian(3, 4) + big_endian(0, 4)));
    loop->until([&] { return beyond.done; });
    EXPECT_TRUE(beyond.again);
    EXPECT_FALSE(seen.done) << "it is below the last stream";
    provider.send(provider.head(3, {{":status", "200"}}, true));
    loop->until([&] { return seen.done; });
    EXPECT_EQ(seen.status, 200);
    Answer next;
    spawn("/d", next);
    TestClient& other = accept();
    other.until([&] { return other.heads.contains(1); });
    tasks.destroy_all();  // before what they write to goes
}

TEST_F(H2ClientTest, AConnectionThatBreaksEndsItsStreams) {
    start_by_hand();
    Answer first;
    Answer second;
    spawn("/a", first);
    TestClient& provider = accept();
    provider.until([&] { return provider.heads.contains(1); });
    spawn("/b", second);
    provider.until([&] { return provider.heads.contains(3); });
    provider.send(provider.head(1, {{":status", "200"}}, false) + TestClient::data(1, "x", false));
    loop->until([&] { return first.body == "x"; });
    provider.peer.abort();
    loop->until([&] { return first.done && second.done; });
    EXPECT_EQ(first.error, "upstream.truncated");
    EXPECT_EQ(second.error, "upstream.reset");
    EXPECT_TRUE(second.again) << "as a pooled connection that has died";
}

TEST_F(H2ClientTest, ASilentProviderIsPinged) {
    start_by_hand();
    origin.http2.keepalive = {.interval = milliseconds(50), .timeout = milliseconds(100)};
    Answer answer;
    spawn("/a", answer);
    TestClient& provider = accept();
    provider.until([&] { return provider.count(NGHTTP2_PING) == 1; });
    provider.send(frame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, std::string(8, '\0')));
    provider.until([&] { return provider.count(NGHTTP2_PING) == 2; });
    EXPECT_FALSE(answer.done);
    loop->until([&] { return answer.done; });
    EXPECT_EQ(answer.error, "upstream.reset");
    EXPECT_EQ(pool->counters().http2.pings_lost, 1u);
}

TEST_F(H2ClientTest, AStreamAfterALongSilenceIsPrecededByAPing) {
    start_by_hand();
    origin.http2.keepalive = {
        .interval = {}, .timeout = milliseconds(100), .idle = std::chrono::nanoseconds(1)};
    Answer first, second;
    spawn("/a", first);
    TestClient& provider = accept();
    provider.until([&] { return provider.ended.contains(1); });
    provider.send(provider.head(1, {{":status", "204"}}, true));
    loop->until([&] { return first.done; });
    EXPECT_EQ(provider.count(NGHTTP2_PING), 0u);
    spawn("/b", second);
    provider.until([&] { return provider.ended.contains(3); });
    EXPECT_EQ(provider.count(NGHTTP2_PING), 1u);
    loop->until([&] { return second.done; });
    EXPECT_EQ(second.error, "upstream.reset") << "the connection was dead";
    EXPECT_TRUE(second.again) << "as a pooled connection that has died";
    EXPECT_EQ(pool->counters().http2.pings_lost, 1u);
}

TEST_F(H2ClientTest, AnswersOfSeveralPartsAndNone) {
    start_by_hand();
    Answer answer;
    spawn("/a", answer);
    TestClient& provider = accept();
    provider.until([&] { return provider.ended.contains(1); });
    EXPECT_THAT(provider.heads[1], testing::Contains(testing::Pair("x-test", "yes")));
    EXPECT_THAT(provider.heads[1], testing::Contains(testing::Pair(":authority", "a")));
    EXPECT_EQ(provider.bodies[1], "x");
    provider.send(provider.head(1, {{":status", "103"}, {"link", "x"}}, false));
    provider.send(provider.head(1, {{":status", "204"}}, true));
    loop->until([&] { return answer.done; });
    EXPECT_EQ(answer.status, 204);
    EXPECT_EQ(answer.error, "");
    Answer wrong;
    spawn("/b", wrong);
    provider.until([&] { return provider.ended.contains(3); });
    provider.send(provider.head(3, {{":status", "200"}, {"content-length", "3"}}, false) +
                  TestClient::data(3, "ab", true));
    loop->until([&] { return wrong.done; });
    EXPECT_EQ(wrong.error, "upstream.protocol");
}

TEST_F(H2ClientTest, AProviderThatFloodsIsLeft) {
    start_by_hand();
    Answer answer;
    spawn("/a", answer);
    TestClient& provider = accept();
    std::string bytes;
    for (int i = 0; i < 200; ++i)
        bytes += frame(NGHTTP2_PING, 0, 0, "12345678");
    provider.send(bytes);
    loop->until([&] { return answer.done; });
    EXPECT_EQ(answer.error, "upstream.reset");
    EXPECT_EQ(pool->counters().http2.misuse, 1u);
}

TEST_F(H2ClientTest, WhoWaitsForADialHearsOfItsFailure) {
    start_by_hand();
    listener->close();
    std::vector<Answer> answers(3);
    for (auto& answer : answers)
        spawn("/a", answer);
    loop->until([&] { return std::ranges::all_of(answers, &Answer::done); });
    for (const auto& answer : answers)
        EXPECT_EQ(answer.error, "upstream.connect");
    EXPECT_LE(pool->counters().failed, 3u);
}

TEST_F(H2ClientTest, AConnectionIsUsedAsOftenAndAsLongAsItsOriginAllows) {
    start();
    origin.max_exchanges = 2;
    for (int i = 0; i < 4; ++i)
        EXPECT_EQ(run("/echo", "x").body, "x");
    EXPECT_EQ(pool->counters().dialled, 2u);
    origin.max_exchanges = 0;
    origin.key = "aged";
    origin.max_age = milliseconds(1);
    EXPECT_EQ(run("/echo", "x").body, "x");
    loop->until([&] { return pool->counters().http2.open == 0; });
    origin.key = "idle";
    origin.max_age = {};
    origin.idle = milliseconds(50);
    EXPECT_EQ(run("/echo", "x").body, "x");
    loop->until([&] { return pool->counters().http2.open == 0; });
}

}  // namespace
}  // namespace weir::http::h2
