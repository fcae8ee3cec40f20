/// For tests of issuers: answers from a list, and remembers what was asked. Only *_test.cpp files
/// include this.
#pragma once
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "credential/http_caller.h"
#include "credential/token_source.h"
#include "net/test_loop.h"

namespace weir::credential {

class FakeHttp final : public HttpCaller {
public:
    net::Task<Result<HttpReply>> call(HttpCall call) override {
        calls.push_back(std::move(call));
        if (answers.empty()) co_return fail(codes::upstream_connect, "nobody there");
        HttpReply reply;
        reply.status = answers.front().first;
        reply.body = Secret(answers.front().second);
        answers.pop_front();
        co_return reply;
    }
    std::string header(std::size_t call, std::string_view name) const {
        for (const auto& [n, v] : calls.at(call).headers)
            if (n == name) return std::string(v.reveal());
        return "-";
    }
    std::string body(std::size_t call) const { return std::string(calls.at(call).body.reveal()); }
    std::deque<std::pair<int, std::string>> answers;
    std::vector<HttpCall> calls;
};

struct FakeIssuing {
    static constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};
    net::TestLoop loop;
    FakeHttp http;
    Result<Issued> fetch(Issuer& issuer) { return loop.run(issuer.fetch(http, kNow)); }
};

}  // namespace weir::credential
