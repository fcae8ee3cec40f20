#include "http/held_body.h"

#include <algorithm>
#include <cstring>

namespace weir::http {
namespace {
constexpr std::size_t kLeast = 64 * 1024;
}

Result<void> HeldBody::reserve(std::size_t needed, BodyMemory* memory) {
    if (data_ && needed <= capacity_) return {};
    std::size_t capacity = std::max(needed, data_ ? capacity_ * 2 : kLeast);
    memory_ = memory;
    if (memory_) {
        uint64_t extra = capacity - capacity_;
        if (memory_->used.fetch_add(extra) + extra > memory_->limit) {
            memory_->used.fetch_sub(extra);
            return fail(codes::overloaded, "request bodies take all the memory set aside for them");
        }
    }
    auto larger = std::make_unique_for_overwrite<char[]>(capacity + kBodyPadding);
    if (size_) std::memcpy(larger.get(), data_.get(), size_);
    data_ = std::move(larger);
    capacity_ = capacity;
    return {};
}

Result<void> HeldBody::append(std::string_view piece, BodyMemory* memory) {
    WEIR_CHECK(reserve(size_ + piece.size(), memory));
    std::memcpy(data_.get() + size_, piece.data(), piece.size());
    size_ += piece.size();
    return {};
}

void HeldBody::release() {
    if (memory_ && capacity_) memory_->used.fetch_sub(capacity_);
    data_.reset();
    capacity_ = size_ = 0;
    memory_ = nullptr;
}

}  // namespace weir::http
