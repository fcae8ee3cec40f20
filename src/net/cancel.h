/// Cancellation: who may stop a task, and how it unwinds.
///
/// An exchange owns a CancelSource. Every wait below it names that source; `cancel()` wakes the
/// wait that is suspended (there is at most one, an exchange is one line of control), and it and
/// every later wait throws Cancelled. So a cancelled task runs no further step: its destructors
/// undo what was begun. Threads: one worker.
#pragma once
#include <exception>

namespace weir::net {

/// Thrown by a wait whose CancelSource was cancelled. Caught only where the task began.
struct Cancelled final : std::exception {
    const char* what() const noexcept override { return "cancelled"; }
};

/// A suspended wait that can be woken from outside.
class Wakeable {
public:
    /// Resumes the waiting coroutine, which then throws Cancelled.
    virtual void wake_cancelled() = 0;

protected:
    ~Wakeable() = default;
};

class CancelSource {
public:
    CancelSource() = default;
    CancelSource(const CancelSource&) = delete;
    CancelSource& operator=(const CancelSource&) = delete;

    /// Idempotent. May resume the cancelled task before it returns.
    void cancel() {
        if (cancelled_) return;
        cancelled_ = true;
        if (Wakeable* waiting = current_) {
            current_ = nullptr;
            waiting->wake_cancelled();
        }
    }
    bool cancelled() const { return cancelled_; }
    void reset() { cancelled_ = false; }  ///< for the next exchange of the same connection

    // For awaiters: what is suspended now.
    void enter(Wakeable& waiting) { current_ = &waiting; }
    void leave() { current_ = nullptr; }

private:
    bool cancelled_ = false;
    Wakeable* current_ = nullptr;
};

}  // namespace weir::net
