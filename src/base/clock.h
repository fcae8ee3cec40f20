/// Time as a dependency: real in the program, set by hand in tests.
#pragma once
#include <chrono>

namespace weir {

/// Reads time. Implementations are safe to call from any thread.
class Clock {
public:
    using Steady = std::chrono::steady_clock;
    using System = std::chrono::system_clock;
    virtual ~Clock() = default;
    virtual Steady::time_point now() const = 0;         ///< for durations and deadlines
    virtual System::time_point system_now() const = 0;  ///< for dates that people and providers see
};

/// The machine's clocks.
class RealClock final : public Clock {
public:
    Steady::time_point now() const override { return Steady::now(); }
    System::time_point system_now() const override { return System::now(); }
};

/// Stands still until told otherwise. For tests; one thread.
class FakeClock final : public Clock {
public:
    explicit FakeClock(
        System::time_point start = System::time_point(std::chrono::seconds(1'700'000'000)))
        : system_(start) {}
    Steady::time_point now() const override { return steady_; }
    System::time_point system_now() const override { return system_; }
    void advance(std::chrono::nanoseconds by) {
        steady_ += std::chrono::duration_cast<Steady::duration>(by);
        system_ += std::chrono::duration_cast<System::duration>(by);
    }

private:
    Steady::time_point steady_{std::chrono::hours(1)};
    System::time_point system_;
};

}  // namespace weir
