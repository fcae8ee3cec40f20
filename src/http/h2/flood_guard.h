/// Counts what a peer sends beside requests, and says when it is too much.
///
/// Pure but for the time it is given. One per connection, on its worker.
#pragma once
#include <array>
#include <optional>

#include "http/h2/limits.h"

namespace weir::http::h2 {

class FloodGuard {
public:
    FloodGuard(const Limits& limits, net::TimePoint now);

    /// A frame's header has come. The misuse that it is one too many of, if it is.
    std::optional<Misuse> frame(uint8_t type, uint8_t flags, std::size_t length,
                                net::TimePoint now);
    /// A stream was broken off for what the peer sent on it.
    std::optional<Misuse> broken_off(net::TimePoint now) { return take(Misuse::resets, now); }
    /// A DATA frame has been sent: it may be answered with window updates.
    void sent_data() { window_credit_ += kUpdatesPerData; }

private:
    static constexpr uint32_t kUpdatesPerData = 4;
    static constexpr std::chrono::seconds kRefill{10};
    struct Bucket {
        double capacity = 0;
        double left = 0;
        net::TimePoint since{};
    };
    std::optional<Misuse> take(Misuse what, net::TimePoint now);

    std::array<Bucket, 6> buckets_;  // by Misuse, up to window_updates
    uint32_t most_continuations_;
    uint32_t continuations_ = 0;
    uint64_t window_credit_ = 0;
};

}  // namespace weir::http::h2
