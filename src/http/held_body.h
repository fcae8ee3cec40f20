/// A request body that is kept whole, within the memory that all bodies of the process may take.
///
/// Grows by doubling; what it has allocated counts in BodyMemory until release(). kBodyPadding
/// bytes after the end are readable. Threads: one worker's, but for BodyMemory.
#pragma once
#include <atomic>
#include <memory>
#include <string_view>

#include "base/error.h"

namespace weir::http {

/// Spare bytes after a whole body, for parsers that read ahead (simdjson wants 64).
inline constexpr std::size_t kBodyPadding = 64;

/// Memory that request bodies beyond one read buffer may take in the whole process.
struct BodyMemory {
    std::atomic<uint64_t> used{0};
    std::atomic<uint64_t> limit{uint64_t{1} << 30};
};

class HeldBody {
public:
    HeldBody() = default;
    HeldBody(const HeldBody&) = delete;
    HeldBody& operator=(const HeldBody&) = delete;
    ~HeldBody() { release(); }

    /// Room for `needed` bytes in all. Fails with internal.overloaded; `memory` (null: no bound) is
    /// the same at each call until release().
    Result<void> reserve(std::size_t needed, BodyMemory* memory);
    Result<void> append(std::string_view piece, BodyMemory* memory);
    std::string_view view() const { return {data_.get(), size_}; }
    explicit operator bool() const { return data_ != nullptr; }
    void release();

private:
    std::unique_ptr<char[]> data_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
    BodyMemory* memory_ = nullptr;
};

}  // namespace weir::http
