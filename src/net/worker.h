/// A worker: one thread, one event loop, and everything that belongs to it alone.
///
/// Nothing of a worker is shared, so the request path takes no lock. Work that would block goes to
/// the Offload pool. A turn of the loop: what was posted, one wait of the poller and what it found,
/// then timers and deadlines that are due. Construct on any thread, run() on its own; post() and
/// stop() are the only calls that other threads may make.
#pragma once
#include <atomic>
#include <functional>
#include <mutex>
#include <vector>

#include "net/blocks.h"
#include "net/deadlines.h"
#include "net/poller.h"
#include "net/task_scope.h"
#include "net/timers.h"

namespace weir::net {

class Worker {
public:
    explicit Worker(int id) : id_(id) {}
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    int id() const { return id_; }
    Deadlines& deadlines() { return deadlines_; }
    Timers& timers() { return timers_; }
    Blocks& blocks() { return blocks_; }
    Poller& poller() { return poller_; }
    /// Tasks that live as long as they like on this worker: connections, refreshers.
    TaskScope& tasks() { return tasks_; }

    /// Runs `fn` on this worker's thread, soon, never from within this call; in the order posted.
    void post(std::move_only_function<void()> fn);
    /// Runs the loop on the calling thread until stop().
    void run();
    /// Ends run(); work still queued is dropped.
    void stop();
    /// One turn of the loop, which waits at most `longest` if there is nothing to do. Returns
    /// whether anything was done. Instead of run(), on one thread at a time.
    bool turn(std::chrono::nanoseconds longest);

private:
    using Posted = std::vector<std::move_only_function<void()>>;
    bool run_posted();
    std::chrono::nanoseconds idle_time(std::chrono::nanoseconds longest) const;

    int id_;
    Blocks blocks_;
    Poller poller_;
    Deadlines deadlines_;
    Timers timers_;
    std::mutex mutex_;  // of posted_
    Posted posted_;
    Posted running_;
    // A poster sets `waiting work`, then looks for a sleeper; the loop says that it sleeps, then
    // looks for work: in the one order that both see, one of them sees the other.
    std::atomic<bool> has_posted_ = false;
    std::atomic<bool> asleep_ = false;
    std::atomic<bool> stopped_ = false;
    TaskScope tasks_;
};

}  // namespace weir::net
