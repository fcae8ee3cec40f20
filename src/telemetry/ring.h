/// A byte ring between one writing and one reading thread.
///
/// Lock-free: each side owns one counter and reads the other's. Lines go in whole or not at all.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

namespace weir::telemetry {

class Ring {
public:
    /// `capacity` is a power of two, or 0 for a ring that takes nothing.
    explicit Ring(std::size_t capacity)
        : capacity_(capacity),
          bytes_(capacity ? std::make_unique_for_overwrite<char[]>(capacity) : nullptr) {}

    std::size_t capacity() const { return capacity_; }

    // Writing thread.
    /// All of `text`, or false if there is no room for it.
    bool push(std::string_view text);
    /// Bytes in the ring as the writer sees them (the reader may have taken more).
    std::size_t used() const {
        return static_cast<std::size_t>(written_.load(std::memory_order_relaxed) -
                                        taken_.load(std::memory_order_relaxed));
    }

    // Reading thread.
    /// What is there: up to two pieces, in order. Valid until taken.
    std::pair<std::string_view, std::string_view> peek() const;
    void take(std::size_t size) {
        taken_.store(taken_.load(std::memory_order_relaxed) + size, std::memory_order_release);
    }

private:
    std::size_t capacity_;
    std::unique_ptr<char[]> bytes_;
    alignas(64) std::atomic<uint64_t> written_{0};
    alignas(64) std::atomic<uint64_t> taken_{0};
};

}  // namespace weir::telemetry
