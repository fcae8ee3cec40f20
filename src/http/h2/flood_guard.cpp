#include "http/h2/flood_guard.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

namespace weir::http::h2 {

FloodGuard::FloodGuard(const Limits& limits, net::TimePoint now)
    : most_continuations_(limits.continuations) {
    const std::array<uint32_t, 6> capacities = {limits.resets,         0,
                                                limits.control_frames, limits.empty_frames,
                                                limits.idle_frames,    limits.window_updates};
    for (std::size_t i = 0; i < buckets_.size(); ++i)
        buckets_[i] = {static_cast<double>(capacities[i]), static_cast<double>(capacities[i]), now};
}

std::optional<Misuse> FloodGuard::frame(uint8_t type, uint8_t flags, std::size_t length,
                                        net::TimePoint now) {
    switch (type) {
        case NGHTTP2_DATA:
            if (length > 0 || (flags & NGHTTP2_FLAG_END_STREAM)) return std::nullopt;
            return take(Misuse::empty_frames, now);
        case NGHTTP2_HEADERS:
            continuations_ = 0;
            return std::nullopt;
        case NGHTTP2_CONTINUATION:
            if (++continuations_ <= most_continuations_) return std::nullopt;
            return Misuse::continuations;
        case NGHTTP2_RST_STREAM:
            return take(Misuse::resets, now);
        case NGHTTP2_SETTINGS:
        case NGHTTP2_PING:
            if (flags & NGHTTP2_FLAG_ACK) return std::nullopt;
            return take(Misuse::control_frames, now);
        case NGHTTP2_WINDOW_UPDATE:
            if (window_credit_ == 0) return take(Misuse::window_updates, now);
            --window_credit_;
            return std::nullopt;
        case NGHTTP2_GOAWAY:
            return std::nullopt;
        default:
            return take(Misuse::idle_frames, now);
    }
}

std::optional<Misuse> FloodGuard::take(Misuse what, net::TimePoint now) {
    Bucket& bucket = buckets_[static_cast<std::size_t>(what)];
    const double elapsed = std::chrono::duration<double>(now - bucket.since).count();
    bucket.left =
        std::min(bucket.capacity, bucket.left + bucket.capacity * elapsed /
                                                    std::chrono::duration<double>(kRefill).count());
    bucket.since = now;
    if (bucket.left < 1) return what;
    bucket.left -= 1;
    return std::nullopt;
}

}  // namespace weir::http::h2
