/// A percentile that is learned while requests go by, for "how long does a first token take here".
///
/// A histogram of half-octave buckets from 1 ms to 10 minutes, halved whenever it holds kWindow
/// samples, so that what is old fades. A percentile is the upper edge of its bucket: at most a
/// factor of 1.42 too late, never too early. Unknown until kEnough samples. Threads: any (relaxed
/// atomics; a halving may lose a sample).
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "balance/time.h"

namespace weir::balance {

class LatencyWindow {
public:
    static constexpr uint32_t kEnough = 20;
    static constexpr uint32_t kWindow = 1000;

    void record(Duration latency);
    /// The latency that `percent` (1 to 99) of the samples did not exceed.
    std::optional<Duration> percentile(uint32_t percent) const;

private:
    static constexpr size_t kBuckets = 40;
    static size_t bucket_of(Duration latency);
    static Duration upper_edge(size_t bucket);
    std::array<std::atomic<uint32_t>, kBuckets> counts_{};
    std::atomic<uint32_t> total_{0};
};

/// Windows of several models, found by a hash of their names: the first kModels that are asked for
/// have their own, the others share one. Threads: any.
class LatencyBook {
public:
    static constexpr size_t kModels = 16;
    LatencyWindow& of(uint64_t model);

private:
    struct Place {
        std::atomic<uint64_t> model{0};  ///< 0: free
        LatencyWindow window;
    };
    std::array<Place, kModels> places_;
    LatencyWindow others_;
};

}  // namespace weir::balance
