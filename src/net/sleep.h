/// Waiting for a time, on behalf of an exchange.
///
///     co_await Sleep(worker, at, exchange.cancel());      // throws Cancelled if the client
///     leaves
///
/// Exact to the millisecond, unlike Deadlines (50 ms slots): a stream paced at 20 ms an event shall
/// look like one. Threads: the worker's.
#pragma once
#include <coroutine>

#include "net/cancel.h"
#include "net/worker.h"

namespace weir::net {

class [[nodiscard]] Sleep final : private Wakeable, private Timers::Node {
public:
    Sleep(Worker& worker, TimePoint at, CancelSource& cancel)
        : worker_(worker), at_(at), cancel_(cancel) {}
    Sleep(const Sleep&) = delete;
    Sleep& operator=(const Sleep&) = delete;
    ~Sleep();

    bool await_ready() const;
    void await_suspend(std::coroutine_handle<> caller);
    void await_resume() const;

private:
    void wake_cancelled() override { resume(); }
    void on_time() override { resume(); }
    void resume();

    Worker& worker_;
    TimePoint at_;
    CancelSource& cancel_;
    std::coroutine_handle<> caller_;
};

}  // namespace weir::net
