/// A lock for what happens seldom: keys that are new, sweeps, reloads, queues. Waits without
/// spinning. For pure rooms: no exchange holds one while it waits for anything.
#pragma once
#include <atomic>

namespace weir {

class Lock {
public:
    /// Holds the lock as long as it lives.
    class [[nodiscard]] Guard {
    public:
        explicit Guard(Lock& lock) : lock_(lock) {
            while (lock_.taken_.exchange(true, std::memory_order_acquire))
                lock_.taken_.wait(true, std::memory_order_relaxed);
        }
        ~Guard() {
            lock_.taken_.store(false, std::memory_order_release);
            lock_.taken_.notify_one();
        }
        Guard(const Guard&) = delete;
        Guard& operator=(const Guard&) = delete;

    private:
        Lock& lock_;
    };

private:
    std::atomic<bool> taken_{false};
};

}  // namespace weir
