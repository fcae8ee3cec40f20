#include "net/sleep.h"

namespace weir::net {

/// Shared with the timer's handler, which may run after the Sleep is gone.
struct Sleep::Timer {
    using Clock = std::chrono::steady_clock;
    explicit Timer(Worker& worker) : timer(worker.io()) {}
    boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>,
                                      boost::asio::io_context::executor_type>
        timer;
    std::coroutine_handle<> caller;
};

Sleep::Sleep(Worker& worker, TimePoint at, CancelSource& cancel)
    : worker_(worker), at_(at), cancel_(cancel) {}

Sleep::~Sleep() {
    forget();
}

bool Sleep::await_ready() const {
    return cancel_.cancelled() || at_ <= std::chrono::steady_clock::now();
}

void Sleep::await_suspend(std::coroutine_handle<> caller) {
    timer_ = std::make_shared<Timer>(worker_);
    timer_->caller = caller;
    cancel_.enter(*this);
    timer_->timer.expires_at(at_);
    // The handler keeps the Timer, and only reaches the Sleep through its caller, if that still
    // waits.
    timer_->timer.async_wait([timer = timer_, &cancel = cancel_](const boost::system::error_code&) {
        std::coroutine_handle<> waiting = std::exchange(timer->caller, nullptr);
        if (!waiting) return;
        cancel.leave();
        waiting.resume();
    });
}

void Sleep::await_resume() const {
    if (cancel_.cancelled()) throw Cancelled();
}

void Sleep::wake_cancelled() {
    std::coroutine_handle<> waiting = std::exchange(timer_->caller, nullptr);
    timer_->timer.cancel();
    waiting.resume();
}

void Sleep::forget() {
    if (!timer_ || !timer_->caller) return;
    timer_->caller = nullptr;
    timer_->timer.cancel();
    cancel_.leave();
}

}  // namespace weir::net
