/// What one connection of HTTP/2 may cost: every bound and its default, and what is counted.
///
/// Frames that carry no request are cheap to send and not free to serve, so each kind has an
/// allowance: so many at once, as many again in ten seconds. Beyond it the connection ends with
/// GOAWAY(ENHANCE_YOUR_CALM) (RFC 9113 §10.5). Plain values; counters belong to one worker.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "http/h2/keepalive.h"
#include "net/deadlines.h"

namespace weir::http::h2 {

struct Limits {
    bool enabled = true;
    uint32_t max_streams = 100;            ///< at once on a connection
    uint32_t stream_window = 64 * 1024;    ///< bytes of a body that wait for who reads it
    uint32_t connection_window = 1 << 20;  ///< the same, of all streams together
    bool end_connection = false;           ///< a malformed message ends it, not only its stream
    uint32_t resets = 200;          ///< streams taken back, or broken off for what was sent on them
    uint32_t continuations = 8;     ///< CONTINUATION frames of one head
    uint32_t control_frames = 100;  ///< SETTINGS and PING
    uint32_t empty_frames = 100;    ///< DATA that neither carries nor ends anything
    uint32_t idle_frames = 1000;    ///< PRIORITY and frames of unknown kinds
    uint32_t window_updates = 1000;  ///< beyond four for each DATA frame sent
    KeepaliveRules keepalive;        ///< pings to a client, with streams open or not
};

/// Connections to a provider.
struct ClientLimits {
    uint32_t max_streams = 100;  ///< at once on a connection; the provider may allow fewer
    uint32_t stream_window = 64 * 1024;
    uint32_t connection_window = 1 << 20;
    bool end_connection = false;  ///< a malformed message ends it, not only its stream
    KeepaliveRules keepalive{.interval = std::chrono::seconds(30)};  ///< while streams are open
};

struct ClientCounters {
    uint64_t connections = 0;
    uint64_t open = 0;
    uint64_t streams = 0;
    uint64_t refused = 0;  ///< streams that the provider did not look at
    uint64_t goaways = 0;
    uint64_t pings_lost = 0;
    uint64_t misuse = 0;  ///< connections ended for what the provider sent
};

/// Kinds of misuse, each with a counter.
enum class Misuse : uint8_t {
    resets,
    continuations,
    control_frames,
    empty_frames,
    idle_frames,
    window_updates,
    header_list,  ///< a head far beyond the limit, that was only decoded to be dropped
    stalled,      ///< a stream whose client opened no window
    malformed,    ///< a stream broken off for its message
    protocol,     ///< a connection broken off for its frames
};
inline constexpr std::array<std::string_view, 10> kMisuseNames = {
    "resets",         "continuations", "control_frames", "empty_frames", "idle_frames",
    "window_updates", "header_list",   "stalled",        "malformed",    "protocol"};

struct Counters {
    uint64_t connections = 0;  ///< that began to speak HTTP/2
    uint64_t open = 0;
    uint64_t streams = 0;     ///< requests whose head was complete
    uint64_t goaways = 0;     ///< connections that were asked to end, for whatever reason
    uint64_t refused = 0;     ///< streams refused unheard, beyond max_streams or while draining
    uint64_t pings_lost = 0;  ///< connections given up because a ping was not answered
    std::array<uint64_t, kMisuseNames.size()> misuse{};
    void count(Misuse what) { ++misuse[static_cast<std::size_t>(what)]; }
};

}  // namespace weir::http::h2
