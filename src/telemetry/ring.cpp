#include "telemetry/ring.h"

#include <algorithm>
#include <cstring>

namespace weir::telemetry {

bool Ring::push(std::string_view text) {
    uint64_t written = written_.load(std::memory_order_relaxed);
    // Acquire: the reader has finished with the bytes that are overwritten here.
    uint64_t taken = taken_.load(std::memory_order_acquire);
    if (text.size() > capacity_ - (written - taken)) return false;
    std::size_t at = written & (capacity_ - 1);
    std::size_t first = std::min(text.size(), capacity_ - at);
    std::memcpy(bytes_.get() + at, text.data(), first);
    std::memcpy(bytes_.get(), text.data() + first, text.size() - first);
    written_.store(written + text.size(), std::memory_order_release);
    return true;
}

std::pair<std::string_view, std::string_view> Ring::peek() const {
    uint64_t taken = taken_.load(std::memory_order_relaxed);
    uint64_t written = written_.load(std::memory_order_acquire);
    std::size_t size = written - taken;
    if (size == 0) return {};
    std::size_t at = taken & (capacity_ - 1);
    std::size_t first = std::min(size, capacity_ - at);
    return {{bytes_.get() + at, first}, {bytes_.get(), size - first}};
}

}  // namespace weir::telemetry
