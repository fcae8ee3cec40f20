/// The clock of the process: the machine's, which tests can put forward.
///
/// With WEIR_TEST_CLOCK=FILE the first eight bytes of FILE are a number of milliseconds that is
/// added to the time of day, read anew each time, so that a test takes a running Weir across the
/// end of an hour. For tests only; durations and deadlines stay real. Any thread.
#pragma once
#include <atomic>

#include "base/clock.h"

namespace weir::cli {

class ProcessClock final : public Clock {
public:
    ProcessClock();
    ~ProcessClock() override;
    ProcessClock(const ProcessClock&) = delete;
    ProcessClock& operator=(const ProcessClock&) = delete;

    Steady::time_point now() const override { return Steady::now(); }
    System::time_point system_now() const override {
        if (!shift_) return System::now();
        return System::now() + std::chrono::milliseconds(shift_->load(std::memory_order_relaxed));
    }

private:
    const std::atomic<int64_t>* shift_ = nullptr;  // in the mapped file; null: not in a test
};

}  // namespace weir::cli
