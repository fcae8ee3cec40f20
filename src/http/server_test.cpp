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
    net::Offload offload(1);
    net::Resolver resolver(server.loop.worker, offload);
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

}  // namespace
}  // namespace weir::http
