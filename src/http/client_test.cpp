#include "http/client.h"

#include <gmock/gmock.h>

#include "net/test_loop.h"

namespace weir::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

struct Answer {
    int status = 0;
    std::string body;
    std::string trailers;
    std::string error;  // code, if it failed
    bool reused = false;
    bool untouched = false;
    bool ended = false;
};

struct ClientTest : testing::Test {
    net::TestLoop loop;
    net::Resolver resolver{loop.worker};
    ClientPool::Options options;
    std::unique_ptr<ClientPool> pool;
    net::RawListener provider;
    net::TaskScope scope;
    net::Duration first_byte = seconds(20);
    net::Duration idle = seconds(20);

    ClientTest() { make(); }
    ~ClientTest() override { pool.reset(); }
    void make() {
        pool.reset();
        pool = std::make_unique<ClientPool>(loop.worker, resolver, options);
    }
    Origin origin() { return {{"127.0.0.1", provider.port(), nullptr, ""}, "key"}; }

    static net::Task<Result<void>> exchange(ClientTest& t, std::string method, std::string body,
                                            Answer& out, bool release, net::CancelSource* cancel) {
        Origin origin = t.origin();
        WEIR_CO_TRY(ClientExchange e,
                    co_await t.pool->acquire(origin, net::in(seconds(20)), cancel));
        out.reused = e.reused();
        std::string head =
            method + " / HTTP/1.1\r\nhost: a\r\ncontent-length: " + std::to_string(body.size()) +
            "\r\n\r\n";
        iovec pieces[2] = {{head.data(), head.size()}, {body.data(), body.size()}};
        WEIR_CO_CHECK(co_await e.send(pieces, seconds(20)));
        auto answer = co_await e.read_head(method, net::in(t.first_byte));
        out.untouched = e.untouched();
        if (!answer) co_return std::unexpected(answer.error());
        out.status = (*answer)->status;
        while (true) {
            WEIR_CO_TRY(std::string_view piece, co_await e.read_body(net::in(t.idle)));
            if (piece.empty()) break;
            out.body += piece;
        }
        out.trailers = e.trailers();
        if (release) e.release();
        co_return Result<void>();
    }
    static net::Task<void> watch(net::Task<Result<void>> task, Answer& out) {
        try {
            auto result = co_await std::move(task);
            if (!result) out.error = result.error().code().name;
        } catch (const net::Cancelled&) {
            out.error = "cancelled";
        }
        out.ended = true;
    }
    void start(Answer& out, std::string body = "", bool release = true,
               net::CancelSource* cancel = nullptr, std::string method = "POST") {
        scope.spawn(
            watch(exchange(*this, std::move(method), std::move(body), out, release, cancel), out));
    }
    /// One exchange: the provider says `text`, then (maybe) ends.
    Answer once(net::Peer& peer, std::string_view text, bool finish = false,
                std::string method = "POST") {
        Answer out;
        peer.received.clear();
        start(out, "hello", true, nullptr, std::move(method));
        if (peer.fd() < 0) peer = provider.accept(loop);
        peer.expect(loop, "\r\n\r\nhello");
        peer.send(loop, text);
        if (finish) peer.finish();
        loop.until([&] { return out.ended; });
        return out;
    }
};

const std::string kOk = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

TEST_F(ClientTest, ConnectionIsReusedAndOwnsNoBufferWhenIdle) {
    net::Peer peer;
    for (int i = 0; i < 3; ++i) {
        Answer answer = once(peer, i == 1 ? "HTTP/1.1 200 OK\r\ntransfer-encoding: "
                                            "chunked\r\n\r\n2\r\nok\r\n0\r\nx: y\r\n\r\n"
                                          : kOk);
        EXPECT_EQ(answer.status, 200) << answer.error;
        EXPECT_EQ(answer.body, "ok");
        EXPECT_EQ(answer.reused, i > 0);
        EXPECT_EQ(answer.trailers, i == 1 ? "x: y\r\n" : "");
        EXPECT_EQ(loop.worker.blocks().lent(), 0u);
    }
    EXPECT_EQ(pool->counters().dialled, 1u);
    EXPECT_EQ(pool->counters().reused, 2u);
    EXPECT_EQ(pool->counters().idle, 1u);
    EXPECT_EQ(pool->counters().open, 1u);
    pool->close_idle();
    EXPECT_EQ(pool->counters().open, 0u);
    peer.expect_end(loop);
}

TEST_F(ClientTest, AnswersAreReadHoweverTheyAreCut) {
    for (std::string text :
         {kOk,
          std::string(
              "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n"),
          "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + kOk}) {
        net::Peer peer;
        Answer out;
        start(out, "hello");
        peer = provider.accept(loop);
        peer.expect(loop, "hello");
        for (char c : text) {
            peer.send(loop, {&c, 1});
            loop.turn();
        }
        loop.until([&] { return out.ended; });
        EXPECT_EQ(out.body, "ok") << out.error;
        EXPECT_EQ(out.status, 200);
        pool->close_idle();
    }
}

TEST_F(ClientTest, WhatEndsAConnectionForReuse) {
    for (auto [text, finish] :
         {std::pair<std::string, bool>{
              "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok", false},
          {"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", false},
          {"HTTP/1.1 200 OK\r\n\r\nok", true},
          {kOk + "more", false},
          {kOk, true}}) {
        net::Peer peer;
        Answer answer = once(peer, text, finish);
        EXPECT_EQ(answer.body, "ok") << answer.error;
        loop.until([&] { return pool->counters().open == 0; });
        EXPECT_EQ(pool->counters().idle, 0u);
    }
}

TEST_F(ClientTest, UnreadBodyOrUnreleasedExchangeClosesTheConnection) {
    net::Peer peer;
    Answer answer;
    start(answer, "hello", false);
    peer = provider.accept(loop);
    peer.send(loop, kOk);
    loop.until([&] { return answer.ended; });
    EXPECT_EQ(pool->counters().open, 0u);
    peer.expect_end(loop);
}

TEST_F(ClientTest, PooledConnectionThatTheProviderClosesLeavesThePool) {
    for (int how = 0; how < 3; ++how) {
        net::Peer peer;
        EXPECT_EQ(once(peer, kOk).body, "ok");
        EXPECT_EQ(pool->counters().idle, 1u);
        if (how == 0) peer.finish();
        if (how == 1) peer.abort();
        if (how == 2) peer.send(loop, "HTTP/1.1 408 Request Timeout\r\n\r\n");
        loop.until([&] { return pool->counters().idle == 0; });
        EXPECT_EQ(pool->counters().open, 0u);
    }
}

TEST_F(ClientTest, IdleConnectionsExpireAndAreLimited) {
    options.idle_timeout = milliseconds(100);
    options.idle_per_origin = 1;
    make();
    Answer first, second;
    start(first, "a");
    net::Peer one = provider.accept(loop);
    start(second, "b");
    net::Peer two = provider.accept(loop);
    one.send(loop, kOk);
    two.send(loop, kOk);
    loop.until([&] { return first.ended && second.ended; });
    EXPECT_EQ(pool->counters().idle, 1u);
    loop.until([&] { return pool->counters().idle == 0; });
    EXPECT_EQ(pool->counters().open, 0u);
}

TEST_F(ClientTest, AnswersWithoutBody) {
    for (auto [text, method] : {std::pair<std::string, std::string>{
                                    "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", "HEAD"},
                                {"HTTP/1.1 204 No Content\r\n\r\n", "POST"},
                                {"HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n", "POST"},
                                {"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "POST"}}) {
        net::Peer peer;
        Answer answer = once(peer, text, false, method);
        EXPECT_EQ(answer.error, "") << text;
        EXPECT_EQ(answer.body, "");
        EXPECT_EQ(pool->counters().idle, 1u) << text;
        pool->close_idle();
    }
}

TEST_F(ClientTest, BrokenAnswers) {
    for (auto [text, error] :
         {std::pair<std::string, const char*>{"", "upstream.reset"},
          {"HTTP/1.1 200 OK\r\ncontent-le", "upstream.reset"},
          {"HTTP/1.1 100 Continue\r\n\r\n", "upstream.reset"},
          {"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok", "upstream.truncated"},
          {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok", "upstream.truncated"},
          {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n",
           "upstream.truncated"},
          {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n",
           "upstream.truncated"},
          {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "upstream.protocol"},
          {"HTTP/1.1 101 Switching Protocols\r\n\r\n", "upstream.protocol"},
          {"SSH-2.0-OpenSSH\r\n\r\n", "upstream.protocol"},
          {"HTTP/1.1 200 OK\r\nx: " + std::string(70000, 'y') + "\r\n\r\n", "upstream.protocol"}}) {
        net::Peer peer;
        Answer answer = once(peer, text, true);
        EXPECT_EQ(answer.error, error) << text.substr(0, 100);
        EXPECT_EQ(answer.untouched, text.empty());
        EXPECT_EQ(pool->counters().open, 0u);
        EXPECT_EQ(loop.worker.blocks().lent(), 0u);
    }
}

TEST_F(ClientTest, ResetInTheBody) {
    net::Peer peer;
    Answer out;
    start(out, "hello");
    peer = provider.accept(loop);
    peer.expect(loop, "hello");
    peer.send(loop, "HTTP/1.1 200 OK\r\n\r\npartial");
    loop.until([&] { return out.body == "partial"; });
    peer.abort();
    loop.until([&] { return out.ended; });
    EXPECT_EQ(out.error, "upstream.reset");
}

TEST_F(ClientTest, TimeLimits) {
    first_byte = milliseconds(100);
    net::Peer silent;
    EXPECT_EQ(once(silent, "").error, "upstream.first_byte_timeout");
    net::Peer half;
    EXPECT_EQ(once(half, "HTTP/1.1 200").error, "upstream.first_byte_timeout");
    first_byte = seconds(20);
    idle = milliseconds(100);
    net::Peer stalled;
    EXPECT_EQ(once(stalled, "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok").error,
              "upstream.idle_timeout");
}

TEST_F(ClientTest, CancelClosesTheConnection) {
    net::CancelSource cancel;
    Answer out;
    start(out, "hello", true, &cancel);
    net::Peer peer = provider.accept(loop);
    peer.expect(loop, "hello");
    cancel.cancel();
    EXPECT_EQ(out.error, "cancelled");
    EXPECT_EQ(pool->counters().open, 0u);
    peer.expect_end(loop);
}

TEST_F(ClientTest, LargeAnswerGoesThroughOneBuffer) {
    net::Peer peer;
    std::string body(5 << 20, 'b');
    Answer out;
    start(out, "hello");
    peer = provider.accept(loop);
    peer.send(loop, "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(body.size()) +
                        "\r\n\r\n" + body);
    loop.until([&] { return out.ended; });
    EXPECT_TRUE(out.body == body);
    EXPECT_EQ(pool->counters().idle, 1u);
}

// The provider refuses a large request without reading it: its answer is what counts, whether it
// then closes, resets or leaves the connection open.
TEST_F(ClientTest, EarlyRefusalOfALargeRequest) {
    for (int how = 0; how < 3; ++how) {
        Answer out;
        start(out, std::string(32 << 20, 'x'));
        net::Peer peer = provider.accept(loop);
        peer.send(loop, "HTTP/1.1 413 Content Too Large\r\ncontent-length: 2\r\n\r\nno");
        if (how == 1) peer.finish();
        loop.until([&] { return out.ended; });
        EXPECT_EQ(out.status, 413) << how << out.error;
        EXPECT_EQ(out.body, "no");
        EXPECT_EQ(pool->counters().open, 0u);
        if (how == 2) peer.abort();
    }
}

// 1xx, and an answer that begins while the request is still being read, do not stop it.
TEST_F(ClientTest, EarlyAnswerToARequestThatIsStillRead) {
    for (std::string early :
         {"HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"}) {
        Answer out;
        std::string body(16 << 20, 'x');
        start(out, body);
        net::Peer peer = provider.accept(loop);
        peer.send(loop, early);
        std::size_t got = 0;
        loop.until([&] {
            while (peer.receive()) {
                got += peer.received.size();
                peer.received.clear();
            }
            return got > body.size();
        });
        peer.send(loop, early.find("100") != std::string::npos ? kOk : "ok");
        loop.until([&] { return out.ended; });
        EXPECT_EQ(out.status, 200) << out.error;
        EXPECT_EQ(out.body, "ok");
        EXPECT_EQ(pool->counters().idle, 1u);
        pool->close_idle();
    }
}

TEST_F(ClientTest, RefusedConnection) {
    provider.close();
    Answer out;
    start(out);
    loop.until([&] { return out.ended; });
    EXPECT_EQ(out.error, "upstream.connect");
    EXPECT_EQ(pool->counters().failed, 1u);
}

TEST_F(ClientTest, PoolDestroyedWithIdleConnections) {
    net::Peer peer;
    once(peer, kOk);
    pool.reset();
    peer.expect_end(loop);
}

}  // namespace
}  // namespace weir::http
