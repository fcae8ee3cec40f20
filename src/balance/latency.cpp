#include "balance/latency.h"

#include <algorithm>
#include <cmath>

namespace weir::balance {

namespace {
constexpr auto kRelaxed = std::memory_order_relaxed;
}

size_t LatencyWindow::bucket_of(Duration latency) {
    double ms = static_cast<double>(latency.count()) / 1e6;
    if (ms <= 1) return 0;
    return std::min(kBuckets - 1, static_cast<size_t>(std::ceil(2 * std::log2(ms))));
}

Duration LatencyWindow::upper_edge(size_t bucket) {
    return Duration(static_cast<int64_t>(std::exp2(static_cast<double>(bucket) / 2) * 1e6));
}

void LatencyWindow::record(Duration latency) {
    counts_[bucket_of(latency)].fetch_add(1, kRelaxed);
    if (total_.fetch_add(1, kRelaxed) + 1 != kWindow) return;
    uint32_t left = 0;
    for (auto& count : counts_) {
        uint32_t half = count.load(kRelaxed) / 2;
        count.store(half, kRelaxed);
        left += half;
    }
    total_.store(left, kRelaxed);
}

std::optional<Duration> LatencyWindow::percentile(uint32_t percent) const {
    std::array<uint32_t, kBuckets> counts{};
    uint64_t total = 0;
    for (size_t i = 0; i < kBuckets; ++i)
        total += counts[i] = counts_[i].load(kRelaxed);
    if (total < kEnough) return std::nullopt;
    uint64_t wanted = (total * percent + 99) / 100;
    uint64_t seen = 0;
    for (size_t i = 0; i < kBuckets; ++i) {
        seen += counts[i];
        if (seen >= wanted) return upper_edge(i);
    }
    return upper_edge(kBuckets - 1);
}

LatencyWindow& LatencyBook::of(uint64_t model) {
    model = std::max<uint64_t>(model, 1);
    for (Place& place : places_) {
        uint64_t found = place.model.load(kRelaxed);
        if (found == 0 && place.model.compare_exchange_strong(found, model, kRelaxed))
            found = model;
        if (found == model) return place.window;
    }
    return others_;
}

}  // namespace weir::balance
