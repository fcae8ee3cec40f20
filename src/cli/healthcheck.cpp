#include <fmt/format.h>

#include "cli/options.h"
#include "http/client.h"
#include "net/listener.h"

namespace weir::cli {
namespace {

net::Task<void> ask(net::Worker& worker, http::ClientPool& pool, http::Origin origin,
                    net::TimePoint deadline, int& status, std::string& why) {
    struct Stop {
        net::Worker& worker;
        ~Stop() { worker.stop(); }
    } stop{worker};
    auto exchange = co_await pool.acquire(origin, deadline, nullptr);
    if (!exchange) {
        why = exchange.error().detail();
        co_return;
    }
    std::string head =
        fmt::format("GET /readyz HTTP/1.1\r\nhost: {}:{}\r\nconnection: close\r\n\r\n",
                    origin.target.host, origin.target.port);
    iovec piece{head.data(), head.size()};
    if (auto sent = co_await exchange->send({&piece, 1}, std::chrono::seconds(1)); !sent) {
        why = sent.error().detail();
        co_return;
    }
    auto answer = co_await exchange->read_head("GET", deadline);
    if (answer)
        status = (*answer)->status;
    else
        why = answer.error().detail();
}

}  // namespace

Exit healthcheck(const HealthOptions& options) {
    auto address = net::parse_listen_address(options.admin);
    if (!address) {
        fmt::print(stderr, "error: --admin: {}\n", address.error().detail());
        return Exit::usage;
    }
    net::Worker worker(0);
    net::Resolver resolver(worker);
    http::ClientPool pool(worker, resolver, {});
    std::string host = options.admin.substr(0, options.admin.rfind(':'));
    if (host.empty() || host == "*" || host == "0.0.0.0") host = "127.0.0.1";
    int status = 0;
    std::string why;
    auto deadline = std::chrono::steady_clock::now() + options.timeout;
    worker.tasks().spawn(ask(
        worker, pool, http::Origin{{host, address->port(), nullptr, {}}, "admin", options.admin},
        deadline, status, why));
    if (worker.tasks().running()) worker.run();
    if (status == 200) {
        fmt::print("ready\n");
        return Exit::done;
    }
    fmt::print(stderr, "not ready: {}\n",
               status ? fmt::format("the admin server answered {}", status) : why);
    return Exit::refused;
}

}  // namespace weir::cli
