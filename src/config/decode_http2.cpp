#include "config/http2.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/text.h"

namespace weir::config {
namespace {

void read_window(const Node& node, std::string_view key, const std::string& path,
                 std::optional<uint32_t>& into, Report& report) {
    constexpr uint64_t kLeast = 65535;  // a peer may use that much before it hears of less
    constexpr uint64_t kMost = INT32_MAX;
    if (!node.has(key)) return;
    auto size = read_quantity(node, key);
    if (!size || *size < kLeast || *size > kMost)
        report.error(node.find(key)->place, join(path, key),
                     fmt::format("not a window; write a number of bytes from {} to {}, such as "
                                 "256Ki",
                                 kLeast, kMost));
    else
        into = static_cast<uint32_t>(*size);
}

void read_allowance(const Node& node, std::string_view key, const std::string& path,
                    std::optional<uint32_t>& into, Report& report) {
    if (!node.has(key)) return;
    auto count = read_int(node, key);
    if (!count || *count < 1 || *count > INT32_MAX)
        report.error(node.find(key)->place, join(path, key),
                     "not an allowance; write a whole number above 0, such as 100");
    else
        into = static_cast<uint32_t>(*count);
}

}  // namespace

Http2Settings read_http2(const Node& node, const std::string& path, Report& report) {
    Http2Settings out;
    read_window(node, "initialStreamWindowSize", path, out.stream_window, report);
    read_window(node, "initialConnectionWindowSize", path, out.connection_window, report);
    if (auto most = read_int(node, "maxConcurrentStreams"); most && *most > 0)
        out.max_streams = static_cast<uint32_t>(std::min<int64_t>(*most, INT32_MAX));
    std::string_view action = node.text_at("onInvalidMessage");
    if (action == "TerminateConnection" || action == "TerminateStream")
        out.end_connection = action == "TerminateConnection";
    else if (!action.empty())
        report.error(node.find("onInvalidMessage")->place, join(path, "onInvalidMessage"),
                     "write TerminateStream or TerminateConnection");
    if (const Node* alive = node.find("connectionKeepalive")) {
        out.ping_interval = read_duration(*alive, "interval");
        out.ping_timeout = read_duration(*alive, "timeout");
        out.ping_after_idle = read_duration(*alive, "idleInterval");
        if (auto jitter = read_int(*alive, "intervalJitter"); jitter && *jitter >= 0)
            out.ping_jitter = static_cast<uint32_t>(std::min<int64_t>(*jitter, 100));
    }
    return out;
}

Http2Allowances read_http2_allowances(const Node& node, const std::string& path, Report& report) {
    Http2Allowances out;
    read_allowance(node, "resets", path, out.resets, report);
    read_allowance(node, "continuations", path, out.continuations, report);
    read_allowance(node, "controlFrames", path, out.control_frames, report);
    read_allowance(node, "emptyFrames", path, out.empty_frames, report);
    read_allowance(node, "idleFrames", path, out.idle_frames, report);
    read_allowance(node, "windowUpdates", path, out.window_updates, report);
    return out;
}

void Http2Settings::fill_from(const Http2Settings& other) {
    fill(max_streams, other.max_streams);
    fill(stream_window, other.stream_window);
    fill(connection_window, other.connection_window);
    fill(end_connection, other.end_connection);
    fill(ping_interval, other.ping_interval);
    fill(ping_timeout, other.ping_timeout);
    fill(ping_after_idle, other.ping_after_idle);
    fill(ping_jitter, other.ping_jitter);
}

void Http2Allowances::fill_from(const Http2Allowances& other) {
    fill(resets, other.resets);
    fill(continuations, other.continuations);
    fill(control_frames, other.control_frames);
    fill(empty_frames, other.empty_frames);
    fill(idle_frames, other.idle_frames);
    fill(window_updates, other.window_updates);
}

}  // namespace weir::config
