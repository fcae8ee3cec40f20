/// Blocking work off the loop: name look-ups, files, hashing.
///
///     auto addresses = co_await offload(worker, pool, deadline, cancel, [host] { return
///     resolve(host); }); if (!addresses) …                       // the deadline passed; the
///     work's result is dropped later
///
/// The function runs on a pool thread and must own what it uses. Its result comes back to the
/// worker that asked, its exception too. A wait that is cancelled or too late is abandoned: the
/// work runs on, unheard.
#pragma once
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>

#include "net/cancel.h"
#include "net/worker.h"

namespace weir::net {

/// The pool. Destroy it before the workers that use it.
class Offload {
public:
    explicit Offload(std::size_t threads = 2) : pool_(threads) {}
    ~Offload() { stop(); }
    /// Drops work not begun, waits for the rest.
    void stop() {
        pool_.stop();
        pool_.join();
    }
    template <class F>
    void run(F&& fn) {
        boost::asio::post(pool_, std::forward<F>(fn));
    }

private:
    boost::asio::thread_pool pool_;
};

namespace detail {

template <class T>
struct OffloadState {
    std::optional<T>
        result;  // these two: written by the pool thread, read by the worker after the post
    std::exception_ptr exception;
    void* waiting = nullptr;  // the awaiter; touched on the worker only
};

template <class F>
class OffloadWait final : private Wakeable, private Deadlines::Node {
public:
    using T = std::invoke_result_t<F>;
    OffloadWait(Worker& worker, Offload& pool, TimePoint deadline, CancelSource* cancel, F fn)
        : worker_(worker), pool_(pool), deadline_(deadline), cancel_(cancel), fn_(std::move(fn)) {}
    OffloadWait(const OffloadWait&) = delete;
    OffloadWait& operator=(const OffloadWait&) = delete;
    ~OffloadWait() { forget(); }

    bool await_ready() const noexcept { return cancel_ && cancel_->cancelled(); }
    void await_suspend(std::coroutine_handle<> caller) {
        caller_ = caller;
        state_ = std::make_shared<OffloadState<T>>();
        state_->waiting = this;
        if (cancel_) cancel_->enter(*this);
        worker_.deadlines().set(*this, deadline_);
        pool_.run([state = state_, fn = std::move(fn_), &worker = worker_]() mutable {
            try {
                state->result.emplace(fn());
            } catch (...) {
                state->exception = std::current_exception();
            }
            worker.post([state] {
                if (state->waiting) static_cast<OffloadWait*>(state->waiting)->resume();
            });
        });
    }
    /// The result, or nothing if the deadline passed first.
    std::optional<T> await_resume() {
        if (cancel_ && cancel_->cancelled()) throw Cancelled();
        if (late_) return std::nullopt;
        if (state_->exception) std::rethrow_exception(state_->exception);
        return std::move(state_->result);
    }

private:
    void wake_cancelled() override { resume(); }
    void on_deadline() override {
        late_ = true;
        resume();
    }
    void forget() {
        if (!state_ || !state_->waiting) return;
        state_->waiting = nullptr;
        worker_.deadlines().clear(*this);
        if (cancel_) cancel_->leave();
    }
    void resume() {
        forget();
        caller_.resume();
    }

    Worker& worker_;
    Offload& pool_;
    TimePoint deadline_;
    CancelSource* cancel_;
    F fn_;
    std::shared_ptr<OffloadState<T>> state_;
    std::coroutine_handle<> caller_;
    bool late_ = false;
};

}  // namespace detail

template <class F>
detail::OffloadWait<F> offload(Worker& worker, Offload& pool, TimePoint deadline,
                               CancelSource* cancel, F fn) {
    return detail::OffloadWait<F>(worker, pool, deadline, cancel, std::move(fn));
}

}  // namespace weir::net
