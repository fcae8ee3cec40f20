// The mock over sockets: timing and faults as a client sees them.
#include "mock/provider.h"

#include <gtest/gtest.h>

#include "http/client.h"
#include "net/test_loop.h"

namespace weir::mock {
namespace {

using namespace std::chrono_literals;

class MockServerTest : public ::testing::Test {
protected:
    MockServerTest() {
        auto sockets = net::ListenSockets::open(*net::parse_address("127.0.0.1", 0), 1);
        EXPECT_TRUE(sockets);
        address_ = sockets->address();
        server_.listen(sockets->take(0));
    }
    ~MockServerTest() override {
        server_.close();
        loop_.until([&] { return loop_.worker.tasks().running() == 0; });
    }

    net::Peer post(std::string_view headers, std::string_view more = "",
                   std::string_view path = "/v1/chat/completions") {
        net::Peer peer = net::Peer::connect(address_);
        std::string body = fmt::format(
            R"({{"model":"m","max_tokens":50,"messages":[{{"role":"user","content":"hi"}}]{}}})",
            more);
        peer.send(loop_,
                  fmt::format("POST {} HTTP/1.1\r\nhost: mock\r\n{}content-length: {}\r\n\r\n{}",
                              path, headers, body.size(), body));
        return peer;
    }
    static constexpr std::string_view kStream = R"(,"stream":true)";

    net::TestLoop loop_;
    MockServer server_{loop_.worker, std::make_shared<const Script>()};
    net::Address address_;
};

TEST_F(MockServerTest, AnswersWholeAndStreamedOnOneConnection) {
    net::Peer peer = post("");
    peer.expect(loop_, "you said \\\"hi\\\"");
    EXPECT_TRUE(peer.received.starts_with("HTTP/1.1 200 OK\r\n")) << peer.received;
    EXPECT_EQ(peer.count("x-request-id: req_mock_"), 1U);
    peer.received.clear();
    std::string body =
        R"({"model":"m","stream":true,"messages":[{"role":"user","content":"again"}]})";
    peer.send(loop_,
              fmt::format(
                  "POST /v1/chat/completions HTTP/1.1\r\nhost: mock\r\ncontent-length: {}\r\n\r\n{}"
                  "GET /v1/models HTTP/1.1\r\nhost: mock\r\n\r\n",
                  body.size(), body));
    peer.expect(loop_, "mock-large");
    EXPECT_EQ(peer.count("[DONE]"), 1U);
}

TEST_F(MockServerTest, StreamEndsProperly) {
    net::Peer peer = post("", kStream);
    peer.expect(loop_, "data: [DONE]\n\n\r\n0\r\n\r\n");
    EXPECT_EQ(peer.count("text/event-stream"), 1U);
}

TEST_F(MockServerTest, StatusHasTheDialectsShape) {
    net::Peer openai = post("x-mock-status: 429\r\nx-mock-retry-after: 7\r\n");
    openai.expect(loop_, R"("code":"rate_limit_exceeded")");
    EXPECT_EQ(openai.count("HTTP/1.1 429 "), 1U);
    EXPECT_EQ(openai.count("retry-after: 7\r\n"), 1U);
    net::Peer anthropic = post("x-mock-status: 529\r\n", "", "/v1/messages");
    anthropic.expect(loop_, R"({"type":"error","error":{"type":"overloaded_error")");
    net::Peer bedrock = post("x-mock-status: 400\r\n", "", "/model/m/converse");
    bedrock.expect(loop_, R"("__type":"ValidationException")");
    EXPECT_EQ(bedrock.count("x-amzn-errortype: ValidationException\r\n"), 1U);
    post("", "", "/v1/nothing").expect(loop_, "HTTP/1.1 404 ");
    post("x-mock-delay-ms: soon\r\n").expect(loop_, "x-mock-delay-ms: expected milliseconds");
}

TEST_F(MockServerTest, DelayAndPaceTakeTheirTime) {
    auto begun = std::chrono::steady_clock::now();
    post("x-mock-delay-ms: 60\r\n").expect(loop_, "HTTP/1.1 200");
    EXPECT_GE(std::chrono::steady_clock::now() - begun, 60ms);
    begun = std::chrono::steady_clock::now();
    net::Peer peer = post("x-mock-pace-ms: 5\r\nx-mock-events: 10\r\n", kStream);
    peer.expect(loop_, "[DONE]");
    EXPECT_GE(std::chrono::steady_clock::now() - begun, 60ms) << "13 events, 12 pauses";
    EXPECT_EQ(peer.count("data: "), 13U);
}

TEST_F(MockServerTest, CutIsAnEndWithoutTheLastChunk) {
    net::Peer peer = post("x-mock-cut-after: 3\r\n", kStream);
    peer.expect_end(loop_);
    EXPECT_FALSE(peer.reset);
    EXPECT_EQ(peer.count("data: "), 3U);
    EXPECT_EQ(peer.count("\r\n0\r\n\r\n"), 0U);
}

TEST_F(MockServerTest, ResetIsAReset) {
    net::Peer peer = post("x-mock-reset-after: 2\r\n", kStream);
    peer.expect_end(loop_);
    EXPECT_TRUE(peer.reset);
    net::Peer whole = post("x-mock-reset-after: 10\r\n");
    whole.expect_end(loop_);
    EXPECT_TRUE(whole.reset);
}

TEST_F(MockServerTest, NoTerminalErrorAndGarbageEndCleanly) {
    net::Peer bare = post("x-mock-no-terminal: true\r\n", kStream);
    bare.expect(loop_, "\r\n0\r\n\r\n");
    EXPECT_EQ(bare.count("[DONE]"), 0U);
    EXPECT_EQ(bare.count(R"("finish_reason":"stop")"), 1U);
    net::Peer error = post("x-mock-error-after: 2\r\n", kStream, "/v1/messages");
    error.expect(loop_, "\r\n0\r\n\r\n");
    EXPECT_EQ(error.count("event: error\n"), 1U);
    EXPECT_EQ(error.count("message_stop"), 0U);
    net::Peer garbage = post("x-mock-garbage: 1\r\n", kStream);
    garbage.expect(loop_, "this is {no event");
    post("x-mock-garbage: head\r\n").expect(loop_, "this is no HTTP");
}

TEST_F(MockServerTest, AStallEndsWhenTheClientLeaves) {
    net::Peer peer = post("x-mock-stall-after: 2\r\n", kStream);
    peer.expect(loop_, "data: ", 2);
    EXPECT_EQ(server_.server().counters().active, 1U);
    peer.close();
    loop_.until([&] { return server_.server().counters().active == 0; });
}

TEST_F(MockServerTest, HugeAnswersHaveTheirSize) {
    net::Peer whole = post("x-mock-body-bytes: 3000000\r\n");
    whole.expect(loop_, R"("finish_reason":"stop")");
    EXPECT_GT(whole.received.size(), 3'000'000U);
    net::Peer stream = post("x-mock-body-bytes: 3000000\r\n", kStream, "/model/m/converse-stream");
    stream.expect(loop_, "totalTokens");
    EXPECT_GT(stream.received.size(), 3'000'000U);
}

TEST_F(MockServerTest, SlowReadTakesItsTime) {
    auto begun = std::chrono::steady_clock::now();
    post("x-mock-slow-read: 1000\r\n").expect(loop_, "HTTP/1.1 200");
    EXPECT_GE(std::chrono::steady_clock::now() - begun, 50ms);
}

net::Task<void> fetch(http::ClientPool& pool, http::Origin origin, std::string request,
                      std::string& out) {
    net::CancelSource cancel;
    auto deadline = net::in(20s);
    auto exchange = co_await pool.acquire(origin, deadline, &cancel);
    if (!exchange) {
        out = exchange.error().to_string();
        co_return;
    }
    iovec piece{request.data(), request.size()};
    (void)co_await exchange->send({&piece, 1}, 20s);
    auto head = co_await exchange->read_head("POST", deadline);
    if (!head) {
        out = head.error().to_string();
        co_return;
    }
    while (true) {
        auto body = co_await exchange->read_body(deadline);
        if (!body) {
            out = body.error().to_string();
            co_return;
        }
        if (body->empty()) break;
        out.append(*body);
    }
    exchange->release();
}

TEST_F(MockServerTest, OurClientReadsItAndKeepsTheConnection) {
    net::Resolver resolver(loop_.worker);
    http::ClientPool pool(loop_.worker, resolver, {});
    http::Origin origin{{"127.0.0.1", address_.port(), nullptr, ""}, "mock"};
    std::string body = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]})";
    for (int i = 0; i < 3; ++i) {
        std::string got;
        loop_.run(fetch(
            pool, origin,
            fmt::format(
                "POST /v1/chat/completions HTTP/1.1\r\nhost: mock\r\ncontent-length: {}\r\n\r\n{}",
                body.size(), body),
            got));
        EXPECT_TRUE(got.ends_with("data: [DONE]\n\n")) << got;
    }
    EXPECT_EQ(pool.counters().dialled, 1U);
    EXPECT_EQ(pool.counters().reused, 2U);
    pool.close_idle();
}

}  // namespace
}  // namespace weir::mock
