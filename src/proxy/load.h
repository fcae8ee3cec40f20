/// Exchanges in flight: counted across all workers, so that Weir refuses at once what it cannot
/// carry instead of slowing everybody down.
///
/// Threads: the counters are shared; an Admission belongs to its exchange.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>

#include "base/error.h"

namespace weir::proxy {

/// Exchanges in flight on one listener, or in the whole process.
using InFlight = std::atomic<uint32_t>;

/// In place of a port: the listener is not in the configuration any more.
inline constexpr uint32_t kNoPort = UINT32_MAX;

/// What a listener's number stands for in a snapshot.
struct ListenerPort {
    uint32_t port = kNoPort;              ///< index of Snapshot::ports
    std::shared_ptr<InFlight> in_flight;  ///< the listener's own, the same across reloads
};

/// One exchange's place among those in flight; given back when destroyed.
class Admission {
public:
    Admission() = default;
    Admission(const Admission&) = delete;
    Admission& operator=(const Admission&) = delete;
    ~Admission() { leave(); }

    /// Takes a place in both. A limit of 0 is none. Fails with internal.overloaded.
    Result<void> enter(InFlight& process, uint64_t process_limit, InFlight& listener,
                       uint64_t listener_limit) {
        process_ = &process;
        listener_ = &listener;
        uint32_t all = process.fetch_add(1, std::memory_order_relaxed);
        uint32_t here = listener.fetch_add(1, std::memory_order_relaxed);
        if (process_limit && all >= process_limit)
            return fail(codes::overloaded, "as many exchanges as may be are in flight");
        if (listener_limit && here >= listener_limit)
            return fail(codes::overloaded,
                        "as many exchanges as may be are in flight on this listener");
        return {};
    }

private:
    void leave() {
        if (!process_) return;
        process_->fetch_sub(1, std::memory_order_relaxed);
        listener_->fetch_sub(1, std::memory_order_relaxed);
    }
    InFlight* process_ = nullptr;
    InFlight* listener_ = nullptr;
};

}  // namespace weir::proxy
