#include "http/linger.h"

#include <sys/socket.h>

namespace weir::http {
namespace {
constexpr std::size_t kLingerBytes = 1 << 20;  // what is read and dropped before a close
constexpr std::chrono::seconds kLinger{2};
}  // namespace

net::Task<void> linger(net::Stream& stream, net::CancelSource* cancel) {
    stream.unwatch();
    if (!stream.open()) co_return;
    stream.end_output();
    net::TimePoint deadline = std::chrono::steady_clock::now() + kLinger;
    char sink[4096];
    for (std::size_t total = 0; total < kLingerBytes;) {
        net::IoResult r = stream.read(sink);
        if (r.closed()) co_return;
        total += r.size;
        if (r.again() && co_await stream.readable(deadline, cancel) == net::Wake::deadline)
            co_return;
    }
}

}  // namespace weir::http
