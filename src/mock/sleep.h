/// Waiting for a time, on behalf of an exchange.
///
///     co_await Sleep(worker, at, exchange.cancel());      // throws net::Cancelled if the client
///     leaves
///
/// Exact to the kernel's timer, unlike net::Deadlines (50 ms slots): a stream paced at 20 ms an
/// event shall look like one. Costs an allocation and a timer each, which a mock can afford.
/// Threads: the worker's.
#pragma once
#include <coroutine>
#include <memory>

#include "net/cancel.h"
#include "net/deadlines.h"
#include "net/worker.h"

namespace weir::mock {

class [[nodiscard]] Sleep final : private net::Wakeable {
public:
    Sleep(net::Worker& worker, net::TimePoint at, net::CancelSource& cancel);
    Sleep(const Sleep&) = delete;
    Sleep& operator=(const Sleep&) = delete;
    ~Sleep();

    bool await_ready() const;
    void await_suspend(std::coroutine_handle<> caller);
    void await_resume() const;

private:
    struct Timer;
    void wake_cancelled() override;
    void forget();

    net::Worker& worker_;
    net::TimePoint at_;
    net::CancelSource& cancel_;
    std::shared_ptr<Timer> timer_;
};

}  // namespace weir::mock
