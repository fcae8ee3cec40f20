/// When a connection of HTTP/2 that is silent is asked whether it still lives, and when it is given
/// up.
///
/// Envoy's KeepaliveSettings, with one difference: an interval is of silence, so a busy connection
/// is not pinged. The jitter keeps many connections from being asked at the same moment. A ping
/// carries kPayload (RFC 9113 §6.7), by which its answer is told from others.
///
///     keepalive.heard(now);                        // whatever came
///     switch (keepalive.due(now)) { … }            // at deadline()
///
/// Pure but for its own dice. Threads: its connection's.
#pragma once
#include <algorithm>
#include <cstdint>

#include "net/deadlines.h"

namespace weir::http::h2 {

struct KeepaliveRules {
    net::Duration interval{0};                         ///< of silence, then a ping; 0: none
    net::Duration timeout = std::chrono::seconds(10);  ///< then the connection is dead
    uint32_t jitter = 15;   ///< per cent of the interval, at random, are added to it
    net::Duration idle{0};  ///< of silence, after which a new stream is preceded by a ping; 0: no
};

class Keepalive {
public:
    static constexpr uint8_t kPayload[8] = {'w', 'e', 'i', 'r', 'p', 'i', 'n', 'g'};
    enum class Due : uint8_t { nothing, ping, lost };

    /// `seed`: any number that differs between connections.
    Keepalive(const KeepaliveRules& rules, net::TimePoint now, uint64_t seed)
        : rules_(rules), dice_(seed | 1), heard_(now), counted_from_(now) {
        draw();
    }

    void heard(net::TimePoint now) {
        heard_ = counted_from_ = now;
        answer_by_ = net::kNever;
    }
    /// Silence counts from here on: nothing was expected before.
    void watch(net::TimePoint now) { counted_from_ = now; }
    /// Whether a stream that opens now is to be preceded by a ping.
    bool stale(net::TimePoint now) const {
        return rules_.idle.count() > 0 && !waiting() && now - heard_ >= rules_.idle;
    }
    /// A ping is out, and nothing has come since.
    bool waiting() const { return answer_by_ != net::kNever; }
    /// `pings`: whether silence is asked about now.
    net::TimePoint deadline(bool pings) const {
        if (waiting()) return answer_by_;
        return pings && rules_.interval.count() > 0 ? counted_from_ + gap_ : net::kNever;
    }
    Due due(net::TimePoint now, bool pings) const {
        if (now < deadline(pings)) return Due::nothing;
        return waiting() ? Due::lost : Due::ping;
    }
    void pinged(net::TimePoint now) {
        answer_by_ = now + rules_.timeout;
        draw();
    }

private:
    void draw() {
        dice_ = dice_ * 6364136223846793005u + 1442695040888963407u;  // Knuth's MMIX
        const double share = static_cast<double>(dice_ >> 40) / (1 << 24) * rules_.jitter / 100;
        gap_ = rules_.interval + net::Duration(static_cast<int64_t>(
                                     static_cast<double>(rules_.interval.count()) * share));
    }

    KeepaliveRules rules_;
    uint64_t dice_;
    net::Duration gap_{0};
    net::TimePoint heard_;
    net::TimePoint counted_from_;
    net::TimePoint answer_by_ = net::kNever;
};

}  // namespace weir::http::h2
