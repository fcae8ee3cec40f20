/// Two attempts side by side, of which the first with something to say wins (hedge.cpp).
///
/// Each runs as a task of the race's scope, waits on its own CancelSource and rings when it has got
/// somewhere; the exchange waits for that, for its clock, or for its client to leave. Destroying a
/// Race cancels what still runs: connections are closed, so that providers stop at once. Threads:
/// its worker's.
#pragma once
#include <array>
#include <optional>

#include "net/signal.h"
#include "net/task_scope.h"
#include "proxy/attempt_run.h"

namespace weir::proxy {

struct Contestant {
    AttemptRun run;
    net::CancelSource cancel;
    net::TimePoint begun{};
    bool running = false;
    std::optional<Result<void>> outcome;  ///< once it has content, or a head if that is enough
    dialect::Usage usage;                 ///< as reported so far
    http::ResponseHead kept;  ///< the answer's head, for the connection's ends with its body
    std::string kept_text;
    void keep_head();
};

struct Race {
    explicit Race(net::Worker& worker) : news(worker) {}
    ~Race() {
        for (Contestant& one : two)
            one.cancel.cancel();
    }
    Race(const Race&) = delete;
    Race& operator=(const Race&) = delete;

    net::Signal news;
    std::array<Contestant, 2> two;  ///< the first attempt and its hedge
    net::TaskScope scope;           ///< last: its tasks use all of the above
};

}  // namespace weir::proxy
