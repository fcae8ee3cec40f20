/// Task<T>: a lazily started coroutine that one other coroutine awaits.
///
/// Everything on a worker's loop is a Task. Awaiting one starts it and transfers control without
/// growing the stack; its result or exception comes back to the awaiter. A Task that is destroyed
/// before it ends destroys its frame, and with it everything its locals own.
///
///     Task<Result<int>> answer(Stream& stream);         // parameters: by value, or kept alive by
///     awaiting WEIR_CO_TRY(int n, co_await answer(stream));
///
/// Why not asio::awaitable: docs/adr/0002-own-task-on-asio-reactor.md. Frames come from a list per
/// thread, so a request in steady state allocates none. Threads: a Task lives on one worker.
/// Hazards: never capture in a lambda coroutine; a reference parameter must outlive the await.
#pragma once
#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

#include "base/error.h"

namespace weir::net {

/// Coroutine frames, recycled per thread by size class. Under a sanitizer this is plain new/delete.
void* allocate_frame(std::size_t size);
void release_frame(void* frame, std::size_t size) noexcept;

template <class T>
class Task;

namespace detail {

struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> h) noexcept {
        return h.promise().continuation;
    }
    void await_resume() noexcept {}
};

struct PromiseBase {
    std::coroutine_handle<> continuation = std::noop_coroutine();
    std::exception_ptr exception;

    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* frame, std::size_t size) noexcept {
        release_frame(frame, size);
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    FinalAwaiter final_suspend() noexcept { return {}; }
    void unhandled_exception() noexcept { exception = std::current_exception(); }
};

template <class T>
struct Promise final : PromiseBase {
    std::optional<T> value;
    Task<T> get_return_object();
    template <class U>
    void return_value(U&& u) {
        value.emplace(std::forward<U>(u));
    }
    T take() {
        if (exception) std::rethrow_exception(exception);
        return std::move(*value);
    }
};

template <>
struct Promise<void> final : PromiseBase {
    Task<void> get_return_object();
    void return_void() noexcept {}
    void take() {
        if (exception) std::rethrow_exception(exception);
    }
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
public:
    using promise_type = detail::Promise<T>;
    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            if (handle_) handle_.destroy();
            handle_ = std::exchange(other.handle_, nullptr);
        }
        return *this;
    }
    ~Task() {
        if (handle_) handle_.destroy();
    }

    auto operator co_await() && noexcept {
        struct Awaiter {
            std::coroutine_handle<promise_type> handle;
            bool await_ready() noexcept { return false; }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
                handle.promise().continuation = caller;
                return handle;
            }
            T await_resume() { return handle.promise().take(); }
        };
        return Awaiter{handle_};
    }

private:
    friend promise_type;
    explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
    std::coroutine_handle<promise_type> handle_;
};

template <class T>
Task<T> detail::Promise<T>::get_return_object() {
    return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> detail::Promise<void>::get_return_object() {
    return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

}  // namespace weir::net
