/// What one worker of a Program owns.
#pragma once
#include <fmt/format.h>

#include "cli/program.h"

namespace weir::cli {

/// Members are destroyed in reverse: the loop first stops (stop()), then what its tasks used goes.
struct Program::WorkerParts {
    LoopThread loop;
    net::Resolver resolver;
    http::ClientPool pool;
    proxy::Gateway gateway;
    Service service;

    WorkerParts(int id, telemetry::Shard& metrics, telemetry::AccessLog::Writer& log,
                const Clock& clock, balance::Registry& health, proxy::InFlight& in_flight,
                proxy::PrincipalLoad& principals, const http::ServerOptions& options,
                proxy::Limiting limiting)
        : loop(id, fmt::format("worker-{}", id)),
          resolver(loop.worker()),
          pool(loop.worker(), resolver, {}),
          gateway({loop.worker(), resolver, pool, metrics, log, clock, health, in_flight,
                   principals, limiting}),
          service(loop, gateway, options) {}
};

}  // namespace weir::cli
