#include "store/sentinel.h"

#include <fmt/format.h>

namespace weir::store {

net::Task<Result<RedisHost>> find_primary(Network network, const RedisAddress& address,
                                          net::TimePoint deadline, net::CancelSource& cancel) {
    Login login{.user = {}, .password = address.sentinel_password};
    std::string reasons;
    for (const RedisHost& sentinel : address.hosts) {
        auto until = std::min(deadline, std::chrono::steady_clock::now() + kSentinel);
        std::vector<std::string> words{"SENTINEL", "get-master-addr-by-name", address.primary};
        auto reply = co_await ask(network, sentinel, login, std::move(words), until, cancel);
        auto primary = reply ? read_primary(*reply) : std::unexpected(reply.error());
        if (primary) co_return primary;
        reasons += fmt::format("{}Sentinel {}: {}", reasons.empty() ? "" : "; ",
                               sentinel.to_string(), primary.error().detail());
    }
    co_return fail(codes::store_unavailable, std::move(reasons));
}

}  // namespace weir::store
