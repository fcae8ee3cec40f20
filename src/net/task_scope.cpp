#include "net/task_scope.h"

#include <utility>

#include "base/log.h"
#include "net/cancel.h"

namespace weir::net {

struct TaskScope::Root {
    using promise_type = Promise;
    std::coroutine_handle<Promise> handle;
};

struct TaskScope::Promise {
    TaskScope& scope;
    Promise* next = nullptr;
    Promise** previous = nullptr;

    Promise(TaskScope& owner, Task<void>&)
        : scope(owner), next(owner.first_), previous(&owner.first_) {
        if (next) next->previous = &next;
        owner.first_ = this;
        ++owner.running_;
    }
    Promise(const Promise&) = delete;
    Promise& operator=(const Promise&) = delete;
    ~Promise() {
        *previous = next;
        if (next) next->previous = previous;
        --scope.running_;
    }
    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* frame, std::size_t size) noexcept {
        release_frame(frame, size);
    }

    Root get_return_object() { return {std::coroutine_handle<Promise>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    // Not suspended at the end: the frame goes, then the scope may be told that it is empty.
    struct Final {
        bool await_ready() noexcept { return false; }
        void await_suspend(std::coroutine_handle<Promise> h) noexcept {
            TaskScope& owner = h.promise().scope;
            h.destroy();
            owner.ended();
        }
        void await_resume() noexcept {}
    };
    Final final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept {
        try {
            throw;
        } catch (const Cancelled&) {
        } catch (const std::exception& e) {
            log::error("task ended with an exception: {}", e.what());
        } catch (...) {
            log::error("task ended with an unknown exception");
        }
    }
};

TaskScope::Root TaskScope::run(TaskScope&, Task<void> task) {
    co_await std::move(task);
}

void TaskScope::spawn(Task<void> task) {
    auto root = run(*this, std::move(task));
    root.handle.resume();
}

void TaskScope::ended() {
    if (running_ == 0 && done_) std::exchange(done_, nullptr)();
}

void TaskScope::when_empty(std::function<void()> done) {
    if (running_ == 0) return done();
    done_ = std::move(done);
}

TaskScope::~TaskScope() {
    destroy_all();
}

void TaskScope::destroy_all() {
    while (first_)
        std::coroutine_handle<Promise>::from_promise(*first_).destroy();
}

}  // namespace weir::net
