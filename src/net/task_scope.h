/// Owns the tasks that nobody awaits.
///
/// `spawn` starts a Task and keeps count; a task that ends with an exception is logged (Cancelled
/// is silent). Tasks are not killed: their owner asks them to stop (CancelSource, closing the
/// socket) and `when_empty` tells when the last one has gone. Destroying a scope destroys the
/// frames of tasks that are still suspended, so nothing leaks when a loop is stopped. Threads: one
/// worker.
#pragma once
#include <cstddef>
#include <functional>

#include "net/task.h"

namespace weir::net {

class TaskScope {
public:
    TaskScope() = default;
    ~TaskScope();
    TaskScope(const TaskScope&) = delete;
    TaskScope& operator=(const TaskScope&) = delete;

    void spawn(Task<void> task);
    std::size_t running() const { return running_; }
    /// Calls `done` once, when no task is running (at once if none is).
    void when_empty(std::function<void()> done);
    /// Destroys the frames of all suspended tasks. For a loop that has stopped, before what its
    /// tasks use goes.
    void destroy_all();

private:
    struct Root;     // the coroutine that awaits a spawned task
    struct Promise;  // its promise, linked into first_
    static Root run(TaskScope& scope, Task<void> task);
    void ended();

    std::size_t running_ = 0;
    Promise* first_ = nullptr;
    std::function<void()> done_;
};

}  // namespace weir::net
