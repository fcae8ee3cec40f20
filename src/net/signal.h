/// One task tells another of the same worker that something has happened.
///
///     Signal news(worker);
///     scope.spawn(work(news));                       // calls news.set() when it has got somewhere
///     co_await news.wait(until, client.cancel());    // throws Cancelled if the client leaves
///
/// The waiter goes on in a later turn of the loop, never inside set(): it may destroy the task that
/// called. A set() while nobody waits is kept for the next wait. One waiter at a time. Threads: one
/// worker.
#pragma once
#include <coroutine>
#include <memory>

#include "net/cancel.h"
#include "net/worker.h"

namespace weir::net {

class Signal {
public:
    class Wait;
    explicit Signal(Worker& worker) : worker_(worker), state_(std::make_shared<State>()) {}
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    void set();
    /// Until set() or `until`, whichever comes first.
    Wait wait(TimePoint until, CancelSource& cancel);

private:
    struct State {
        Wait* waiting = nullptr;
        bool set = false;
        bool posted = false;
    };
    Worker& worker_;
    std::shared_ptr<State> state_;  ///< shared with the turn of the loop that wakes the waiter
};

class [[nodiscard]] Signal::Wait final : private Wakeable, private Timers::Node {
public:
    Wait(Worker& worker, std::shared_ptr<State> state, TimePoint until, CancelSource& cancel)
        : worker_(worker), state_(std::move(state)), until_(until), cancel_(cancel) {}
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    ~Wait();

    bool await_ready() const { return state_->set || cancel_.cancelled(); }
    void await_suspend(std::coroutine_handle<> caller);
    void await_resume();

private:
    friend Signal;
    void wake_cancelled() override { resume(); }
    void on_time() override { resume(); }
    void leave();
    void resume();

    Worker& worker_;
    std::shared_ptr<State> state_;
    TimePoint until_;
    CancelSource& cancel_;
    std::coroutine_handle<> caller_;
};

inline Signal::Wait Signal::wait(TimePoint until, CancelSource& cancel) {
    return Wait(worker_, state_, until, cancel);
}

}  // namespace weir::net
