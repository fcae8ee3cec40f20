#include "net/worker.h"

#include <algorithm>
#include <csignal>

namespace weir::net {
namespace {

/// The worker whose turn runs on this thread: it looks for posted work before it sleeps again.
thread_local const Worker* turning = nullptr;

struct Turning {
    explicit Turning(const Worker* worker) { turning = worker; }
    ~Turning() { turning = nullptr; }
};

}  // namespace

// What is still queued may own streams: it goes before the poller does, and after the tasks.
Worker::~Worker() {
    tasks_.destroy_all();
    posted_.clear();
}

void Worker::post(std::move_only_function<void()> fn) {
    {
        std::lock_guard lock(mutex_);
        posted_.push_back(std::move(fn));
    }
    has_posted_ = true;
    if (turning != this && asleep_.exchange(false)) poller_.interrupt();
}

void Worker::stop() {
    stopped_ = true;
    poller_.interrupt();
}

// OpenSSL writes to sockets with write(2), which signals when the peer is gone; the error is
// enough.
void Worker::run() {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    while (!stopped_.load(std::memory_order_relaxed))
        turn(std::chrono::hours(1));
}

bool Worker::turn(std::chrono::nanoseconds longest) {
    [[maybe_unused]] const Turning here(this);
    bool did = has_posted_.load(std::memory_order_acquire) && run_posted();
    longest = idle_time(longest);
    asleep_ = true;
    if (has_posted_) longest = longest.zero();
    did |= poller_.wait(longest) > 0;
    asleep_ = false;
    TimePoint now = std::chrono::steady_clock::now();
    did |= timers_.run(now);
    did |= deadlines_.run(now);
    return did;
}

bool Worker::run_posted() {
    has_posted_ = false;
    {
        std::lock_guard lock(mutex_);
        running_.swap(posted_);
    }
    for (auto& fn : running_) {
        if (stopped_.load(std::memory_order_relaxed)) break;
        std::exchange(fn, nullptr)();
    }
    bool did = !running_.empty();
    running_.clear();
    return did;
}

std::chrono::nanoseconds Worker::idle_time(std::chrono::nanoseconds longest) const {
    TimePoint next = std::min(timers_.next(), deadlines_.next());
    if (next == kNever) return longest;
    return std::clamp<std::chrono::nanoseconds>(next - std::chrono::steady_clock::now(),
                                                longest.zero(), longest);
}

}  // namespace weir::net
