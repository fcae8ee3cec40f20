/// Waiting for a time, on behalf of an exchange.
///
///     co_await Sleep(worker, at, exchange.cancel());      // throws Cancelled if the client
///     leaves
///
/// Exact to the kernel's timer, unlike Deadlines (50 ms slots): a stream paced at 20 ms an
/// event shall look like one. Costs an allocation and a timer each, which an error path (and a
/// mock) can afford. Threads: the worker's.
#pragma once
#include <coroutine>
#include <memory>

#include "net/cancel.h"
#include "net/deadlines.h"
#include "net/worker.h"

namespace weir::net {

class [[nodiscard]] Sleep final : private Wakeable {
public:
    Sleep(Worker& worker, TimePoint at, CancelSource& cancel);
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

    Worker& worker_;
    TimePoint at_;
    CancelSource& cancel_;
    std::shared_ptr<Timer> timer_;
};

}  // namespace weir::net
