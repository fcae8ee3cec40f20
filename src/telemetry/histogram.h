/// Counters and histograms written by one thread and read by any.
///
/// Each value is a relaxed atomic, so a scrape from another thread is no data race; because only
/// one thread writes, an addition is a load and a store, without a locked instruction. A scrape may
/// see a sum one observation ahead of its count, which Prometheus tolerates.
#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <span>

namespace weir::telemetry {

/// A number that one thread adds to.
template <class T>
class Tally {
public:
    void add(T by) {
        value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
    }
    T value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<T> value_{};
};

using Count = Tally<uint64_t>;

/// Observations by size. `Bounds` is an array of ascending upper limits (inclusive, as Prometheus
/// has it); one bucket more takes what is larger than all.
template <const auto& Bounds>
class Histogram {
public:
    static constexpr std::size_t kBuckets = Bounds.size() + 1;

    void observe(double value) {
        auto bucket = std::lower_bound(Bounds.begin(), Bounds.end(), value) - Bounds.begin();
        counts_[static_cast<std::size_t>(bucket)].add(1);
        sum_.add(value);
    }
    std::span<const Count> counts() const { return counts_; }  ///< per bucket, not cumulative
    double sum() const { return sum_.value(); }

private:
    std::array<Count, kBuckets> counts_;
    Tally<double> sum_;
};

}  // namespace weir::telemetry
