/// Something that another thread will tell, awaited until a deadline.
///
///     auto notice = std::make_shared<Notice>(worker);
///     elsewhere.ask([notice] { notice->tell(); });              // any thread, once
///     if (!co_await notice->told(deadline, exchange.cancel())) …  // too late; tell() is unheard
///
/// Exact to the millisecond, like Sleep. Threads: all but tell() is the worker's;
/// what was written before tell() is seen after told().
#pragma once
#include <coroutine>
#include <memory>

#include "net/cancel.h"
#include "net/worker.h"

namespace weir::net {

class Notice final : public std::enable_shared_from_this<Notice> {
public:
    explicit Notice(Worker& worker) : worker_(worker) {}
    Notice(const Notice&) = delete;
    Notice& operator=(const Notice&) = delete;

    void tell();
    class Wait;
    /// True if told, false at the deadline. Throws Cancelled. One wait at a time.
    Wait told(TimePoint deadline, CancelSource& cancel);

private:
    Worker& worker_;
    bool told_ = false;
    Wait* waiting_ = nullptr;
};

class [[nodiscard]] Notice::Wait final : private Wakeable, private Timers::Node {
public:
    Wait(Notice& notice, TimePoint deadline, CancelSource& cancel)
        : notice_(notice), deadline_(deadline), cancel_(cancel) {}
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    ~Wait() { forget(); }

    bool await_ready() const { return cancel_.cancelled() || notice_.told_; }
    void await_suspend(std::coroutine_handle<> caller);
    bool await_resume() const;

private:
    friend Notice;
    void wake_cancelled() override { resume(); }
    void on_time() override { resume(); }
    void forget();
    void resume();

    Notice& notice_;
    TimePoint deadline_;
    CancelSource& cancel_;
    std::coroutine_handle<> caller_;
};

}  // namespace weir::net
