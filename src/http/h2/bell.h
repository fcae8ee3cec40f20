/// Where the one coroutine of a stream waits until its connection has news for it.
///
///     while (inbox.empty()) {
///         if (co_await bell.wait(deadline, &cancel) == net::Wake::deadline) …
///     }
///
/// A ring without a waiter is forgotten: who waits looks at what it waits for first, and again
/// afterwards. Threads: the worker's.
#pragma once
#include <coroutine>
#include <utility>

#include "net/cancel.h"
#include "net/stream.h"

namespace weir::http::h2 {

class Bell final : private net::Deadlines::Node {
public:
    explicit Bell(net::Worker& worker) : worker_(worker) {}

    class Wait;
    /// Throws Cancelled if `cancel` (may be null) is cancelled before or meanwhile.
    Wait wait(net::TimePoint deadline, net::CancelSource* cancel);
    /// Resumes who waits before it returns; a stream may be over then.
    void ring();
    bool waited_for() const { return waiting_ != nullptr; }

private:
    void on_deadline() override;
    net::Worker& worker_;
    Wait* waiting_ = nullptr;
};

class [[nodiscard]] Bell::Wait final : private net::Wakeable {
public:
    Wait(Bell& bell, net::TimePoint deadline, net::CancelSource* cancel)
        : bell_(bell), cancel_(cancel), deadline_(deadline) {}
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    ~Wait() {
        if (caller_) forget();
    }
    bool await_ready() const noexcept { return cancel_ && cancel_->cancelled(); }
    void await_suspend(std::coroutine_handle<> caller) {
        caller_ = caller;
        bell_.waiting_ = this;
        if (cancel_) cancel_->enter(*this);
        bell_.worker_.deadlines().set(bell_, deadline_);
    }
    net::Wake await_resume() const {
        if (cancel_ && cancel_->cancelled()) throw net::Cancelled();
        return outcome_;
    }

private:
    friend Bell;
    void wake_cancelled() override { resume(net::Wake::ready); }
    void forget() {
        bell_.waiting_ = nullptr;
        bell_.worker_.deadlines().clear(bell_);
        if (cancel_) cancel_->leave();
    }
    void resume(net::Wake outcome) {
        outcome_ = outcome;
        forget();
        std::exchange(caller_, nullptr).resume();  // `this` is gone when it returns
    }

    Bell& bell_;
    net::CancelSource* cancel_;
    std::coroutine_handle<> caller_;
    net::TimePoint deadline_;
    net::Wake outcome_ = net::Wake::ready;
};

inline Bell::Wait Bell::wait(net::TimePoint deadline, net::CancelSource* cancel) {
    return Wait(*this, deadline, cancel);
}
inline void Bell::ring() {
    if (waiting_) waiting_->resume(net::Wake::ready);
}
inline void Bell::on_deadline() {
    if (waiting_) waiting_->resume(net::Wake::deadline);
}

}  // namespace weir::http::h2
