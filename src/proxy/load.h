/// Exchanges in flight: counted across all workers, so that Weir refuses at once what it cannot
/// carry instead of slowing everybody down.
///
/// Threads: the counters are shared; an Admission belongs to its exchange.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace weir::proxy {

/// Exchanges in flight on one listener, or in the whole process.
using InFlight = std::atomic<uint32_t>;

/// Which bound an exchange met that was refused.
enum class Overload : uint8_t { connections, exchanges, listener, principal };
inline constexpr std::array<std::string_view, 4> kOverloadNames = {
    "connections", "exchanges", "exchangesPerListener", "exchangesPerPrincipal"};

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

    /// Takes a place in both. A limit of 0 is none. Says which of them is met.
    std::optional<Overload> enter(InFlight& process, uint64_t process_limit, InFlight& listener,
                                  uint64_t listener_limit) {
        process_ = &process;
        listener_ = &listener;
        uint32_t all = process.fetch_add(1, std::memory_order_relaxed);
        uint32_t here = listener.fetch_add(1, std::memory_order_relaxed);
        if (process_limit && all >= process_limit) return Overload::exchanges;
        if (listener_limit && here >= listener_limit) return Overload::listener;
        return std::nullopt;
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
